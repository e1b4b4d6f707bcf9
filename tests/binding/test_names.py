"""Annotations may name what comes later or what only type checkers see, as far as that can work."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trivet.errors import DeclarationError, SetupError
from trivet.testing import TestClient

HEAD = """\
from typing import TYPE_CHECKING, Annotated
from pydantic import BaseModel
from trivet import App, Depends
if TYPE_CHECKING:
    from nowhere import Thing
app = App()
"""

Load = Callable[[str], Any]

needs_deferred = pytest.mark.skipif(
    sys.version_info < (3, 14), reason="Python evaluates annotations late from 3.14 on"
)


@pytest.fixture
def load_deferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Give a function that imports a module's text as it is."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "named", raising=False)

    def load_it(text: str, start: str = "") -> Any:
        (tmp_path / "named.py").write_text(start + HEAD + text)
        return importlib.import_module("named")

    return load_it


@pytest.fixture(params=["texts", pytest.param("deferred", marks=needs_deferred)])
def load(request: pytest.FixtureRequest, load_deferred: Callable[..., Any]) -> Load:
    """Give a function that imports a module's text, in each way to put annotations off."""
    start = "from __future__ import annotations\n" if request.param == "texts" else ""
    return lambda text: load_deferred(text, start)


@pytest.mark.parametrize(
    "handler",
    [
        "def read(wanted: Misspelt) -> int:\n    return 1",
        "def read(wanted: list[Misspelt]) -> int:\n    return 1",
        "def read() -> Misspelt:\n    return 1",
        "async def read() -> list[Misspelt]:\n    return []",
    ],
)
def test_name_that_is_nowhere_is_told_with_its_place(load: Load, handler: str) -> None:
    module = load(f'@app.get("/")\n{handler}\n')

    with pytest.raises(SetupError, match=r"needs the name 'Misspelt'") as raised:
        TestClient(module.app).get("/")

    assert raised.value.code == "schema.unknown-name"
    assert raised.value.where is not None
    assert "named.py:" in raised.value.where


def test_name_that_a_dependency_lacks_is_told_with_the_dependency_s_place(load: Load) -> None:
    module = load(
        "def needed(wanted: Misspelt) -> int:\n    return 1\n"
        '@app.get("/")\ndef read(value: int = Depends(needed)) -> int:\n    return value\n'
    )

    with pytest.raises(SetupError, match=r"'Misspelt'") as raised:
        TestClient(module.app).get("/")

    assert raised.value.where == f"{module.__file__}:{module.needed.__code__.co_firstlineno}"


@pytest.mark.parametrize("annotation", ["Annotated[int, Depends(inner)]", "list[Inner]"])
def test_name_inside_a_function_is_told_and_not_one_that_is_known(
    load_deferred: Callable[..., Any], annotation: str
) -> None:
    module = load_deferred(
        "def declare():\n"
        "    def inner() -> int:\n        return 1\n"
        "    class Inner(BaseModel): ...\n"
        f'    @app.get("/")\n    def read(given: {annotation}) -> int:\n        return 1\n'
        "declare()\n",
        "from __future__ import annotations\n",
    )

    with pytest.raises(SetupError, match=r"needs the name '[Ii]nner'") as raised:
        TestClient(module.app).get("/")

    assert raised.value.mend is not None
    assert "at the level of the module" in raised.value.mend


def test_model_may_name_a_model_that_comes_after_the_route(load: Load) -> None:
    module = load(
        "class Shelf(BaseModel):\n    books: list[Book]\n"
        '@app.post("/")\ndef create(shelf: Shelf) -> Shelf:\n    return shelf\n'
        "class Book(BaseModel):\n    title: str\n"
    )

    answer = TestClient(module.app).post("/", json={"books": [{"title": "Emma"}]})

    assert answer.json() == {"books": [{"title": "Emma"}]}


def test_what_a_dependency_gives_may_be_named_for_type_checkers_alone(load: Load) -> None:
    module = load(
        "def needed(number: int) -> Thing:\n    return number\n"
        '@app.get("/")\ndef read(thing: Thing = Depends(needed)) -> int:\n    return thing\n'
    )

    assert TestClient(module.app).get("/?number=3").json() == 3


@needs_deferred
def test_marker_is_found_beside_a_name_for_type_checkers(load_deferred: Load) -> None:
    module = load_deferred(
        "def needed(number: int) -> Thing:\n    return number\n"
        '@app.get("/")\n'
        "def read(thing: Annotated[Thing, Depends(needed)], more: int) -> int:\n"
        "    return thing + more\n",
    )

    assert TestClient(module.app).get("/?number=3&more=4").json() == 7


@needs_deferred
def test_class_that_depends_stands_for_must_be_there(load_deferred: Load) -> None:
    with pytest.raises(DeclarationError, match=r"'given' .* not defined yet: Later") as raised:
        load_deferred(
            '@app.get("/")\ndef read(given: Annotated[Later, Depends()]) -> int:\n    return 1\n',
        )

    assert raised.value.code == "binding.unknown-class"
