"""One application as a whole: routes, links, middleware, late changes, answers to HEAD."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import NoMatchFound

from trivet import App, Request, Response, Router
from trivet.errors import SetupError
from trivet.openapi.error_shape import PROBLEM_DETAILS
from trivet.testing import TestClient


async def nothing() -> None:
    return None


def test_an_unknown_option_is_named_with_those_that_are_known() -> None:
    with pytest.raises(TypeError, match="no option 'titel'; it knows"):
        App(titel="x")  # type: ignore[call-arg]


@pytest.mark.parametrize("name", ["title", "version"])
def test_a_document_needs_a_title_and_a_version(name: str) -> None:
    with pytest.raises(SetupError, match=f"A {name} must be provided"):
        App(**{name: ""})  # type: ignore[misc]


def test_routes_that_are_added_late_are_served() -> None:
    app = App()
    client = TestClient(app)
    assert client.get("/late").status_code == 404

    app.get("/late")(nothing)

    assert client.get("/late").status_code == 200


def test_routes_that_are_added_late_to_an_included_router_are_served() -> None:
    app, outer, inner = App(), Router(), Router()
    outer.include_router(inner, prefix="/inner")
    app.include_router(outer, prefix="/outer")
    client = TestClient(app)
    assert client.get("/outer/inner/late").status_code == 404

    inner.get("/late")(nothing)

    assert client.get("/outer/inner/late").status_code == 200


def test_links_are_made_from_names_and_parameters() -> None:
    app = App()
    router = Router()
    router.get("/items/{name}/{number:int}", name="item")(nothing)
    app.include_router(router, prefix="/api")
    app.mount("/static", PlainTextResponse("x"), name="static")

    assert app.url_path_for("item", name="a b", number=3) == "/api/items/a b/3"
    assert app.url_path_for("static", path="/x.css") == "/static/x.css"
    with pytest.raises(NoMatchFound):
        app.url_path_for("item", name="a")
    with pytest.raises(NoMatchFound):
        app.url_path_for("none")


def test_head_has_the_headers_of_get_and_no_body() -> None:
    app = App()

    @app.get("/")
    async def handler(response: Response) -> dict[str, int]:
        response.headers["x-own"] = "1"
        return {"a": 1}

    client = TestClient(app)
    got, head = client.get("/"), client.head("/")

    assert head.status_code == 200
    assert head.content == b""
    assert dict(head.headers) == dict(got.headers)


def test_a_handler_for_head_may_say_how_long_the_body_would_be() -> None:
    app = App()

    @app.head("/file")
    async def handler() -> Response:
        return Response(headers={"content-length": "1234"})

    assert TestClient(app).head("/file").headers["content-length"] == "1234"


def test_middleware_stands_around_what_was_there_before() -> None:
    order: list[str] = []

    class Noting:
        def __init__(self, app: Any, name: str) -> None:
            self.app = app
            self.name = name

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            order.append(f"{self.name} in")
            await self.app(scope, receive, send)
            order.append(f"{self.name} out")

    app = App(openapi_url=None)
    app.get("/")(nothing)
    app.add_middleware(Noting, name="inner")
    app.add_middleware(Noting, name="outer")

    @app.middleware("http")
    async def outermost(request: Request, call_next: Any) -> Any:
        order.append("function in")
        response = await call_next(request)
        response.headers["x-seen"] = "yes"
        order.append("function out")
        return response

    TestClient(app).get("/").raise_for_status()

    assert order[:3] == ["function in", "outer in", "inner in"]
    assert order.index("inner out") < order.index("outer out")


def test_middleware_sees_the_answers_of_handled_errors_and_unknown_paths() -> None:
    app = App()

    @app.middleware("http")
    async def marking(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-seen"] = str(response.status_code)
        return response

    @app.get("/{number}")
    async def handler(number: int) -> int:
        return number

    client = TestClient(app)

    assert client.get("/x").headers["x-seen"] == "422"
    assert client.get("/a/b").headers["x-seen"] == "404"
    assert client.post("/1").headers["x-seen"] == "405"


def test_only_http_middleware_is_declared_as_a_function() -> None:
    with pytest.raises(SetupError, match='Currently only middleware\\("http"\\)'):
        App().middleware("websocket")


def test_problem_details_are_one_setting() -> None:
    app = App(error_shape=PROBLEM_DETAILS)

    @app.get("/{number}")
    async def handler(number: int) -> int:
        return number

    client = TestClient(app)
    wrong, unknown = client.get("/x"), client.get("/a/b")

    assert wrong.headers["content-type"] == "application/problem+json"
    assert wrong.json()["errors"][0]["parameter"] == "number"
    assert unknown.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "Not Found",
    }


def test_mounted_applications_keep_their_own_handlers_and_see_their_prefix() -> None:
    inner, outer = App(), App()

    @inner.get("/")
    async def root(request: Request) -> str:
        return str(request.scope["root_path"])

    @inner.exception_handler(404)
    async def unknown(request: Request, error: Exception) -> PlainTextResponse:
        return PlainTextResponse("inner", 404)

    outer.mount("/inner", inner)
    client = TestClient(outer)

    assert client.get("/inner/").json() == "/inner"
    assert client.get("/inner/x").text == "inner"
    assert client.get("/x").json() == {"detail": "Not Found"}


def test_the_first_of_two_equal_routes_answers() -> None:
    app = App()
    app.get("/")(lambda: "first")
    app.get("/")(lambda: "second")

    assert TestClient(app).get("/").json() == "first"
