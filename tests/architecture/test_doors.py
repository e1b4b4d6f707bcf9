"""Each outside library comes in by its own door, and every one is declared in pyproject.toml."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from tests.architecture import allowed
from tests.architecture.house import DOORS, REPOSITORY, SOURCE, height
from tests.architecture.sources import imports, read

# annotationlib is new in Python 3.14; older interpreters do not list it.
STANDARD = sys.stdlib_module_names | {"annotationlib"}


def find_outside_imports(root: Path) -> dict[str, list[tuple[str, int]]]:
    """Give every outside library with the files and lines that import it."""
    found: dict[str, list[tuple[str, int]]] = {}
    for source in read(root):
        for one in imports(source.tree):
            library = one.module.split(".")[0]
            if one.is_relative or library == "trivet" or library in STANDARD:
                continue
            found.setdefault(library, []).append((source.path, one.line))
    return found


def find_side_doors(root: Path) -> dict[str, str]:
    """Give every import away from its library's door, as `path::library`, with the message."""
    found: dict[str, str] = {}
    for library, places in find_outside_imports(root).items():
        homes = DOORS[library][1] if library in DOORS else None
        for path, line in places:
            home = Path(path).with_suffix("").parts[0]
            if homes is None:
                message = f"{library} has no door: give it one in tests/architecture/house.py"
            elif home not in homes:
                message = f"only {', '.join(sorted(homes))} may import {library}"
            else:
                continue
            found[f"{path}::{library}"] = f"{path}:{line}: {message}"
    return found


def read_declared(pyproject: Path) -> set[str]:
    """Give the names of every distribution that the project or one of its extras depends on."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    extras = {
        name: lines
        for name, lines in project.get("optional-dependencies", {}).items()
        if name not in {"bench", "docs", "lint", "test"}
    }
    lines = [*project["dependencies"], *(line for group in extras.values() for line in group)]
    return {re.split(r"[^\w.-]", line, maxsplit=1)[0].lower() for line in lines}


def test_libraries_come_in_by_their_doors() -> None:
    breaches = find_side_doors(SOURCE)

    unexplained = [breaches[key] for key in sorted(breaches.keys() - allowed.SIDE_DOORS)]
    assert not unexplained, "\n".join(unexplained)


def test_no_exception_for_a_side_door_is_left_over() -> None:
    assert allowed.SIDE_DOORS.keys() <= find_side_doors(SOURCE).keys()


def test_every_door_leads_to_a_name_on_a_shelf() -> None:
    homes = {home for _, homes in DOORS.values() for home in homes} - {"__init__"}

    assert {home for home in homes if height(home) is None} == set()


def test_every_imported_library_is_declared() -> None:
    declared = read_declared(REPOSITORY / "pyproject.toml")
    found = find_outside_imports(SOURCE)

    undeclared = [
        f"{found[library][0][0]}:{found[library][0][1]}: {library} comes with "
        f"{DOORS[library][0]}, which pyproject.toml does not name"
        for library in sorted(found)
        if library in DOORS and DOORS[library][0] not in declared
    ]
    assert not undeclared, "\n".join(undeclared)


def test_side_door_and_unknown_library_are_found(tmp_path: Path) -> None:
    (tmp_path / "http").mkdir()
    (tmp_path / "http" / "request.py").write_text("import json\nimport uvicorn\nimport leftpad.x\n")
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters" / "socket.py").write_text("from uvicorn.config import Config\n")

    assert find_side_doors(tmp_path) == {
        "http/request.py::uvicorn": "http/request.py:2: only adapters, cli may import uvicorn",
        "http/request.py::leftpad": (
            "http/request.py:3: leftpad has no door: give it one in tests/architecture/house.py"
        ),
    }


def test_declared_names_are_read_without_versions_and_markers(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\ndependencies = ["anyio>=4", "uvloop>=1; sys_platform != \'win32\'"]\n'
        '[project.optional-dependencies]\nall = ["trivet[x]"]\nx = ["Brotli"]\ntest = ["pytest"]\n'
    )

    declared = read_declared(tmp_path / "pyproject.toml")

    assert declared == {"anyio", "uvloop", "trivet", "brotli"}
