"""What a package offers is listed in its `__all__`: sorted, there, and described."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.architecture.house import SOURCE
from tests.architecture.sources import read


def find_offering_modules(root: Path) -> list[str]:
    """Give the dotted names of all packages and modules that define `__all__`."""
    names = []
    for source in read(root):
        if re.search(r"^__all__\b", source.text, re.MULTILINE):
            parts = Path(source.path).with_suffix("").parts
            names.append(".".join(["trivet", *(part for part in parts if part != "__init__")]))
    return names


def sort_key(name: str) -> tuple[int, list[tuple[int, str]]]:
    """Order CONSTANTS, then Classes, then functions, digits by value: as ruff's RUF022 does."""
    kind = 0 if len(name) > 1 and name.isupper() else 1 if name[:1].isupper() else 2
    pieces = re.findall(r"\d+|\D+", name)
    return kind, [(int(piece), "") if piece.isdigit() else (0, piece) for piece in pieces]


def find_faults(module: ModuleType) -> list[str]:
    """Name everything that is wrong with a module's public names."""
    public = list(module.__all__)
    faults = []
    if public != sorted(public, key=sort_key):
        faults.append(f"{module.__name__}.__all__ is not sorted")
    faults += [f"{module.__name__}.{name} is listed twice" for name in _doubled(public)]
    for name in public:
        if not hasattr(module, name):
            faults.append(f"{module.__name__}.{name} is listed but not there")
        elif _lacks_docstring(getattr(module, name)):
            faults.append(f"{module.__name__}.{name} has no docstring")
    return faults


def _doubled(names: list[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}


def _lacks_docstring(value: object) -> bool:
    """True for our own classes and functions without one; what others wrote is theirs."""
    if not (inspect.isclass(value) or inspect.isroutine(value)):
        return False
    if not str(getattr(value, "__module__", "")).startswith("trivet"):
        return False
    text = value.__dict__.get("__doc__") if inspect.isclass(value) else value.__doc__
    is_generated = inspect.isclass(value) and str(text).startswith(f"{value.__name__}(")
    return not text or is_generated


@pytest.mark.parametrize("name", find_offering_modules(SOURCE) or ["trivet"])
def test_public_names_are_sorted_there_and_described(name: str) -> None:
    module = importlib.import_module(name)
    if not hasattr(module, "__all__"):
        pytest.skip("no module offers names yet")

    faults = find_faults(module)

    assert not faults, "\n".join(faults)


def test_faults_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("trivet.fake")
    monkeypatch.setitem(sys.modules, "trivet.fake", module)
    exec(
        "from dataclasses import dataclass\n"
        "__all__ = ['Bare', 'LIMIT', 'Missing', 'Record', 'bare', 'bare', 'path']\n"
        "LIMIT = 1\n"
        "class Bare: ...\n"
        "@dataclass\nclass Record:\n    x: int\n"
        "def bare(): ...\n"
        "from os import path\n",
        module.__dict__,
    )

    assert find_faults(module) == [
        "trivet.fake.__all__ is not sorted",
        "trivet.fake.bare is listed twice",
        "trivet.fake.Bare has no docstring",
        "trivet.fake.Missing is listed but not there",
        "trivet.fake.Record has no docstring",
        "trivet.fake.bare has no docstring",
        "trivet.fake.bare has no docstring",
    ]


def test_constants_then_classes_then_functions_is_sorted() -> None:
    names = ["MAX_SIZE", "A", "Body", "HTTPException", "Http2", "Http10", "get"]

    assert sorted(set(names), key=sort_key) == names


def test_modules_with_names_to_offer_are_found(tmp_path: Path) -> None:
    (tmp_path / "http").mkdir()
    (tmp_path / "http" / "__init__.py").write_text("__all__ = []\n")
    (tmp_path / "http" / "cookies.py").write_text("x = 1\n")
    (tmp_path / "errors.py").write_text("__all__: list[str] = []\n")

    assert find_offering_modules(tmp_path) == ["trivet.errors", "trivet.http"]
