"""Streams let others run, keep quiet connections alive, and end with their client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from trivet.http.streaming import PacedResponse


class OwnError(Exception):
    pass


async def collected(response: PacedResponse) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await response.stream_response(send)
    return sent


async def test_chunks_are_sent_as_they_come_and_texts_are_encoded() -> None:
    async def chunks() -> AsyncIterator[Any]:
        yield "é"
        yield b"x"
        yield memoryview(b"y")

    start, *bodies = await collected(PacedResponse(chunks(), 201, media_type="text/plain"))

    assert start["status"] == 201
    assert b"".join(bytes(message["body"]) for message in bodies) == "éxy".encode()
    assert [message["more_body"] for message in bodies] == [True, True, True, False]


async def test_a_stream_that_never_waits_lets_others_run() -> None:
    ran = asyncio.Event()
    asyncio.get_running_loop().call_soon(ran.set)

    async def chunks() -> AsyncIterator[bytes]:
        while not ran.is_set():
            yield b"x"

    await collected(PacedResponse(chunks()))

    assert ran.is_set()


async def test_a_quiet_stream_is_kept_alive() -> None:
    pinged = asyncio.Event()
    sent: list[bytes] = []

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))
        if message.get("body") == b": ping\n\n":
            pinged.set()

    async def chunks() -> AsyncIterator[bytes]:
        yield b"first"
        await pinged.wait()
        yield b"last"

    response = PacedResponse(chunks(), ping=b": ping\n\n", ping_seconds=0.01)
    await response.stream_response(send)

    assert sent[1] == b"first"
    assert sent.index(b": ping\n\n") < sent.index(b"last")
    assert sent[-1] == b""


@pytest.mark.parametrize("ping", [None, b": ping\n\n"])
async def test_an_error_of_a_stream_comes_through_as_it_is(ping: bytes | None) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"x"
        raise OwnError

    with pytest.raises(OwnError):
        await collected(PacedResponse(chunks(), ping=ping))


@pytest.mark.parametrize("ping", [None, b": ping\n\n"])
async def test_a_client_that_leaves_ends_the_stream(ping: bytes | None) -> None:
    closed, began = asyncio.Event(), asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        try:
            yield b"x"
            await asyncio.Event().wait()
        finally:
            closed.set()

    async def send(message: Any) -> None:
        if message.get("body"):
            began.set()

    async def receive() -> Any:
        await began.wait()
        return {"type": "http.disconnect"}

    response = PacedResponse(chunks(), ping=ping)
    await response({"type": "http", "asgi": {"spec_version": "2.3"}}, receive, send)

    assert closed.is_set()
