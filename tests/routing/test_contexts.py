"""Routers inside routers, as tools see them that walk through `app.routes`."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Match, NoMatchFound

from trivet import App
from trivet.routing.contexts import Included, contexts
from trivet.routing.router import Router


@pytest.fixture
def included() -> Included:
    inner = Router(prefix="/items")

    @inner.get("/{id}", name="item")
    def item(id: int) -> int:
        return id

    def plain(request: Any) -> PlainTextResponse:
        return PlainTextResponse("plain")

    inner.add_route("/plain/text", plain, methods=["POST"])
    inner.mount("/files", PlainTextResponse("files"))
    outer = Router()
    outer.include_router(inner, prefix="/api")
    found = outer.routes[0]
    assert isinstance(found, Included)
    return found


def scope(method: str, path: str) -> dict[str, Any]:
    return {"type": "http", "method": method, "path": path, "root_path": ""}


def test_an_included_router_matches_with_its_whole_path(included: Included) -> None:
    match, child = included.matches(scope("GET", "/api/items/7"))

    assert match is Match.FULL
    assert child["path_params"] == {"id": "7"}
    assert child["endpoint"](3) == 3
    assert child["route"] in included.original_router.routes


def test_another_method_is_a_partial_match(included: Included) -> None:
    match, _ = included.matches(scope("DELETE", "/api/items/7"))

    assert match is Match.PARTIAL


def test_a_path_outside_the_prefix_is_no_match(included: Included) -> None:
    assert included.matches(scope("GET", "/items/7")) == (Match.NONE, {})


def test_contexts_say_which_routes_are_plain(included: Included) -> None:
    found = {
        context.path: context.starlette_route for context in included.effective_route_contexts()
    }

    assert found["/api/items/{id}"] is None
    assert found["/api/plain/text"] is not None
    assert found["/api/files"] is not None


def test_names_are_found_below(included: Included) -> None:
    assert included.url_path_for("item", id=7) == "/api/items/7"
    with pytest.raises(NoMatchFound):
        included.url_path_for("missing")


def test_a_link_to_an_included_route_makes_no_plan_of_it() -> None:
    router = Router(prefix="/notes")

    @router.get("/{number:int}")
    async def read_note(number: int) -> int:
        return number

    app = App()
    app.include_router(router, prefix="/v1")
    (context,) = [one for one in contexts(app.routes) if one.name == "read_note"]

    assert context.url_path_for("read_note", number=3) == "/v1/notes/3"
    assert "effective" not in vars(context)
    wrong: list[tuple[str, dict[str, int]]] = [("read_note", {}), ("other", {"number": 3})]
    for name, given in wrong:
        with pytest.raises(NoMatchFound):
            context.url_path_for(name, **given)
