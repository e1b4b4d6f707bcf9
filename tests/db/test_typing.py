"""Type checkers know what models, queries and signals give, and find wrong uses of them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FILE = Path(__file__).parent / "typing" / "blog.py"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_mypy_agrees_and_finds_each_error(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    lines = enumerate(FILE.read_text(encoding="utf-8").splitlines(), 1)
    expected = {
        (number, found[1])
        for number, line in lines
        if (found := re.search(r"# error: (\S+)", line))
    }

    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-pretty", f"--cache-dir={tmp_path}", FILE],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )

    found = re.findall(r"blog\.py:(\d+): error: .*\[([\w-]+)\]", done.stdout)
    assert {(int(line), code) for line, code in found} == expected, done.stdout + done.stderr
    assert "src/" not in done.stdout
