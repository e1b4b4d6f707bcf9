"""Clients for tests: one that blocks, one that awaits, both straight into the application.

`TestClient` is Starlette's, so that tests written for FastAPI run as they are. Neither opens a
socket; `trivet.testing.live` does.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Mapping, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import anyio

from trivet.errors import MissingExtraError
from trivet.http.exchange import ASGIApp, Message, Receive, Scope, Send

try:
    import httpx2 as httpx
    from starlette.testclient import TestClient, WebSocketDenialResponse, WebSocketTestSession
except ModuleNotFoundError as error:  # pragma: no cover
    raise MissingExtraError("httpx2", "testing", what="the test client") from error

__all__ = [
    "LifespanFailed",
    "TestClient",
    "WebSocketDenialResponse",
    "WebSocketTestSession",
    "async_client",
    "running",
]


class LifespanFailed(RuntimeError):
    """The application said that it could not start or stop; the message is its own."""


@asynccontextmanager
async def async_client(
    app: ASGIApp,
    *,
    base_url: str = "http://testserver",
    raise_app_exceptions: bool = True,
    root_path: str = "",
    headers: Mapping[str, str] | None = None,
    cookies: Mapping[str, str] | None = None,
    follow_redirects: bool = True,
    client: tuple[str, int] = ("testclient", 50000),
) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client whose requests are awaited, while the application's lifespan runs.

    What a handler raises is raised here too, unless `raise_app_exceptions` is False; then it is
    the 500 that a real client would get. Use it where the test shares an event loop with the
    application. An answer is complete when it is given: for streams that never end, and for
    WebSockets, use `LiveServer` or `TestClient`.
    """
    async with running(app) as state:

        async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
            scope["state"] = dict(state)
            await _in_a_task(app, scope, receive, send)

        transport = httpx.ASGITransport(
            app=with_state,
            raise_app_exceptions=raise_app_exceptions,
            root_path=root_path,
            client=client,
        )
        async with httpx.AsyncClient(
            transport=transport,
            base_url=base_url,
            headers={"user-agent": "testclient", **(headers or {})},
            cookies=dict(cookies or {}),
            follow_redirects=follow_redirects,
        ) as made:
            yield made


@asynccontextmanager
async def running(app: ASGIApp) -> AsyncIterator[MutableMapping[str, Any]]:
    """Keep an ASGI application started, and stop it in the end; gives the state of its lifespan.

    Raises what the application raises, or `LifespanFailed` where it only says that it failed. What
    the block raises comes through unchanged.
    """
    state: dict[str, Any] = {}
    lifespan = _Lifespan(app, state)
    broken: Exception | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(lifespan.run)
        await lifespan.has_answered.wait()
        if lifespan.error is None:
            try:
                yield state
            except Exception as error:
                # Outside the task group, which would put it into a group of exceptions.
                broken = error
        lifespan.is_ending.set()
    if broken is not None:
        raise broken
    if lifespan.error is not None:
        raise lifespan.error


async def _in_a_task(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Call the application as servers do: what it sets in its context stays in its own."""
    broken: Exception | None = None

    async def call() -> None:
        nonlocal broken
        try:
            await app(scope, receive, send)
        except Exception as error:
            broken = error

    async with anyio.create_task_group() as group:
        group.start_soon(call)
    if broken is not None:
        raise broken


class _Lifespan:
    """One conversation in ASGI's lifespan protocol, from the server's side."""

    def __init__(self, app: ASGIApp, state: dict[str, Any]) -> None:
        self._app = app
        self._scope: Scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": state}
        self._asked = 0
        self.has_answered = anyio.Event()
        self.is_ending = anyio.Event()
        self.error: Exception | None = None

    async def run(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
        except Exception as error:
            # The application's own error says more than the message that it sent before.
            self.error = error
        finally:
            self.has_answered.set()

    async def _receive(self) -> Message:
        self._asked += 1
        if self._asked == 1:
            return {"type": "lifespan.startup"}
        if self._asked > 2:
            await anyio.sleep(math.inf)
        await self.is_ending.wait()
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: Message) -> None:
        if message["type"].endswith(".failed"):
            self.error = LifespanFailed(message.get("message", ""))
        self.has_answered.set()
