"""`import trivet` loads the core and nothing that a five-line application does not use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

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


def test_import_trivet_loads_the_core_only() -> None:
    loaded = load("import trivet", SOURCE.parent)

    assert "trivet" in loaded
    assert find_heavy(loaded) == []


def test_heavy_module_and_battery_are_found(tmp_path: Path) -> None:
    package = tmp_path / "trivet"
    (package / "db").mkdir(parents=True)
    (package / "__init__.py").write_text("import sqlite3\nimport trivet.db\n")
    (package / "db" / "__init__.py").touch()

    assert find_heavy(load("import trivet", tmp_path)) == ["sqlite3", "trivet.db"]
