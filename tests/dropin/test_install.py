"""`install()` makes `import fastapi` find the drop-in; each test has a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path


def run(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_both_names_of_a_module_are_one_module(tmp_path: Path) -> None:
    done = run(
        """
        from trivet.dropin import fastapi as ours
        ours.install()
        ours.install()
        import fastapi, fastapi.openapi.utils, fastapi.routing
        from fastapi import routing
        from fastapi.security import oauth2
        import trivet.dropin.fastapi.routing as same
        assert fastapi is ours
        assert routing is same is fastapi.routing
        assert oauth2.OAuth2 is fastapi.security.OAuth2
        assert fastapi.__name__ == "trivet.dropin.fastapi"
        """,
        tmp_path,
    )

    assert done.returncode == 0, done.stderr


def test_a_module_that_fastapi_has_not_is_not_found(tmp_path: Path) -> None:
    done = run(
        """
        from trivet.dropin import fastapi
        fastapi.install()
        import fastapi.nowhere
        """,
        tmp_path,
    )

    assert "ModuleNotFoundError: No module named 'fastapi.nowhere'" in done.stderr


def test_installing_after_the_real_one_was_imported_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fastapi.py").write_text("class FastAPI: ...\n")

    done = run(
        """
        import fastapi
        from trivet.dropin import fastapi as ours
        ours.install()
        """,
        tmp_path,
    )

    assert "RuntimeError: fastapi is imported already" in done.stderr
    assert "trivet run --dropin fastapi main:app" in done.stderr


def test_importing_the_dropin_alone_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "fastapi.py").write_text("NAME = 'the real one'\n")

    done = run(
        "import trivet.dropin.fastapi, fastapi; print(fastapi.NAME)",
        tmp_path,
    )

    assert done.stdout == "the real one\n", done.stderr
