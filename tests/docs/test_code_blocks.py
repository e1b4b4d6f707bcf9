"""Every code block of the documentation runs, and every command in it exists."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.typed import forked
from tests.docs.pages import PageRun, find_unclear_blocks, read_blocks, read_commands
from trivet.cli import _COMMANDS
from trivet.db import BareModel

REPOSITORY = Path(__file__).parents[2]
_REFERENCE = REPOSITORY / "docs" / "reference"
_MADE = (_REFERENCE / "api", _REFERENCE / "measured")  # by `make docs`
PAGES = [
    REPOSITORY / "README.md",
    *(page for page in sorted((REPOSITORY / "docs").rglob("*.md")) if page.parent not in _MADE),
]

TYPED = {"capture_output": True, "text": True, "check": True}

each_page = pytest.mark.parametrize(
    "page", PAGES, ids=[page.relative_to(REPOSITORY).as_posix() for page in PAGES]
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty current folder, from which modules can be imported."""
    empty = tmp_path / "page"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.syspath_prepend(str(empty))
    return empty


@pytest.fixture
def models_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a page's models to itself: no other page and no test makes their tables."""

    class PageModel(BareModel, apart=True):
        """Where the page's models are registered."""

    for name in ("metadata", "registry", "_sa_registry"):
        monkeypatch.setattr(BareModel, name, getattr(PageModel, name))
    # Those of accounts are made anew for the page, when it asks for them, with all that has them.
    anew = ("trivet.auth", "trivet.admin")
    for name in [name for name in sys.modules if name.startswith(anew)]:
        monkeypatch.delitem(sys.modules, name)


@pytest.fixture
def warm_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what a page types with `python -m trivet` run in a process that has imported Trivet."""
    start = subprocess.run

    def run(line: Any, **options: Any) -> Any:
        if list(line[:3]) != [sys.executable, "-m", "trivet"] or options != TYPED:
            return start(line, **options)
        done = forked(list(line[3:]), Path.cwd())
        if done.code:
            raise subprocess.CalledProcessError(done.code, line, done.out, done.err)
        return subprocess.CompletedProcess(line, done.code, done.out, done.err)

    monkeypatch.setattr(subprocess, "run", run)


@functools.cache
def help_of(command: str) -> str:
    """Give the help text of `trivet`, or of one of its commands."""
    done = subprocess.run(
        [sys.executable, "-c", "from trivet.cli import main; main()", *command.split(), "--help"],
        env={**os.environ, "COLUMNS": "300", "NO_COLOR": "1", "TERM": "dumb"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout if done.returncode == 0 else ""


def find_wrong_commands(page: Path, help_of: Callable[[str], str]) -> list[str]:
    """Name every `trivet` command and option of a page that the command line does not have."""
    found = []
    for line, words in read_commands(page):
        if Path(words[0]).name != "trivet":
            continue
        command = command_of(words)
        text = help_of(command)
        if not text:
            found.append(f"{page.name}:{line}: trivet has no command {command!r}")
            continue
        options = [word.split("=")[0] for word in words[1:] if re.match(r"--?[a-z]", word)]
        found += [
            f"{page.name}:{line}: trivet {command} has no option {option}"
            for option in options
            if not re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text)
        ]
    return found


def command_of(words: list[str]) -> str:
    """Give the command that is typed: one word or two, behind where the application is."""
    rest = words[3:] if words[1:2] == ["--app"] else words[1:]
    if " ".join(rest[:2]) in _COMMANDS:
        return " ".join(rest[:2])
    return rest[0] if rest and not rest[0].startswith("-") else ""


def find_wrong_targets(page: Path, makefile: str) -> list[str]:
    """Name every `make` target of a page that the Makefile does not have."""
    return [
        f"{page.name}:{line}: the Makefile has no target {target}"
        for line, words in read_commands(page)
        if words[0] == "make"
        for target in words[1:]
        if "=" not in target and not re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE)
    ]


@each_page
@pytest.mark.usefixtures("models_of_its_own", "warm_commands")
def test_python_blocks_run(page: Path, folder: Path) -> None:
    PageRun(page, folder).run()


@each_page
def test_every_block_runs_or_says_why_not(page: Path) -> None:
    unclear = find_unclear_blocks(page)

    assert not unclear, "\n".join(unclear)


@each_page
def test_trivet_commands_exist(page: Path) -> None:
    wrong = find_wrong_commands(page, help_of)

    assert not wrong, "\n".join(wrong)


@each_page
def test_make_targets_exist(page: Path) -> None:
    wrong = find_wrong_targets(page, (REPOSITORY / "Makefile").read_text(encoding="utf-8"))

    assert not wrong, "\n".join(wrong)


def write_page(path: Path, text: str) -> Path:
    page = path / "guide.md"
    page.write_text(text)
    return page


def test_failing_block_fails_at_its_line_in_the_page(tmp_path: Path, folder: Path) -> None:
    page = write_page(tmp_path, "# Title\n\n```python\nx = 1\nassert x == 2\n```\n")

    with pytest.raises(AssertionError) as caught:
        PageRun(page, folder).run()

    last = caught.traceback[-1]
    assert (Path(last.path).name, last.lineno + 1) == ("guide.md", 5)


def test_blocks_of_a_page_share_names_and_leave_none_behind(tmp_path: Path, folder: Path) -> None:
    page = write_page(tmp_path, "```python\nx = 1\n```\n\n```python\nassert x == 1\n```\n")

    assert PageRun(page, folder).run() == 2
    assert "page_guide" not in sys.modules


def test_file_block_can_be_imported_by_later_blocks(tmp_path: Path, folder: Path) -> None:
    page = write_page(
        tmp_path,
        "```python\n# file: shop/prices.py\nprice = 1\n```\n"
        "```python\nfrom shop.prices import price\nassert price == 1\n```\n"
        "```python\n# file: shop/prices.py\nprice = 2\n```\n"
        "```python\nfrom shop.prices import price\nassert price == 2\n```\n"
        "```toml\n# file: shop.toml\nprice = 3\n```\n",
    )

    PageRun(page, folder).run()

    assert (folder / "shop.toml").is_file()
    assert "shop.prices" not in sys.modules


def test_failing_test_file_fails_the_page(tmp_path: Path, folder: Path) -> None:
    page = write_page(
        tmp_path, "```python\n# file: test_sum.py\ndef test_sum():\n    assert 1 + 1 == 3\n```\n"
    )

    with pytest.raises(AssertionError, match=r"test_sum\.py fails"):
        PageRun(page, folder).run()


def test_block_with_a_reason_does_not_run(tmp_path: Path, folder: Path) -> None:
    page = write_page(tmp_path, '```python { no-run="needs a cluster" }\n1 / 0\n```\n')

    assert PageRun(page, folder).run() == 0
    assert find_unclear_blocks(page) == []


@pytest.mark.parametrize(
    "info", ["python no-run", 'python { no-run="" }', 'python { no-run="because" }', "py", ""]
)
def test_unclear_block_is_found(tmp_path: Path, info: str) -> None:
    page = write_page(tmp_path, f"\n```{info}\nx = 1\n```\n")

    (unclear,) = find_unclear_blocks(page)

    assert unclear.startswith("guide.md:2: ")


def test_wrong_command_and_wrong_option_are_found(tmp_path: Path) -> None:
    page = write_page(
        tmp_path,
        "```bash\ntrivet dev app.py --port 80\nDEBUG=1 trivet dev --speed=9\n```\n"
        "```console\n$ trivet fly\ntrivet would fly\n$ ls --all\n```\n",
    )
    texts = {"dev": "dev APP  --port INTEGER  the port"}

    wrong = find_wrong_commands(page, lambda command: texts.get(command, ""))

    assert wrong == [
        "guide.md:3: trivet dev has no option --speed",
        "guide.md:6: trivet has no command 'fly'",
    ]


def test_wrong_make_target_is_found(tmp_path: Path) -> None:
    page = write_page(tmp_path, "```bash\nmake test JOBS=1\nmake coffee\n```\n")

    wrong = find_wrong_targets(page, "test: lint\n\tpytest\n")

    assert wrong == ["guide.md:3: the Makefile has no target coffee"]


def test_blocks_are_read_with_their_lines(tmp_path: Path) -> None:
    page = write_page(tmp_path, "text\n\n```python\nx = 1\n```\n\n~~~text\n```\n~~~\n")

    assert [(block.line, block.language) for block in read_blocks(page)] == [
        (3, "python"),
        (7, "text"),
    ]
