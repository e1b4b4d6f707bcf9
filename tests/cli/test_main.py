"""The door: help that is enough, versions, and exit codes."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from tests.cli.typed import Trivet
from trivet.cli import _COMMANDS


def test_help_names_every_command_and_the_exit_codes(trivet: Trivet) -> None:
    done = trivet("--help")

    assert done.code == 0
    for name, entry in _COMMANDS.items():
        assert re.search(rf"\b{name}\b\s+{re.escape(entry.help)}", done.out), done.out
    assert "Exit codes" in done.out


@pytest.mark.parametrize("name", sorted(_COMMANDS))
def test_every_command_has_help_with_the_options_of_the_application(
    trivet: Trivet, name: str
) -> None:
    done = trivet(*name.split(), "--help")

    assert done.code == 0, done.err
    assert f"Usage: trivet {name}" in done.out
    if name not in ("admin", "new", "adopt django", "adopt fastapi", "adopt flask"):
        # Those have no application.
        for option in ("--app", "--app-dir", "--factory", "--dropin", "--env-file"):
            assert option in done.out


def test_nothing_typed_shows_the_help(trivet: Trivet) -> None:
    done = trivet()

    assert "Usage: trivet" in done.out + done.err


def test_version_names_ours_and_what_we_stand_on(trivet: Trivet) -> None:
    done = trivet("--version")

    assert done.code == 0
    assert done.out.startswith(f"trivet {metadata.version('trivet')}, starlette ")


@pytest.mark.parametrize("words", [["serve"], ["routes", "--colour"], ["dev", "--port", "high"]])
def test_what_is_typed_wrongly_ends_with_2(trivet: Trivet, words: list[str]) -> None:
    done = trivet(*words)

    assert done.code == 2
    assert "Error" in done.err


def test_help_imports_no_command(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom trivet.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([n for n in sys.modules if n.startswith('trivet.')], file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert "trivet.cli.serve" not in done.stderr
    assert "trivet.cli.load" not in done.stderr
    assert "trivet.app" not in done.stderr
    assert "trivet.terminal" in done.stderr


def test_module_is_the_same_door(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "trivet", "--version"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.startswith("trivet ")
