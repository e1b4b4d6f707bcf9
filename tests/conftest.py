"""What every test may count on: one event loop, steady property tests, honest skips."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings
from jinja2 import Environment

from tests.compiled_templates import compiled_once
from tests.databases import drop_all
from tests.hanging import pytest_exception_interact as pytest_exception_interact  # hooks of pytest
from tests.hanging import pytest_itemcollected as pytest_itemcollected
from tests.hanging import pytest_pyfunc_call as pytest_pyfunc_call
from tests.hanging import pytest_runtest_protocol as pytest_runtest_protocol

# No deadline: how long an example takes says more about the machine than about Trivet.
settings.register_profile(
    "trivet",
    deadline=None,
    max_examples=100 if os.environ.get("CI") else 50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("trivet")

Environment.compile = compiled_once(Environment.compile)  # type: ignore[method-assign]


def pytest_sessionfinish() -> None:
    """Leave nothing on the servers that others use too."""
    drop_all()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run `async def` tests on asyncio, the loop that Trivet's own server uses."""
    return "asyncio"


@pytest.fixture(scope="session")
def missing() -> Callable[[str], NoReturn]:
    """Give the function to call where an outside program or server is not there.

    It skips the test with the reason; under CI=true it fails, so that nothing is skipped there.
    """

    def skip_or_fail(reason: str) -> NoReturn:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}; under CI=true it must be there")
        pytest.skip(reason)

    return skip_or_fail


@pytest.fixture(scope="session")
def chromium(missing: Callable[[str], NoReturn]) -> str:
    """Give the path of a Chromium that runs headless."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    missing("Chromium is not installed (Debian: apt-get install chromium)")
