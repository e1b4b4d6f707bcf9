"""Server-sent events: the same channels, and Last-Event-ID."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from tests.realtime.rooms import Rooms
from trivet.realtime.events import places_of
from trivet.testing import LiveServer

LONG = 20.0


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with LiveServer(Rooms().app) as found:
        yield found


class Events:
    """What comes over a stream: pairs of an id and a frame."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self) -> tuple[str | None, dict[str, Any]]:
        place = None
        async with asyncio.timeout(LONG):
            async for line in self._lines:
                if line.startswith("id: "):
                    place = line[4:]
                elif line.startswith("data: "):
                    return place, json.loads(line[6:])
        raise AssertionError("the stream has ended")


@asynccontextmanager
async def reading(
    server: LiveServer, query: str, headers: dict[str, str] | None = None
) -> AsyncIterator[Events]:
    async with (
        httpx2.AsyncClient(base_url=server.url, timeout=LONG) as http,
        http.stream("GET", f"/realtime/events?{query}", headers=headers or {}) as response,
    ):
        yield Events(response)


async def said(server: LiveServer, room: int, *texts: str) -> None:
    async with httpx2.AsyncClient(base_url=server.url) as http:
        for text in texts:
            assert (await http.post(f"/rooms/{room}?text={text}")).status_code == 200


async def test_messages_come_as_events_with_ids(server: LiveServer) -> None:
    async with reading(server, "channel=rooms/1") as events:
        assert events.response.headers["content-type"].startswith("text/event-stream")
        start, first = await events.next()
        await said(server, 1, "one")
        place, frame = await events.next()

        assert first["type"] == "subscribed"
        assert first["id"] == start
        assert frame["data"]["text"] == "one"
        assert frame["id"] == place


async def test_a_browser_that_comes_again_gets_what_it_missed(server: LiveServer) -> None:
    async with reading(server, "channel=rooms/2") as events:
        start, _ = await events.next()
        assert start is not None
    await said(server, 2, "one", "two")

    async with reading(server, "channel=rooms/2", {"last-event-id": start}) as events:
        await events.next()
        assert [(await events.next())[1]["data"]["text"] for _ in range(2)] == ["one", "two"]


async def test_ids_of_several_channels_go_on_with_all_of_them(server: LiveServer) -> None:
    query = "channel=rooms/3&channel=news&channel=rooms/4"
    async with reading(server, query) as events:
        for _ in range(3):
            await events.next()
        await said(server, 3, "three")
        place, frame = await events.next()
        assert frame["data"]["text"] == "three"
        assert place is not None
    await said(server, 3, "more three")
    await said(server, 4, "four")

    async with reading(server, query, {"last-event-id": place}) as events:
        for _ in range(3):
            await events.next()
        found = {(await events.next())[1]["data"]["text"] for _ in range(2)}
        assert found == {"more three", "four"}


async def test_a_place_that_nobody_knows_is_a_gap(server: LiveServer) -> None:
    await said(server, 5, "kept")
    async with reading(server, "channel=rooms/5&after=elsewhere.1") as events:
        await events.next()

        assert (await events.next())[1] == {"type": "gap", "channel": "rooms/5"}
        assert (await events.next())[1]["data"]["text"] == "kept"


@pytest.mark.parametrize(
    ("channel", "status"),
    [("rooms/x", 404), ("rooms/700", 403), ("rooms/401", 401), ("nowhere", 404)],
)
async def test_what_is_refused_has_a_status(server: LiveServer, channel: str, status: int) -> None:
    async with httpx2.AsyncClient(base_url=server.url) as http:
        answer = await http.get(f"/realtime/events?channel={channel}")

    assert answer.status_code == status


async def test_of_several_channels_those_that_are_refused_are_told(server: LiveServer) -> None:
    async with reading(server, "channel=rooms/700&channel=rooms/6") as events:
        frames = [(await events.next())[1] for _ in range(2)]

    assert [one["type"] for one in frames] == ["error", "subscribed"]
    assert frames[0]["code"] == 4403


async def test_a_browser_may_have_all_refusals_as_events(server: LiveServer) -> None:
    async with httpx2.AsyncClient(base_url=server.url) as http:
        answer = await http.get("/realtime/events?channel=rooms/700&refusals=events")

    assert answer.status_code == 200
    assert '"code":4403' in answer.text


async def test_clients_of_events_publish_by_requests(server: LiveServer) -> None:
    async with (
        reading(server, "channel=rooms/7") as events,
        httpx2.AsyncClient(base_url=server.url) as http,
    ):
        await events.next()
        message = {"channel": "rooms/7", "data": {"text": "hello"}}
        sent = await http.post("/realtime/publish", json=message)
        wrong = await http.post("/realtime/publish", json={"channel": "rooms/7", "data": {}})
        mute = await http.post("/realtime/publish?name=mute", json=message)
        closed = await http.post("/realtime/publish", json={**message, "channel": "news"})

        assert (await events.next())[1]["data"]["text"] == "hello"
    assert (sent.status_code, sent.content) == (204, b"")
    assert wrong.status_code == 422
    assert wrong.json()["detail"][0]["loc"] == ["body", "data", "text"]
    assert (mute.status_code, closed.status_code) == (403, 403)


@pytest.mark.parametrize("path", ["/realtime/events?channel=news", "/realtime/publish"])
async def test_pages_of_other_origins_are_kept_out(server: LiveServer, path: str) -> None:
    headers = {"origin": "https://evil.example"}
    async with httpx2.AsyncClient(base_url=server.url, headers=headers) as http:
        if path.endswith("publish"):
            answer = await http.post(path, json={"channel": "mixed", "data": 1})
        else:
            answer = await http.get(path)

    assert answer.status_code == 403


async def test_the_clients_script_is_there_and_small(server: LiveServer) -> None:
    async with httpx2.AsyncClient(base_url=server.url) as http:
        answer = await http.get("/realtime/client.js")

    assert answer.headers["content-type"].startswith("text/javascript")
    assert "export const connect" in answer.text


async def test_streams_end_when_the_server_does() -> None:
    with LiveServer(Rooms().app, patience=10.0) as server:
        async with reading(server, "channel=news") as events:
            await events.next()
            await asyncio.to_thread(server.__exit__, None, None, None)

            with pytest.raises(AssertionError, match="ended"):
                await events.next()
        server.__exit__ = lambda *_: None  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("last_event_id", "after", "places"),
    [
        (None, [], [None, None]),
        (None, ["a.1", ""], ["a.1", None]),
        ("a.1,-", ["b.2", "b.3"], ["a.1", None]),
        ("a.1", [], ["?", "?"]),
        (None, ["a.1"], ["?", "?"]),
    ],
)
def test_places_are_read_in_the_order_of_the_channels(
    last_event_id: str | None, after: list[str], places: list[str | None]
) -> None:
    assert places_of(last_event_id, after, 2) == places
