"""What hangs fails alone: the tests after it run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HOOKS = """
import tests.hanging
from tests.hanging import pytest_exception_interact, pytest_itemcollected
from tests.hanging import pytest_pyfunc_call, pytest_runtest_protocol
import pytest

tests.hanging.GRACE = 3.0

@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"
"""

TESTS = """
import asyncio, threading
import pytest

ended = []

@pytest.fixture
async def tidied():
    yield
    ended.append("tidied")

@pytest.mark.anyio
async def test_that_waits_for_ever(tidied):
    await asyncio.Event().wait()

def test_what_it_used_was_tidied_up():
    assert ended == ["tidied"]

@pytest.fixture
def stuck():
    yield
    threading.Event().wait()

def test_whose_fixture_waits_for_ever_once_it_has_failed(stuck):
    assert not ended

def test_after_it():
    pass
"""


@pytest.mark.slow
def test_what_hangs_fails_and_the_others_run(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(HOOKS)
    (tmp_path / "test_hanging.py").write_text(TESTS)
    root = Path(__file__).parents[1]

    run = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-n", "1", "-p", "no:cacheprovider", "-v"),
            *("-o", "timeout=2", f"--rootdir={tmp_path}", "-c", os.devnull, str(tmp_path)),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{root}"},
        capture_output=True,
        text=True,
        timeout=50,
    )

    said = run.stdout
    assert "FAILED test_hanging.py::test_that_waits_for_ever - TimeoutError" in said
    assert "PASSED test_hanging.py::test_what_it_used_was_tidied_up" in said
    assert "crashed while running 'test_hanging.py::test_whose_fixture_waits" in said
    assert "PASSED test_hanging.py::test_after_it" in said
    assert "in stuck" in run.stderr, "where it stood"
