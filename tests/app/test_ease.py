"""Small comforts: links, HTML, state, background tasks, and what is not taken."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from starlette.background import BackgroundTasks
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import NoMatchFound
from starlette.testclient import TestClient

from trivet.app.application import App
from trivet.binding.markers import Depends
from trivet.errors import ResponseValidationError
from trivet.routing.router import Router


async def greeted(request: Request) -> str:
    request.state.seen = ["dependency"]
    return str(request.app.state.greeting)


def threaded(request: Request, greeting: Annotated[str, Depends(greeted)]) -> str:
    request.state.seen.append("thread")
    return greeting.upper()


def test_links_are_made_by_name_under_prefixes_and_mounts() -> None:
    app, router, inner = App(), Router(prefix="/users"), App()

    @router.get("/{id:int}/posts/{slug}")
    async def post(request: Request, id: int, slug: str) -> dict[str, str]:
        return {
            "absolute": str(request.url_for("post", id=id + 1, slug="next")),
            "inner": str(request.url_for("inner:page", number=7)),
        }

    @inner.get("/page/{number}")
    async def page(request: Request, number: int) -> str:
        return str(request.url_for("page", number=number + 1))

    app.include_router(router, prefix="/api")
    app.mount("/inner", inner, name="inner")
    client = TestClient(app)

    assert app.url_path_for("post", id=1, slug="a") == "/api/users/1/posts/a"
    assert client.get("/api/users/1/posts/a").json() == {
        "absolute": "http://testserver/api/users/2/posts/next",
        "inner": "http://testserver/inner/page/7",
    }
    assert client.get("/inner/page/1").json() == "http://testserver/inner/page/2"
    with pytest.raises(NoMatchFound):
        app.url_path_for("nothing")


def test_text_is_html_by_response_class_of_route_router_or_application() -> None:
    app = App(default_response_class=HTMLResponse)
    plain = Router(default_response_class=PlainTextResponse)

    @app.get("/app")
    async def from_app() -> str:
        return "<b>app</b>"

    @app.get("/thread")
    def from_thread() -> str:
        return "<b>thread</b>"

    @plain.get("/plain")
    async def from_router() -> str:
        return "plain"

    @plain.get("/route", response_class=HTMLResponse)
    async def from_route():  # type: ignore[no-untyped-def]
        return "<b>route</b>"

    @plain.get("/returned")
    async def returned() -> HTMLResponse:
        return HTMLResponse("<b>returned</b>", 201)

    app.include_router(plain)
    client = TestClient(app)

    for path in ("app", "thread", "route", "returned"):
        answer = client.get(f"/{path}")
        assert answer.text == f"<b>{path}</b>"
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert client.get("/plain").headers["content-type"] == "text/plain; charset=utf-8"


def test_a_tuple_is_a_list_and_never_a_status() -> None:
    app = App()

    @app.get("/plain")
    async def plain() -> Any:
        return {"a": 1}, 201

    @app.get("/typed")
    async def typed() -> dict[str, int]:
        return {"a": 1}, 201  # type: ignore[return-value]

    client = TestClient(app)
    answer = client.get("/plain")

    assert (answer.status_code, answer.json()) == (200, [{"a": 1}, 201])
    with pytest.raises(ResponseValidationError):
        client.get("/typed")


def test_state_of_application_and_request_is_there_in_dependencies() -> None:
    app = App()
    app.state.greeting = "hello"

    @app.get("/")
    async def handler(request: Request, text: Annotated[str, Depends(threaded)]) -> list[str]:
        return [text, *request.state.seen]

    client = TestClient(app)

    assert client.get("/").json() == ["HELLO", "dependency", "thread"]
    assert client.get("/").json() == ["HELLO", "dependency", "thread"]


@pytest.mark.parametrize("waits", [True, False])
def test_background_tasks_run_also_after_handlers_that_never_wait(waits: bool) -> None:
    app, log = App(), []

    async def waiting(tasks: BackgroundTasks) -> int:
        await _nothing()
        tasks.add_task(log.append, "done")
        return 1

    async def never(tasks: BackgroundTasks) -> int:
        tasks.add_task(log.append, "done")
        return 1

    app.add_api_route("/", waiting if waits else never)

    assert TestClient(app).get("/").json() == 1
    assert log == ["done"]


async def _nothing() -> None: ...
