"""Type checkers know what models, queries and signals give, and find wrong uses of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FILE = Path(__file__).parent / "typing" / "blog.py"
LINES = FILE.read_text(encoding="utf-8").splitlines()


def expected(place: int) -> dict[int, set[str]]:
    """Give what is wrong in which line: mypy's codes (0) or pyright's rules (1)."""
    found = {}
    for number, line in enumerate(LINES, 1):
        marked = re.search(r"# error: (\S+)(?: (\S+))?$", line)
        if marked is not None and (names := marked.groups()[place]) not in (None, "-"):
            found[number] = set(names.split(","))
    return found


def gathered(found: list[tuple[int, str]]) -> dict[int, set[str]]:
    lines: dict[int, set[str]] = {}
    for line, name in found:
        lines.setdefault(line, set()).add(name)
    return lines


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_mypy_agrees_and_finds_each_error(tmp_path: Path) -> None:
    pytest.importorskip("mypy")

    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-pretty", f"--cache-dir={tmp_path}", FILE],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )

    found = re.findall(r"blog\.py:(\d+): error: .*\[([\w-]+)\]", done.stdout)
    assert gathered([(int(line), code) for line, code in found]) == expected(0), (
        done.stdout + done.stderr
    )
    assert "src/" not in done.stdout


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_pyright_agrees_and_finds_each_error(tmp_path: Path) -> None:
    settings = {
        "include": [str(FILE)],
        "extraPaths": [str(REPOSITORY / "src")],
        "pythonVersion": "3.11",
        "typeCheckingMode": "standard",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")

    done = subprocess.run(
        [
            *(sys.executable, "-m", "basedpyright", "--outputjson"),
            *("--pythonpath", sys.executable, "--project", str(tmp_path)),
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )

    told = [
        (one["range"]["start"]["line"] + 1, one.get("rule", one["message"]), one["message"])
        for one in json.loads(done.stdout)["generalDiagnostics"]
        if one["severity"] == "error"
    ]
    assert gathered([(line, rule) for line, rule, _ in told]) == expected(1), told
