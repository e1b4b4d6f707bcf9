"""examples/rooms.py, talked in with the websockets package."""

from __future__ import annotations

import asyncio
import json
import random
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from tests.examples.schema_testing import check_schema
from tests.examples.serving import Example, serving


@pytest.fixture(scope="module")
def example() -> Iterator[Example]:
    with serving("examples/rooms.py", ROOMS_PATIENCE="1", ROOMS_PAUSE="0.001") as running:
        yield running


def address(example: Example, room: str, name: str) -> str:
    return f"ws://127.0.0.1:{example.port}/rooms/{room}/socket?name={name}"


async def heard(connection: ClientConnection) -> dict[str, Any]:
    """Give the next event, without the time at which it happened."""
    event: dict[str, Any] = json.loads(await asyncio.wait_for(connection.recv(), 20))
    del event["at"]
    return event


def told(kind: str, name: str, members: int, text: str = "") -> dict[str, Any]:
    return {"kind": kind, "name": name, "text": text, "members": members}


async def test_everybody_in_a_room_hears_what_is_said(example: Example) -> None:
    async with connect(address(example, "tea", "Alice")) as alice:
        assert await heard(alice) == told("joined", "Alice", 1)
        async with connect(address(example, "tea", "Hatter")) as hatter:
            assert await heard(alice) == told("joined", "Hatter", 2)
            assert await heard(hatter) == told("joined", "Hatter", 2)

            await hatter.send("No room! ☕")

            assert await heard(alice) == told("said", "Hatter", 2, "No room! ☕")
            assert await heard(hatter) == told("said", "Hatter", 2, "No room! ☕")
        assert await heard(alice) == told("left", "Hatter", 1)


async def test_other_rooms_hear_nothing(example: Example) -> None:
    async with (
        connect(address(example, "hall", "Alice")) as alice,
        connect(address(example, "garden", "Queen")) as queen,
    ):
        await heard(alice)
        await heard(queen)
        await queen.send("Off with their heads!")
        await heard(queen)
        await alice.send("Curious")

        assert await heard(alice) == told("said", "Alice", 1, "Curious")


async def is_empty(http: httpx2.AsyncClient, room: str) -> bool:
    """Ask until nobody is in the room: the server notices a moment after the client."""
    for _ in range(200):
        if (await http.get(f"/rooms/{room}")).status_code == 404:
            return True
        await asyncio.sleep(0.02)
    return False


async def test_rooms_are_listed_while_somebody_is_there(example: Example) -> None:
    async with httpx2.AsyncClient(base_url=example.url) as http:
        async with connect(address(example, "listed", "Alice")) as alice:
            await heard(alice)
            assert {"name": "listed", "members": ["Alice"]} in (await http.get("/rooms")).json()
            assert (await http.get("/rooms/listed")).json()["members"] == ["Alice"]

        assert await is_empty(http, "listed")


async def test_a_member_who_vanishes_has_left(example: Example) -> None:
    async with connect(address(example, "gone", "Alice")) as alice:
        await heard(alice)
        async with connect(address(example, "gone", "Cat")) as cat:
            assert await heard(alice) == told("joined", "Cat", 2)

            cat.transport.abort()

            assert await heard(alice) == told("left", "Cat", 1)


async def closing(connection: ClientConnection) -> tuple[int, str]:
    """Read until the connection ends; gives the close code and the reason."""
    with suppress(ConnectionClosedError):
        async with asyncio.timeout(20):
            async for _ in connection:
                pass
    assert connection.close_code is not None
    return connection.close_code, connection.close_reason or ""


async def test_a_name_that_is_taken_is_told(example: Example) -> None:
    async with connect(address(example, "twins", "Dee")) as first:
        await heard(first)
        async with connect(address(example, "twins", "Dee")) as second:
            assert await closing(second) == (1008, "Dee is here already")
        await first.send("Contrariwise")
        assert await heard(first) == told("said", "Dee", 1, "Contrariwise")


@pytest.mark.parametrize(
    ("frame", "code"), [(b"bytes", 1003), ("x" * 2001, 1009)], ids=["binary", "too-long"]
)
async def test_what_is_no_message_ends_the_connection(
    example: Example, frame: str | bytes, code: int
) -> None:
    async with connect(address(example, "rules", "Duchess")) as duchess:
        await duchess.send(frame)

        assert (await closing(duchess))[0] == code


@pytest.mark.parametrize(
    ("room", "name"), [("tea", ""), ("tea", "x" * 41), ("tea", "a%2Fb"), ("x" * 41, "Alice")]
)
async def test_names_that_do_not_fit_are_refused(example: Example, room: str, name: str) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(address(example, room, name)):
            pass

    assert caught.value.response.status_code == 403


@pytest.mark.slow
async def test_a_slow_reader_is_sent_away_and_holds_nobody_up(example: Example) -> None:
    """One member stops reading, with a small window; the others hear all that is said."""
    dice = random.Random(1)
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.setblocking(False)
    await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", example.port))
    url = address(example, "busy", "Dormouse")
    async with connect(address(example, "busy", "Hare"), compression=None) as hare:
        assert (await heard(hare))["kind"] == "joined"
        async with connect(
            url, sock=narrow, compression=None, max_queue=1, ping_interval=None, close_timeout=0.1
        ):
            assert (await heard(hare)) == told("joined", "Dormouse", 2)

            said = 0
            while True:
                text = "".join(dice.choices("abcdefgh", k=2000))
                await hare.send(text)
                said += 1
                event = await heard(hare)
                if event["kind"] == "left":
                    break
                assert event["text"] == text
                assert said < 10_000, "the slow reader is still there"

            assert event == told("left", "Dormouse", 1)
            assert (await heard(hare))["text"] == text


async def test_the_page_is_there(example: Example) -> None:
    async with httpx2.AsyncClient(base_url=example.url) as http:
        page = await http.get("/")

    assert page.headers["content-type"].startswith("text/html")
    assert "new WebSocket" in page.text


@pytest.mark.slow
@pytest.mark.timeout(180)  # bounded by the number of requests, on a busy machine too
def test_generated_requests_are_answered(example: Example, tmp_path: Path) -> None:
    check_schema(example, tmp_path)
