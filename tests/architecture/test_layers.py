"""Imports inside Trivet only ever point down the shelves, and never sideways."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture import allowed
from tests.architecture.house import HIGHEST_CORE_SHELF, SHELVES, SIDE_BY_SIDE, SOURCE, height
from tests.architecture.sources import Import, Source, imports, read


def find_layer_breaches(root: Path) -> list[str]:
    """Name every import of a Trivet module that does not point down."""
    return [
        f"{source.path}:{found.line}: {breach}"
        for source in read(root)
        for found in imports(source.tree)
        if (breach := _breach(source, found))
    ]


def _breach(source: Source, found: Import) -> str | None:
    if found.is_relative:
        return "write absolute imports"
    parts = found.module.split(".")
    if parts[0] != "trivet":
        return None
    if found.is_late:
        return f"import {found.module} at the top of the file; a circle means a misplaced name"
    home = source.home
    if len(parts) == 1:
        return "import from the package that defines the name, not from trivet itself"
    target = parts[1]
    target_height, home_height = height(target), height(home)
    if target_height is None:
        return f"{target} is on no shelf (tests/architecture/house.py)"
    if home == "__init__":
        if target_height > HIGHEST_CORE_SHELF:
            return f"`import trivet` offers the core; {target} is a battery or a tool"
        return None
    if target == home:
        return _sideways(source, parts)
    if home_height is None or target_height < home_height:
        return None
    where = "beside" if target_height == home_height else "above"
    return f"{home} may not import {target}, which stands {where} it"


def _sideways(source: Source, parts: list[str]) -> str | None:
    """Judge an import within one package, of whose folders some know nothing of each other."""
    own, other = "/".join(source.path.split("/")[:2]), "/".join(parts[1:3])
    if own != other and any({own, other} <= folders for folders in SIDE_BY_SIDE):
        return f"{own} may not import {other}; what both need stands above them in {source.home}"
    return None


def find_shelfless_names(root: Path) -> list[str]:
    """Name every file and package of the root that stands on no shelf."""
    names = {
        path.stem for path in root.iterdir() if path.suffix == ".py" or any(path.glob("*.py"))
    } - {"__init__"}
    return [f"{name} is on no shelf" for name in sorted(names) if height(name) is None]


def find_late_imports(root: Path) -> dict[str, int]:
    """Give every import inside a function, as `path::module`, with its line."""
    return {
        f"{source.path}::{found.module}": found.line
        for source in read(root)
        for found in imports(source.tree)
        if found.is_late and found.module.split(".")[0] != "trivet"
    }


def test_imports_point_down() -> None:
    breaches = find_layer_breaches(SOURCE)

    assert not breaches, "\n".join(breaches)


def test_every_name_is_on_a_shelf() -> None:
    shelfless = find_shelfless_names(SOURCE)

    assert not shelfless, "\n".join(shelfless)


def test_no_name_is_on_two_shelves() -> None:
    names = [name for shelf in SHELVES for name in shelf]

    assert len(names) == len(set(names))


def test_imports_inside_functions_have_a_reason() -> None:
    late = find_late_imports(SOURCE)

    unexplained = [
        f"{key} (line {late[key]})" for key in sorted(late.keys() - allowed.LATE_IMPORTS)
    ]
    assert not unexplained, (
        "import at the top of the file, or give the reason in tests/architecture/allowed.py:\n"
        + "\n".join(unexplained)
    )


def test_no_exception_for_a_late_import_is_left_over() -> None:
    assert allowed.LATE_IMPORTS.keys() <= find_late_imports(SOURCE).keys()


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("http/request.py", "from trivet.app import App", "http/request.py:1: http may not"),
        ("http/request.py", "import trivet.settings", "stands beside it"),
        ("http/request.py", "from . import cookies", "write absolute imports"),
        ("http/request.py", "from trivet import App", "not from trivet itself"),
        ("http/request.py", "from trivet.attic import x", "attic is on no shelf"),
        ("http/request.py", "\ndef f():\n    from trivet.schema import x", "request.py:3: import"),
        ("http/request.py", "import_module('trivet.cli')", "http may not import cli"),
        (
            "schema/field.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from trivet.http import Body",
            "schema/field.py:3: schema may not import http, which stands above it",
        ),
        ("__init__.py", "from trivet.db import Model", "db is a battery"),
        (
            "adopt/django/views.py",
            "from trivet.adopt.flask.facts import Facts",
            "adopt/django/views.py:1: adopt/django may not import adopt/flask",
        ),
    ],
)
def test_breach_is_found(tmp_path: Path, path: str, text: str, message: str) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)

    (breach,) = find_layer_breaches(tmp_path)

    assert message in breach


def test_imports_of_lower_shelves_and_of_the_own_package_are_no_breach(tmp_path: Path) -> None:
    (tmp_path / "http").mkdir()
    (tmp_path / "http" / "request.py").write_text(
        "import json\nfrom trivet.errors import A\nfrom trivet.http.cookies import B\n"
    )
    (tmp_path / "adopt" / "flask").mkdir(parents=True)
    (tmp_path / "adopt" / "flask" / "rules.py").write_text(
        "from trivet.adopt.project import A\nfrom trivet.adopt.flask.facts import B\n"
    )

    assert find_layer_breaches(tmp_path) == []


def test_shelfless_file_and_package_are_found(tmp_path: Path) -> None:
    (tmp_path / "attic").mkdir()
    (tmp_path / "attic" / "old.py").touch()
    (tmp_path / "cellar.py").touch()
    (tmp_path / "__pycache__").mkdir()

    assert find_shelfless_names(tmp_path) == ["attic is on no shelf", "cellar is on no shelf"]


def test_late_import_is_found(tmp_path: Path) -> None:
    (tmp_path / "errors.py").write_text("def f():\n    import json\n")

    assert find_late_imports(tmp_path) == {"errors.py::json": 2}
