"""The clients call an application as a real one would, with its lifespan around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.responses import RedirectResponse

from trivet import App, Request, WebSocket
from trivet.testing import LifespanFailed, TestClient, async_client, running


def make_app(events: list[str]) -> App:
    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[dict[str, str]]:
        events.append("start")
        yield {"name": "Ann"}
        events.append("stop")

    app = App(lifespan=lifespan)

    @app.get("/name")
    async def name(request: Request) -> dict[str, str | None]:
        return {"name": request.state.name, "agent": request.headers.get("user-agent")}

    @app.get("/old")
    async def old() -> RedirectResponse:
        return RedirectResponse("/name")

    @app.get("/broken")
    async def broken() -> None:
        raise LookupError("not here")

    @app.websocket("/echo")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        await socket.close()

    return app


def test_blocking_client_runs_the_lifespan_and_follows_redirects() -> None:
    events: list[str] = []

    with TestClient(make_app(events)) as client:
        answer = client.get("/old")

    assert answer.json() == {"name": "Ann", "agent": "testclient"}
    assert events == ["start", "stop"]


def test_blocking_client_opens_websockets() -> None:
    with TestClient(make_app([])).websocket_connect("/echo") as socket:
        socket.send_text("hello")

        assert socket.receive_text() == "hello"


async def test_awaiting_client_runs_the_lifespan_and_follows_redirects() -> None:
    events: list[str] = []

    async with async_client(make_app(events)) as client:
        answer = await client.get("/old")
        assert events == ["start"]

    assert answer.json() == {"name": "Ann", "agent": "testclient"}
    assert events == ["start", "stop"]


async def test_awaiting_client_sends_what_it_was_given() -> None:
    app = App()

    @app.get("/seen")
    async def seen(request: Request) -> list[str]:
        return [request.headers["x-token"], request.cookies["who"], request.url.hostname or ""]

    async with async_client(
        app, headers={"x-token": "t"}, cookies={"who": "ann"}, base_url="http://shop.example"
    ) as client:
        answer = await client.get("/seen")

    assert answer.json() == ["t", "ann", "shop.example"]


async def test_error_of_a_handler_is_raised_in_the_test() -> None:
    async with async_client(make_app([])) as client:
        with pytest.raises(LookupError, match="not here"):
            await client.get("/broken")


async def test_error_of_a_handler_is_a_500_where_that_is_wanted() -> None:
    async with async_client(make_app([]), raise_app_exceptions=False) as client:
        answer = await client.get("/broken")

    assert answer.status_code == 500


async def test_error_in_the_block_comes_through_unchanged_after_the_stop() -> None:
    events: list[str] = []

    with pytest.raises(ZeroDivisionError):
        async with async_client(make_app(events)):
            _ = 1 / 0

    assert events == ["start", "stop"]


@pytest.mark.parametrize("fails", ["start", "stop"])
async def test_error_of_the_lifespan_is_raised(fails: str) -> None:
    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[None]:
        if fails == "start":
            raise LookupError("no database")
        yield
        raise LookupError("no database")

    entered = []
    with pytest.raises(LookupError, match="no database"):
        async with running(App(lifespan=lifespan)):
            entered.append(True)

    assert entered == ([True] if fails == "stop" else [])


async def test_application_that_says_that_it_failed_is_believed() -> None:
    async def app(scope, receive, send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(LifespanFailed, match="no database"):
        async with running(app):
            pytest.fail("it did not start")
