"""The watch for a client that leaves, through ASGI: whom it cancels, and whom it lets be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from trivet import App, Request

Message = dict[str, Any]


class Client:
    """One GET request by hand; the client leaves when it is told to."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self.asked = asyncio.Event()
        self.sent: list[Message] = []
        self._has_asked = False

    async def receive(self) -> Message:
        if not self._has_asked:
            self._has_asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        self.asked.set()
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    def ask(self, app: Any) -> asyncio.Task[None]:
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
            "path": "/", "raw_path": b"/", "query_string": b"", "scheme": "http",
            "root_path": "", "headers": [(b"host", b"test")], "client": ("10.0.0.1", 1),
            "server": ("10.0.0.2", 80),
        }  # fmt: skip
        return asyncio.create_task(app(scope, self.receive, self.send))


def serving(handler: Callable[..., Awaitable[Any]]) -> App:
    app = App(openapi_url=None)
    app.get("/")(handler)
    return app


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(work(), 30)

    asyncio.run(limited())


def test_a_handler_that_waits_is_cancelled_and_the_server_sees_no_error() -> None:
    ended: list[str] = []

    async def handler() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.append("ended")

    async def work() -> None:
        client = Client()
        task = client.ask(serving(handler))
        await client.asked.wait()
        client.gone.set()
        await task
        assert (ended, client.sent, task.cancelling()) == (["ended"], [], 0)

    run(work)


def test_a_cancellation_by_the_server_goes_on() -> None:
    async def handler() -> None:
        await asyncio.get_running_loop().create_future()

    async def work() -> None:
        client = Client()
        task = client.ask(serving(handler))
        await client.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(work)


def test_a_handler_that_asks_for_the_disconnect_is_told_before_it_is_cancelled() -> None:
    seen: list[str] = []

    async def handler(request: Request) -> str:
        seen.append((await request.receive())["type"])
        seen.append((await request.receive())["type"])
        return "late"

    async def work() -> None:
        client = Client()
        task = client.ask(serving(handler))
        await client.asked.wait()
        client.gone.set()
        await task

    run(work)

    assert seen == ["http.request", "http.disconnect"]


def test_a_handler_that_polls_sees_that_the_client_left() -> None:
    polled: list[bool] = []
    enough = asyncio.Event()

    async def handler(request: Request) -> None:
        try:
            while True:
                polled.append(await request.is_disconnected())
                if len(polled) == 10:
                    enough.set()
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            polled.append(await request.is_disconnected())
            raise

    async def work() -> None:
        client = Client()
        task = client.ask(serving(handler))
        await enough.wait()
        client.gone.set()
        await task

    run(work)

    assert polled[:10] == [False] * 10
    assert polled[-1] is True


def test_a_body_that_is_read_late_is_whole() -> None:
    bodies: list[bytes] = []

    async def handler(request: Request) -> str:
        await asyncio.sleep(0.15)
        bodies.append(await request.body())
        return "read"

    async def work() -> None:
        client = Client()
        await client.ask(serving(handler))
        assert client.sent[0]["status"] == 200

    run(work)

    assert bodies == [b""]
