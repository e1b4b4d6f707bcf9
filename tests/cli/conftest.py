"""The commands, typed as a user types them, and files to type them about."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.typed import Done, Trivet, Write, forked


@pytest.fixture
def trivet(tmp_path: Path) -> Trivet:
    """Give a function that runs `trivet` in the test's folder."""

    def run(*words: str, cwd: Path = tmp_path, text: str = "", **changes: str) -> Done:
        return forked(list(words), cwd, text, **changes)

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
