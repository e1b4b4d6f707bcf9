"""What `make` runs can be read by a shell, down to its quotes."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("target", TARGETS)
def test_a_shell_can_read_the_steps_of(target: str) -> None:
    # --always-make: with the steps of environments that are there already.
    steps = subprocess.run(
        ["make", "--dry-run", "--always-make", target],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for step in steps.replace("\\\n", "").splitlines():
        read = subprocess.run(["sh", "-n", "-c", step], capture_output=True, text=True)
        assert read.returncode == 0, f"{step}\n{read.stderr}"


def test_there_are_targets() -> None:
    assert {"demo", "test", "docs", "conformance"} <= set(TARGETS)
