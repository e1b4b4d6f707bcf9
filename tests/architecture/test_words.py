"""What is tracked speaks of the project alone: no loose ends, no drawer names, no machine paths."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture import allowed
from tests.architecture.house import FORBIDDEN_MODULE_NAMES, REPOSITORY, SOURCE

LOOSE_END = re.compile(r"#.*\b(?:TODO|FIXME|XXX|HACK)\b(?!\(#\d+\): )")
# Absolute paths of somebody's machine, and folders outside the repository.
MACHINE_PATH = re.compile(r"(?<![\w./-])/(?:work|root|home/\w+|Users/\w+)/|\.\./shared\b")


def list_tracked(root: Path) -> list[Path]:
    """Give the files that git tracks, or would track if they were added."""
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip("not a git repository: what is tracked is not known")
    return [path for name in done.stdout.split("\0") if name and (path := root / name).is_file()]


def find_lines(root: Path, files: list[Path], pattern: re.Pattern[str]) -> list[str]:
    """Give every line of a text file that the pattern finds, as `path:line: text`."""
    found = []
    for path in files:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (UnicodeDecodeError, FileNotFoundError):
            continue  # a picture, a database; or a file that went away while we looked
        found += [
            f"{path.relative_to(root).as_posix()}:{number}: {line.strip()}"
            for number, line in enumerate(lines, 1)
            if pattern.search(line)
        ]
    return found


def find_drawers(root: Path) -> list[str]:
    """Name every module and package whose name says nothing about what is in it.

    A drop-in's modules have the names of the package that it stands for.
    """
    return [
        f"{path.relative_to(root).as_posix()}: name it after the thing that it defines"
        for path in sorted(root.rglob("*"))
        if (path.suffix == ".py" or path.is_dir())
        and path.stem in FORBIDDEN_MODULE_NAMES
        and path.relative_to(root).parts[0] != "dropin"
    ]


def test_every_loose_end_names_its_issue() -> None:
    files = [path for path in list_tracked(REPOSITORY) if path.suffix == ".py"]
    files = [path for path in files if path != Path(__file__)]

    found = find_lines(REPOSITORY, files, LOOSE_END)

    assert not found, "write `# TODO(#12): what is missing`:\n" + "\n".join(found)


def test_no_module_is_a_drawer() -> None:
    drawers = find_drawers(SOURCE)

    assert not drawers, "\n".join(drawers)


def test_no_file_names_a_path_of_a_machine() -> None:
    files = [path for path in list_tracked(REPOSITORY) if path != Path(__file__)]
    exceptions = {REPOSITORY / name for name in allowed.MACHINE_PATHS}

    found = find_lines(REPOSITORY, [path for path in files if path not in exceptions], MACHINE_PATH)

    assert not found, "\n".join(found)


def test_no_exception_for_a_machine_path_is_left_over() -> None:
    exceptions = [REPOSITORY / name for name in allowed.MACHINE_PATHS]

    assert all(find_lines(REPOSITORY, [path], MACHINE_PATH) for path in exceptions)


@pytest.mark.parametrize("line", ["x = 1  # TODO later", "# FIXME(ann): it", "# TODO(#): it"])
def test_loose_end_is_found(line: str) -> None:
    assert LOOSE_END.search(line)


@pytest.mark.parametrize("line", ["# TODO(#12): streams", "todo = 1", '"TODO list"'])
def test_named_or_plain_word_is_no_loose_end(line: str) -> None:
    assert not LOOSE_END.search(line)


@pytest.mark.parametrize(
    "line", ["see /work/notes", '"/root/x"', "/home/ann/x", "cd ../shared", "(/Users/ann/x)"]
)
def test_machine_path_is_found(line: str) -> None:
    assert MACHINE_PATH.search(line)


@pytest.mark.parametrize("line", ["/works/1", "https://a.org/work/1", "src/work/x", "/home/"])
def test_other_paths_are_no_machine_paths(line: str) -> None:
    assert not MACHINE_PATH.search(line)


def test_lines_are_named_and_binary_files_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n# TODO later\n")
    (tmp_path / "b.png").write_bytes(b"\x89PNG\xff # TODO")

    found = find_lines(tmp_path, [tmp_path / "a.py", tmp_path / "b.png"], LOOSE_END)

    assert found == ["a.py:2: # TODO later"]


def test_drawers_are_found(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "http").mkdir()
    (tmp_path / "http" / "utils.py").touch()
    (tmp_path / "http" / "cookies.py").touch()

    assert [drawer.split(":")[0] for drawer in find_drawers(tmp_path)] == ["core", "http/utils.py"]
