"""The lifespan of an ASGI application of any make: it is started and stopped in a task of its own.

We are the server here. As with servers, an application that ends or raises before it says that it
has started is taken to know no lifespan; one that says that it failed stops ours from starting.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio

from trivet.http.exchange import ASGIApp, Message

__all__ = ["spoken"]

logger = logging.getLogger("trivet.app")


class _Talk:
    """What is said between us and one application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.state: dict[str, Any] = {}
        self.is_up = False
        self.is_over = False
        self.failure: str | None = None
        self.answered = anyio.Event()
        self.stopping = anyio.Event()
        self._has_asked = False

    async def run(self) -> None:
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        try:
            await self.app(scope, self.receive, self.send)
        except Exception:
            # Said before it is up: most applications refuse scopes that they do not know like so.
            level = logging.ERROR if self.is_up else logging.DEBUG
            logger.log(level, "the lifespan of %r ended with an error", self.app, exc_info=True)
        self.is_over = True
        self.answered.set()

    async def receive(self) -> Message:
        if not self._has_asked:
            self._has_asked = True
            return {"type": "lifespan.startup"}
        await self.stopping.wait()
        return {"type": "lifespan.shutdown"}

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "lifespan.startup.complete":
            self.is_up = True
        elif kind.endswith(".failed"):
            self.failure = message.get("message") or "it did not say why"
        self.answered.set()


@asynccontextmanager
async def spoken(app: ASGIApp) -> AsyncIterator[dict[str, Any]]:
    """Keep an ASGI application started; gives the state that it set. Raises if it cannot start."""
    talk = _Talk(app)
    raised: Exception | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(talk.run)
        await talk.answered.wait()
        if talk.failure is None:
            try:
                yield talk.state
            except Exception as error:  # raised again outside the group, which would wrap it
                raised = error
            if talk.is_up and not talk.is_over:
                talk.answered = anyio.Event()
                talk.stopping.set()
                await talk.answered.wait()
        group.cancel_scope.cancel()
    if raised is not None:
        raise raised
    if talk.failure is not None:
        when = "stop" if talk.is_up else "start"
        raise RuntimeError(f"{app!r}, which is mounted, could not {when}: {talk.failure}")
