"""A stream of events does not hold up a graceful stop; other streams are waited for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import httpx2

from trivet import App, EventSourceResponse, StreamingResponse
from trivet.testing import LiveServer


def test_a_stream_of_events_ends_whole_and_its_handler_cleans_up() -> None:
    app = App()
    ended = threading.Event()

    @app.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            ended.set()

    with httpx2.Client() as http, LiveServer(app) as server:
        stopping = threading.Thread(target=server.__exit__, args=(None, None, None))
        with http.stream("GET", f"{server.url}/events") as response:
            lines = response.iter_lines()
            assert next(lines) == "data: 1"
            stopping.start()
            assert list(lines) == [""]  # and no error: the last chunk has come
        stopping.join()

    assert ended.is_set()


def test_another_stream_is_waited_for() -> None:
    app = App()
    go_on = threading.Event()

    async def parts() -> AsyncIterator[str]:
        yield "begin "
        await asyncio.to_thread(go_on.wait)
        yield "end"

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(parts())

    with httpx2.Client() as http, LiveServer(app) as server:
        stopping = threading.Thread(target=server.__exit__, args=(None, None, None))
        with http.stream("GET", f"{server.url}/stream") as response:
            chunks = response.iter_text()
            assert next(chunks) == "begin "
            stopping.start()
            go_on.set()
            assert "".join(chunks) == "end"
        stopping.join()
