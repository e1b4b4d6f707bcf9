"""The names of `trivet` load the core and nothing that a five-line application does not use."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import trivet
from tests.architecture.house import HEAVY, HIGHEST_CORE_SHELF, SHELVES, SOURCE

CORE = frozenset().union(*SHELVES[: HIGHEST_CORE_SHELF + 1])


def load(statement: str, folder: Path) -> set[str]:
    """Run one import statement in a fresh interpreter and give the modules that it loaded."""
    code = f"import sys; before = set(sys.modules); {statement}; import json; " + (
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def find_heavy(loaded: set[str]) -> list[str]:
    """Name the loaded modules that only batteries, tools or servers may load."""
    heavy = sorted(HEAVY & loaded)
    upper = sorted(
        module
        for module in loaded
        if module.startswith("trivet.") and module.split(".")[1] not in CORE
    )
    return heavy + upper


def test_the_names_of_trivet_load_the_core_only() -> None:
    loaded = load("from trivet import *", SOURCE.parent)

    assert "trivet.app.application" in loaded
    assert find_heavy(loaded) == []


def test_import_trivet_alone_loads_nothing_of_it() -> None:
    loaded = load("import trivet", SOURCE.parent)

    assert {module for module in loaded if module.startswith("trivet.")} == set()
    assert "pydantic" not in loaded


def test_names_for_type_checkers_are_those_that_are_there() -> None:
    tree = ast.parse((SOURCE / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    checked = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert {**checked, "status": "starlette.status"} == trivet._HOMES
    assert sorted(checked) == sorted(trivet.__all__)
    assert {name for name in trivet.__all__ if getattr(trivet, name) is None} == set()


def test_a_name_that_is_not_there_is_told() -> None:
    with pytest.raises(AttributeError, match="module 'trivet' has no attribute 'Nothing'"):
        trivet.Nothing  # noqa: B018


def test_heavy_module_and_battery_are_found(tmp_path: Path) -> None:
    package = tmp_path / "trivet"
    (package / "db").mkdir(parents=True)
    (package / "__init__.py").write_text("import sqlite3\nimport trivet.db\n")
    (package / "db" / "__init__.py").touch()

    assert find_heavy(load("import trivet", tmp_path)) == ["sqlite3", "trivet.db"]
