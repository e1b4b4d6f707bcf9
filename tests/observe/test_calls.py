"""Calls of HTTP clients, told to who watches."""

from __future__ import annotations

from typing import Any

import httpx
import httpx2
import pytest

from tests.observe.receiver import Receiver
from trivet import App
from trivet.observe.calls import Calls, watched_transport
from trivet.watching import Happening


class Seen:
    """A watcher that keeps what it is told, and adds a header to calls."""

    def __init__(self) -> None:
        self.began: list[Happening] = []
        self.ended: list[Happening] = []

    def begins(self, happening: Happening) -> None:
        self.began.append(happening)
        happening.facts["trivet.headers"]["x-seen"] = "yes"

    def ends(self, happening: Happening) -> None:
        self.ended.append(happening)


@pytest.mark.parametrize("library", [httpx, httpx2])
async def test_call_is_told_by_both_libraries(library: Any, receiver: Receiver) -> None:
    seen = Seen()
    transport = watched_transport(library.AsyncHTTPTransport(), [seen])

    async with library.AsyncClient(transport=transport) as client:
        answer = await client.get(f"http://ann:secret@127.0.0.1:{receiver.port}/books?q=1")

    assert answer.json() == {}
    (call,) = seen.ended
    assert (call.kind, call.name) == ("call", "GET")
    assert call.facts["http.response.status_code"] == 200
    assert call.facts["server.address"] == "127.0.0.1"
    assert call.facts["trivet.url"] == f"http://127.0.0.1:{receiver.port}/books?q=1"
    assert receiver.posted[0].headers["x-seen"] == "yes"


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_client_that_is_not_asynchronous_is_told_too(library: Any, receiver: Receiver) -> None:
    seen = Seen()
    transport = watched_transport(library.HTTPTransport(), [seen])

    with library.Client(transport=transport) as client:
        client.get(f"http://127.0.0.1:{receiver.port}/missing")

    assert [one.facts["http.response.status_code"] for one in seen.ended] == [404]


async def test_call_that_fails_is_told_with_its_error() -> None:
    seen = Seen()
    transport = watched_transport(httpx2.AsyncHTTPTransport(), [seen])

    async with httpx2.AsyncClient(transport=transport) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get("http://127.0.0.1:9/")

    assert isinstance(seen.ended[0].error, httpx2.ConnectError)


async def test_nobody_who_watches_changes_nothing(receiver: Receiver) -> None:
    transport = Calls().watched(httpx2.AsyncHTTPTransport())

    async with httpx2.AsyncClient(transport=transport) as client:
        await client.get(f"http://127.0.0.1:{receiver.port}/books")

    assert "x-seen" not in receiver.posted[0].headers


async def test_client_that_was_made_before_is_watched_too(receiver: Receiver) -> None:
    app, seen = App(), Seen()
    calls = app.use(Calls())
    transport = calls.watched(httpx2.AsyncHTTPTransport())
    app.watch(seen)

    async with httpx2.AsyncClient(transport=transport) as client:
        await client.get(f"http://127.0.0.1:{receiver.port}/books")

    assert len(seen.ended) == 1
