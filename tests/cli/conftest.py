"""The commands, typed as a user types them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Done:
    """What a command wrote and how it ended."""

    code: int
    out: str
    err: str


def environment(**changes: str) -> dict[str, str]:
    """Give the environment of a plain, wide terminal without colour."""
    dropped = {"FORCE_COLOR", "NO_COLOR", "PYTHONWARNINGS"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "COLUMNS": "120", "PYTHONDONTWRITEBYTECODE": "1", **changes}


SCRIPT = str(Path(sys.executable).parent / "trivet")
Trivet = Callable[..., Done]
Write = Callable[[dict[str, str]], Path]


@pytest.fixture
def trivet(tmp_path: Path) -> Trivet:
    """Give a function that runs the installed `trivet` in the test's folder."""

    def run(*arguments: str, cwd: Path = tmp_path, text: str = "", **changes: str) -> Done:
        done = subprocess.run(
            [SCRIPT, *arguments],
            cwd=cwd,
            input=text,
            capture_output=True,
            text=True,
            env=environment(**changes),
            check=False,
            timeout=50,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Give a function that writes files, path to text, into the test's folder."""

    def write_files(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write_files
