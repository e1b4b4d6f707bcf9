"""Names in generated functions: no function of a user's hides what the code itself needs."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from starlette.testclient import TestClient

from trivet.app.application import App
from trivet.binding.markers import Body, Depends
from trivet.binding.source import Source


@pytest.mark.parametrize(
    "name",
    [
        "x",
        "value",
        "request",
        "response",
        "tasks",
        "body",
        "error",
        "lifetimes",
        "isinstance",
        "len",
    ],
)
def test_functions_may_have_any_name(name: str) -> None:
    app = App()

    async def dependency() -> str:
        return "given"

    async def handler(
        data: Annotated[Any, Body()] = None, given: str = Depends(dependency)
    ) -> list[Any]:
        return [given, data]

    dependency.__name__ = handler.__name__ = name
    app.add_api_route("/", handler, methods=["POST"])

    assert TestClient(app).post("/", json=1).json() == ["given", 1]


def test_a_function_named_like_a_numbered_local_is_another() -> None:
    app = App()

    async def user() -> str:
        return "outer"

    async def user_1() -> str:
        return "inner"

    @app.get("/")
    async def handler(user: str = Depends(user), user_1: str = Depends(user_1)) -> list[str]:
        return [user, user_1]

    assert TestClient(app).get("/").json() == ["outer", "inner"]


def test_fresh_locals_and_names_never_meet() -> None:
    source = Source()
    first = source.name(object(), "user_1")

    assert source.fresh("user") != first
    taken = source.fresh("user")
    assert source.name(object(), taken) != taken
