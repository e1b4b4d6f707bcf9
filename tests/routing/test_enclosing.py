"""What encloses a route: it may answer in its place, may wait, and sees what the route answers."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from trivet import App, Depends, HTTPException, Request, StreamingResponse
from trivet.http.exchange import Answer, Exchange, Head
from trivet.middleware.hook import Hook
from trivet.routing.enclosing import Enclosing, Enclosure, Visit, enclosed
from trivet.routing.state import RouteState
from trivet.testing import LiveServer, TestClient, async_client


class Noting(Enclosing):
    """Notes what happens; `early` and `instead` answer in the route's place."""

    def __init__(self, name: str, notes: list[str]) -> None:
        self.name = name
        self.notes = notes
        self.early: Answer | None = None
        self.instead: Answer | None = None
        self.raising: Exception | None = None

    def around(self, app: Any, route: RouteState) -> Enclosure:
        return NotingEnclosure(self)


class NotingEnclosure(Enclosure):
    def __init__(self, noting: Noting) -> None:
        self.noting = noting

    def visit(self, exchange: Exchange) -> Answer | Visit:
        if self.noting.early is not None:
            return self.noting.early
        return NotingVisit(self.noting)


class NotingVisit(Visit):
    def __init__(self, noting: Noting) -> None:
        self.noting = noting

    def note(self, what: str) -> None:
        self.noting.notes.append(f"{self.noting.name} {what}")

    async def enter(self) -> Answer | None:
        await asyncio.sleep(0)
        self.note("enter")
        if self.noting.raising is not None:
            raise self.noting.raising
        return self.noting.instead

    async def answered(self, answer: Answer) -> Answer:
        self.note(f"answered {answer.status}")
        return Answer(answer.head, answer.body, [*(answer.extra or ()), (b"x-seen", b"yes")])

    async def left(self, error: BaseException | None) -> None:
        self.note(f"left {type(error).__name__ if error else ''}".rstrip())


class Named(Hook):
    name = "named"

    def after(self, exchange: Exchange, answer: Answer) -> Answer:
        return Answer(answer.head, answer.body, [*(answer.extra or ()), (b"x-hook", b"yes")])


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def noting(notes: list[str]) -> Noting:
    return Noting("one", notes)


@pytest.fixture
def app(noting: Noting, notes: list[str]) -> App:
    app = App(hooks=[Named()])

    def needed() -> None:
        notes.append("dependency")

    @app.get("/")
    @enclosed(noting)
    async def plain(here: None = Depends(needed)) -> str:
        notes.append("handler")
        return "route"

    @app.get("/stream")
    @enclosed(noting)
    async def stream() -> StreamingResponse:
        return StreamingResponse(iter([b"a", b"b"]))

    @app.get("/missing")
    @enclosed(noting)
    async def missing() -> None:
        raise HTTPException(404)

    @app.get("/broken")
    @enclosed(noting)
    async def broken(request: Request) -> None:
        await asyncio.sleep(0)
        raise LookupError("broken")

    @app.get("/hang")
    @enclosed(noting)
    async def hang() -> None:
        notes.append("hanging")
        await asyncio.Event().wait()

    return app


def test_it_sees_the_answer_of_its_route(app: App, notes: list[str]) -> None:
    response = TestClient(app).get("/")

    assert response.json() == "route"
    assert response.headers["x-seen"] == response.headers["x-hook"] == "yes"
    assert notes == ["one enter", "dependency", "handler", "one answered 200", "one left"]


@pytest.mark.parametrize("way", ["early", "instead"])
def test_it_answers_in_the_place_of_the_route_and_its_dependencies(
    app: App, noting: Noting, notes: list[str], way: str
) -> None:
    setattr(noting, way, Answer(Head(200), b"instead"))

    response = TestClient(app).get("/")

    assert response.text == "instead"
    assert response.headers["x-hook"] == "yes"
    assert notes == ([] if way == "early" else ["one enter", "one left"])


def test_it_does_not_see_streams_and_sees_refusals(app: App, notes: list[str]) -> None:
    client = TestClient(app, raise_server_exceptions=False)

    assert client.get("/stream").text == "ab"
    assert client.get("/missing").headers["x-seen"] == "yes"
    assert client.get("/broken").status_code == 500
    assert notes == [
        *("one enter", "one left"),
        *("one enter", "one answered 404", "one left"),
        *("one enter", "one answered 500", "one left LookupError"),
    ]


def test_what_it_raises_is_answered_like_any_error(
    app: App, noting: Noting, notes: list[str]
) -> None:
    noting.raising = HTTPException(418, "short and stout")

    response = TestClient(app).get("/")

    assert (response.status_code, response.json()) == (418, {"detail": "short and stout"})
    assert response.headers["x-hook"] == "yes"
    assert notes == ["one enter", "one left"]


def test_of_several_the_nearest_to_the_handler_is_innermost(notes: list[str]) -> None:
    app = App()

    @app.get("/")
    @enclosed(Noting("outer", notes))
    @enclosed(Noting("inner", notes))
    async def handler() -> None: ...

    TestClient(app).get("/")

    assert notes == [
        *("outer enter", "inner enter", "inner answered 200", "outer answered 200"),
        *("inner left", "outer left"),
    ]


async def test_it_is_told_when_the_work_is_cancelled(app: App, notes: list[str]) -> None:
    async with async_client(app) as client:
        asking = asyncio.create_task(client.get("/hang"))
        while "hanging" not in notes:  # noqa: ASYNC110  # the handler notes it
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    assert notes == ["one enter", "hanging", "one left CancelledError"]


def test_routes_without_one_are_served_as_ever(app: App) -> None:
    @app.get("/bare")
    async def bare() -> str:
        return "bare"

    assert "x-seen" not in TestClient(app).get("/bare").headers


def test_it_stands_on_the_socket_as_on_asgi(app: App, notes: list[str]) -> None:
    with LiveServer(app) as server:
        with TestClient(app) as client:
            over_asgi = client.get("/").headers
        over_socket = _get(server.host, server.port)

    assert over_asgi["x-seen"] == "yes"
    assert b"x-seen: yes" in over_socket


def _get(host: str, port: int) -> bytes:
    with socket.create_connection((host, port), 5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        found = b""
        while more := connection.recv(65536):
            found += more
    return found
