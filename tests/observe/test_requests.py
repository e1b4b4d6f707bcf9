"""Requests and WebSockets are told to who watches an application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from tests.observe.seen import Seen, Waits
from trivet import App, BackgroundTasks, Router, StreamingResponse, WebSocket
from trivet.http.exchange import Exchange
from trivet.routing.watched import Watched
from trivet.testing import LiveServer, TestClient
from trivet.watching import Count, Happening

STATUS = "http.response.status_code"


def site() -> App:
    app = App()
    router = Router(prefix="/shop")

    @app.get("/books/{number}")
    def book(number: int) -> int:
        return number

    @router.get("/{name:path}")
    async def page(name: str) -> str:
        await asyncio.sleep(0)
        return name

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("it is broken")

    @app.get("/streamed")
    async def streamed() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"a"
            yield b"b"

        return StreamingResponse(parts(), status_code=203)

    @app.websocket("/chat/{room}")
    async def chat(socket: WebSocket, room: str) -> None:
        await socket.accept()
        await socket.send_text(room)
        await socket.close()

    app.include_router(router)
    return app


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def client(seen: Seen) -> TestClient:
    app = site()
    app.watch(seen)
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("path", "name", "route", "status"),
    [
        ("/books/7", "GET /books/{number}", "/books/{number}", 200),
        ("/books/seven", "GET /books/{number}", "/books/{number}", 422),
        ("/shop/a/b", "GET /shop/{name}", "/shop/{name}", 200),
        ("/streamed", "GET /streamed", "/streamed", 203),
        ("/nowhere/1", "GET", None, 404),
    ],
)
def test_request_has_the_name_of_its_route(
    client: TestClient, seen: Seen, path: str, name: str, route: str | None, status: int
) -> None:
    client.get(path)

    (told,) = seen.of("request")
    assert told.name == name
    assert told.facts.get("http.route") == route
    assert told.facts["http.request.method"] == "GET"
    assert told.facts[STATUS] == status
    assert told.ended is not None
    assert told.error is None


def test_methods_that_nobody_knows_are_one(client: TestClient, seen: Seen) -> None:
    client.request("BREW", "/books/7")
    client.request("POUR", "/nowhere")

    assert seen.names("request") == ["HTTP", "HTTP"]
    assert [one.facts["http.request.method"] for one in seen.all] == ["_OTHER", "_OTHER"]


def test_error_that_nobody_handles_is_told_with_its_answer(client: TestClient, seen: Seen) -> None:
    client.get("/broken")

    (told,) = seen.of("request")
    assert isinstance(told.error, ValueError)
    assert told.facts[STATUS] == 500


def test_background_tasks_are_no_part_of_how_long_it_took(seen: Seen) -> None:
    app = App()
    ended: list[float | None] = []

    @app.get("/")
    async def index(tasks: BackgroundTasks) -> None:
        await asyncio.sleep(0)
        tasks.add_task(lambda: ended.append(seen.begun[0].ended))

    app.watch(seen)
    TestClient(app).get("/")

    assert ended == [seen.all[0].ended]
    assert ended != [None]


def test_websocket_is_told_from_its_opening_to_its_end(client: TestClient, seen: Seen) -> None:
    with client.websocket_connect("/chat/kitchen") as socket:
        assert socket.receive_text() == "kitchen"

    assert seen.names("websocket") == ["WS /chat/{room}"]


def test_requests_are_told_on_the_socket_as_well(seen: Seen) -> None:
    app = site()
    app.watch(seen)

    with LiveServer(app) as server:
        for path in ("/books/7", "/shop/x", "/streamed"):
            httpx2.get(server.url + path)

    assert [one.facts[STATUS] for one in seen.of("request")] == [200, 200, 203]


def test_exchange_is_told_and_not_held(client: TestClient, seen: Seen) -> None:
    client.get("/shop/x")
    exchange: Exchange = seen.all[0].facts["trivet.exchange"]

    assert exchange.path == "/shop/x"
    assert exchange.on_answered is None


def test_nothing_stands_around_a_route_that_nobody_watches(seen: Seen) -> None:
    app = site()
    unwatched = app.built().table.fixed["/broken"]["GET"]

    app.watch(seen)

    assert not isinstance(unwatched, Watched)
    assert isinstance(app.built().table.fixed["/broken"]["GET"], Watched)


def test_watcher_that_raises_breaks_nothing(seen: Seen, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def begins(self, happening: Happening) -> None:
            raise RuntimeError("at the beginning")

        def ends(self, happening: Happening) -> None:
            raise RuntimeError("at the end")

    app = site()
    app.watch(Broken())
    app.watch(seen)

    assert TestClient(app).get("/books/7").json() == 7
    assert TestClient(app).get("/shop/x").json() == "x"
    assert len(seen.all) == 2
    assert "failed on a request" in caplog.text


class Counts(Seen):
    """Chooses no request, and counts them all."""

    def __init__(self) -> None:
        super().__init__()
        self.counted: list[BaseException | None] = []

    def counting(self, name: str, facts: dict[str, Any]) -> Count:
        return lambda exchange, status, seconds, error: self.counted.append(error)


def test_work_that_is_closed_before_its_first_step_is_told_as_ended(seen: Seen) -> None:
    exchange: Any = SimpleNamespace(method="GET", on_answered=None)
    target = Watched(Waits(), "/late", [seen])

    work: Any = target.begin(exchange)
    work.close()
    work.close()

    (late,) = seen.of("request")
    assert (late.name, type(late.error)) == ("GET /late", asyncio.CancelledError)


def test_work_that_is_closed_before_its_first_step_is_counted() -> None:
    counts = Counts()
    exchange: Any = SimpleNamespace(method="GET", on_answered=None)

    work: Any = Watched(Waits(), "/late", [counts]).begin(exchange)
    work.close()

    (error,) = counts.counted
    assert isinstance(error, asyncio.CancelledError)


async def test_work_that_is_closed_later_is_told_once(seen: Seen) -> None:
    exchange: Any = SimpleNamespace(method="GET", on_answered=None)
    task = asyncio.ensure_future(as_task(Watched(Waits(), "/late", [seen]).begin(exchange)))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    (late,) = seen.of("request")
    assert isinstance(late.error, asyncio.CancelledError)


async def as_task(work: Any) -> None:
    await work
