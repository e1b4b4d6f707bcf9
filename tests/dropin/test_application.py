"""What FastAPI's own classes do and Trivet's do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.routing import Router as StarletteRouter

from trivet.dropin.fastapi import APIRouter, FastAPI, HTTPException, routing
from trivet.dropin.fastapi.dependencies.utils import get_parameterless_sub_dependant
from trivet.dropin.fastapi.exceptions import FastAPIDeprecationWarning
from trivet.dropin.fastapi.param_functions import Depends
from trivet.dropin.fastapi.testclient import TestClient
from trivet.routing import streams


def test_tools_that_ask_find_starlettes_classes() -> None:
    app = FastAPI()

    assert isinstance(app, Starlette)
    assert isinstance(app.router, StarletteRouter)
    assert app.router != APIRouter()
    assert len({app.router, APIRouter()}) == 2


def test_head_is_refused_where_only_get_was_declared() -> None:
    app = FastAPI()
    app.get("/")(lambda: 1)

    assert TestClient(app).head("/").status_code == 405


def test_on_event_is_deprecated_and_works() -> None:
    app, seen = FastAPI(), []

    with pytest.warns(DeprecationWarning, match="use lifespan event handlers"):

        @app.on_event("startup")
        def start() -> None:
            seen.append("started")

    with pytest.warns(DeprecationWarning, match="use lifespan event handlers"):
        APIRouter().on_event("shutdown")
    with TestClient(app):
        assert seen == ["started"]


def test_root_path_is_deprecated() -> None:
    with pytest.warns(FastAPIDeprecationWarning, match="fastapi run --root-path"):
        FastAPI(root_path="/api")


def test_route_declares_a_plain_route() -> None:
    app, router = FastAPI(), APIRouter()

    @router.route("/plain/{name}", methods=["GET", "POST"])
    @app.route("/plain/{name}")
    def plain(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.path_params["name"])

    app.include_router(router, prefix="/in")
    client = TestClient(app)

    assert client.get("/plain/a").text == "a"
    assert client.post("/in/plain/b").text == "b"
    assert "/plain/{name}" not in app.openapi()["paths"]


def test_the_pages_have_fastapis_addresses() -> None:
    client = TestClient(FastAPI())

    page = client.get("/docs").text

    assert "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui-bundle.js" in page
    assert "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui.css" in page
    assert "https://fastapi.tiangolo.com/img/favicon.png" in page
    assert "redoc@2/bundles/redoc.standalone.js" in client.get("/redoc").text


def test_a_subclass_replaces_the_documentation() -> None:
    class Mine(FastAPI):
        def setup(self) -> None:
            self.add_route("/mine", lambda request: PlainTextResponse("mine"))

    client = TestClient(Mine())

    assert client.get("/mine").text == "mine"
    assert client.get("/docs").status_code == 404


def test_telemetry_is_taken_and_does_nothing() -> None:
    assert TestClient(FastAPI(telemetry={"tracing": True})).get("/docs").status_code == 200


@pytest.mark.parametrize("mounted_in", [FastAPI, Starlette])
def test_a_router_is_served_alone(mounted_in: Callable[..., Any]) -> None:
    router = APIRouter()

    @router.get("/double/{number}")
    def double(number: int) -> int:
        if not number:
            raise HTTPException(418, "nothing to double")
        return 2 * number

    client = TestClient(mounted_in(routes=[Mount("/at", app=router)]))

    assert client.get("/at/double/3").json() == 6
    assert client.get("/at/double/x").status_code == 422
    assert client.get("/at/double/0").json() == {"detail": "nothing to double"}
    assert client.get("/at/elsewhere").status_code == 404


class Around:
    """Says in a header that it stood around the answer, and keeps what was raised."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.raised: list[Exception] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def marked(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-around", b"yes")]
            await send(message)

        try:
            await self.app(scope, receive, marked)
        except Exception as error:
            self.raised.append(error)
            raise


def test_a_tool_may_put_itself_around_the_middleware_stack() -> None:
    app, around = FastAPI(), []
    original = app.build_middleware_stack

    def build() -> Any:
        stack: Any = original()  # Starlette's outermost middleware, as tools expect
        stack.app = Around(stack.app)
        around.append(stack.app)
        return stack

    app.build_middleware_stack = build

    @app.get("/fail")
    def fail() -> None:
        raise LookupError

    client = TestClient(app, raise_server_exceptions=False)

    assert not app.is_native
    assert client.get("/openapi.json").headers["x-around"] == "yes"
    assert client.get("/fail").status_code == 500
    assert [type(error) for error in around[0].raised] == [LookupError]


def test_middleware_cannot_be_added_once_requests_were_served() -> None:
    app = FastAPI()
    app.add_middleware(Around)
    TestClient(app).get("/")

    with pytest.raises(RuntimeError, match="after an application has started"):
        app.add_middleware(Around)


def test_what_a_tool_adds_to_a_plan_is_called() -> None:
    app, calls = FastAPI(), []

    @app.get("/items")
    def items() -> list[int]:
        return [1]

    def counted(page: int = 1) -> None:
        calls.append(page)

    route: Any = next(one for one in app.routes if isinstance(one, routing.APIRoute))
    route.dependant.dependencies.append(
        get_parameterless_sub_dependant(depends=Depends(counted), path=route.path_format)
    )
    with TestClient(app) as client:
        client.get("/items?page=7")
        parameters = app.openapi()["paths"]["/items"]["get"]["parameters"]

    assert calls == [7]
    assert [one["name"] for one in parameters] == ["page"]


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Wrap each handler, and the function that it calls, as error reporters do."""
    seen: list[str] = []
    original = routing.get_request_handler

    def standing_in(*args: Any, **described: Any) -> Any:
        dependant = described["dependant"]
        function = dependant.call

        def wrapped(**values: Any) -> Any:
            seen.append("function")
            return function(**values)

        dependant.call = wrapped
        handler = original(*args, **described)

        async def handle(request: Request) -> Any:
            seen.append("handler")
            return await handler(request)

        return handle

    monkeypatch.setattr(routing, "get_request_handler", standing_in)
    return seen


def test_a_tool_may_stand_in_for_the_request_handler(stand_in: list[str]) -> None:
    app, router = FastAPI(), APIRouter()

    @router.get("/double/{number}")
    def double(number: int) -> int:
        return 2 * number

    app.include_router(router, prefix="/in")
    client = TestClient(app)

    assert client.get("/in/double/4").json() == 8
    assert client.get("/in/double/5").json() == 10
    assert stand_in == ["handler", "function"] * 2


def test_without_a_stand_in_the_compiled_endpoint_serves() -> None:
    assert "get_route_handler" not in vars(routing.APIRoute)


def test_the_ping_interval_is_the_one_of_the_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "_PING_INTERVAL", 0.5)

    assert streams.PING_SECONDS == 0.5
    assert routing._PING_INTERVAL == 0.5
