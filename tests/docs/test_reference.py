"""The reference names every option and public name, and none that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import trivet
from tests.architecture.house import SHELVES, SOURCE
from tests.docs.test_code_blocks import help_of
from trivet.app.options import AppOptions
from trivet.routing.options import RouteOptions
from trivet.routing.router import IncludeOptions, RouterOptions

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def read_page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def first_columns(page: str) -> set[str]:
    """Give everything that stands in code style in the first column of a page's tables."""
    cells = re.findall(r"^\| (.+?) \|", page, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def section(page: str, title: str) -> str:
    """Give the text of a page under one of its second headings."""
    return page.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_every_option_of_dev_and_run_is_documented() -> None:
    page = first_columns(read_page("run.md"))
    options = {
        option
        for command in ("dev", "run")
        for option in re.findall(r"(?<![\w-])--[a-z-]+[a-z]", help_of(command))
    }

    assert options - {"--help"} - page == set()
    assert {name for name in page if name.startswith("--")} - options == set()


def test_every_option_of_the_application_is_documented() -> None:
    page = read_page("app.md").split("\n## Methods\n")[0]

    assert first_columns(page) == set(AppOptions.__annotations__)


def test_every_option_of_a_route_is_documented() -> None:
    page = section(read_page("routes.md"), "Options of a route")

    assert first_columns(page) == set(RouteOptions.__annotations__)


def test_every_option_of_a_router_is_documented() -> None:
    page = section(read_page("routes.md"), "Options of a router")

    shared = set(re.findall(r"^\| `(\w+)` \* \|", page, re.MULTILINE))

    assert first_columns(page) == set(RouterOptions.__annotations__) | {"prefix"}
    assert shared == set(IncludeOptions.__annotations__)


def test_methods_and_attributes_of_the_application_exist() -> None:
    page = read_page("app.md")
    documented = first_columns(section(page, "Methods")) | first_columns(
        section(page, "Attributes")
    )
    names = {name.split("(")[0] for name in documented}

    assert [name for name in sorted(names) if not hasattr(trivet.App(), name)] == []


# They are commands, and a page of `trivet dev`: whoever uses them types or opens them.
COMMANDS = ("trivet.adopt", "trivet.cli", "trivet.devtools")


def test_every_public_name_is_documented() -> None:
    page = section(read_page("names.md"), "`trivet`")

    assert first_columns(page) == set(trivet.__all__)


def test_names_elsewhere_exist() -> None:
    rows = re.findall(r"^\| `(trivet\.[\w.]+)` \| (.+?) \|", read_page("names.md"), re.MULTILINE)

    missing = [
        f"{module}.{name}"
        for module, names in rows
        for name in re.findall(r"`(\w+)(?:\(\))?`", names)
        if not hasattr(pytest.importorskip(module), name)
    ]

    assert len(rows) > 10
    assert missing == []


def test_what_packages_export_is_documented() -> None:
    """The page says of all that it does not name that it may change without notice."""
    rows = re.findall(r"^\| `(trivet\.[\w.]+)` \| (.+?) \|$", read_page("names.md"), re.MULTILINE)
    documented = {module: set(re.findall(r"`(\w+)(?:\(\))?`", names)) for module, names in rows}

    missing = {}
    for init in sorted(SOURCE.glob("*/__init__.py")):
        module = f"trivet.{init.parent.name}"
        names = set(getattr(pytest.importorskip(module), "__all__", ()))
        if module not in COMMANDS and (found := names - documented.get(module, set())):
            missing[module] = sorted(found)

    assert missing == {}


def test_architecture_page_shows_the_shelves_as_they_are() -> None:
    page = (REFERENCE.parent / "architecture.md").read_text(encoding="utf-8")
    picture = page.split("```text\n")[1].split("```")[0]
    there = {path.stem for path in SOURCE.iterdir() if any(path.glob("*.py")) or path.suffix}
    groups = {"tools", "batteries", "core", "ground"}

    shown = [set(line.split()) - groups for line in picture.splitlines()]

    assert list(reversed(shown)) == [built for shelf in SHELVES if (built := set(shelf) & there)]
