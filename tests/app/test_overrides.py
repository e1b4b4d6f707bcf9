"""Dependencies are replaced at once, however the dictionary is changed, and wherever they stand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from trivet import App, Body, Depends, Form, Query, Router
from trivet.testing import TestClient

Change = Callable[[Any, Any, Any], Any]


def original() -> str:
    return "original"


def other() -> str:
    return "other"


def between(value: str = Depends(original)) -> str:
    return f"between {value}"


class Item(BaseModel):
    name: str


def make() -> tuple[App, TestClient]:
    app, router = App(), Router()

    @router.get("/")
    async def handler(value: str = Depends(between)) -> str:
        return value

    app.include_router(router)
    return app, TestClient(app)


CHANGES: list[tuple[Change, Change]] = [
    (lambda o, k, v: o.__setitem__(k, v), lambda o, k, v: o.__delitem__(k)),
    (lambda o, k, v: o.update({k: v}), lambda o, k, v: o.clear()),
    (lambda o, k, v: o.setdefault(k, v), lambda o, k, v: o.pop(k)),
    (lambda o, k, v: o.__ior__({k: v}), lambda o, k, v: o.popitem()),
]


@pytest.mark.parametrize(("put", "take"), CHANGES)
def test_every_change_of_the_dictionary_is_seen_by_the_next_request(
    put: Change, take: Change
) -> None:
    app, client = make()
    assert client.get("/").json() == "between original"

    put(app.dependency_overrides, original, other)
    assert client.get("/").json() == "between other"

    take(app.dependency_overrides, original, other)
    assert client.get("/").json() == "between original"


def test_the_dictionary_itself_may_be_replaced() -> None:
    app, client = make()
    client.get("/")

    app.dependency_overrides = {original: other}
    assert client.get("/").json() == "between other"

    app.dependency_overrides = {}
    assert client.get("/").json() == "between original"


def test_what_takes_the_place_may_ask_for_the_original() -> None:
    app, client = make()

    def around(value: str = Depends(original)) -> str:
        return f"around {value}"

    app.dependency_overrides[original] = around

    assert client.get("/").json() == "between around original"


def test_one_function_in_two_places_is_called_for_each() -> None:
    calls: list[int] = []

    def first() -> int:
        return 0

    def second() -> int:
        return 0

    def counted() -> int:
        calls.append(1)
        return len(calls)

    app = App()

    @app.get("/")
    async def handler(
        one: int = Depends(first),
        two: int = Depends(second),
        again: int = Depends(first),
        itself: int = Depends(counted),
    ) -> list[int]:
        return [one, two, again, itself]

    app.dependency_overrides |= {first: counted, second: counted}

    assert TestClient(app).get("/").json() == [1, 2, 1, 3]


def test_the_original_that_is_still_asked_for_keeps_its_own_value() -> None:
    def louder(value: str = Depends(original)) -> str:
        return value.upper()

    app = App()

    @app.get("/")
    async def handler(
        one: str = Depends(original), two: str = Depends(original)
    ) -> tuple[str, str]:
        return one, two

    app.dependency_overrides[original] = louder

    assert TestClient(app).get("/").json() == ["ORIGINAL", "ORIGINAL"]


def test_what_takes_the_place_has_parameters_and_a_lifetime_of_its_own() -> None:
    app, client = make()
    log: list[str] = []

    async def yielding(q: Annotated[int, Query()]) -> AsyncIterator[str]:
        yield f"q={q}"
        log.append("closed")

    app.dependency_overrides[original] = yielding

    assert client.get("/?q=3").json() == "between q=3"
    assert client.get("/?q=x").status_code == 422
    assert log == ["closed"]


def test_what_takes_the_place_may_read_a_body_where_nothing_did() -> None:
    app = App()

    @app.post("/")
    async def handler(value: str = Depends(original)) -> str:
        return value

    async def named(item: Item) -> str:
        return item.name

    async def filled_in(name: Annotated[str, Form()]) -> str:
        return name

    async def embedded(a: Annotated[int, Body()], b: Annotated[int, Body()]) -> str:
        return str(a + b)

    client = TestClient(app)
    app.dependency_overrides[original] = named
    assert client.post("/", json={"name": "x"}).json() == "x"
    assert client.post("/").status_code == 422
    app.dependency_overrides[original] = filled_in
    assert client.post("/", data={"name": "y"}).json() == "y"
    app.dependency_overrides[original] = embedded
    assert client.post("/", json={"a": 1, "b": 2}).json() == "3"


def test_dependencies_of_routers_and_of_the_application_are_replaced_too() -> None:
    calls: list[str] = []

    def guard() -> None:
        calls.append("guard")

    def quiet() -> None:
        calls.append("quiet")

    app, router = App(dependencies=[Depends(guard)]), Router(dependencies=[Depends(guard)])

    @router.get("/")
    async def handler() -> None: ...

    app.include_router(router)
    app.dependency_overrides[guard] = quiet

    TestClient(app).get("/").raise_for_status()

    assert set(calls) == {"quiet"}
