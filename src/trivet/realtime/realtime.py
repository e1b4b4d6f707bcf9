"""Channels as a part: `realtime = app.use(Realtime())`.

Owns the back end, what is listened to in this process, and the declared channels.
"""

from __future__ import annotations

import asyncio
import sys
import weakref
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any, TypeVar, overload

from starlette.requests import Request
from starlette.responses import Response

from trivet.app.application import App
from trivet.app.part import Part
from trivet.checks import Finding, Level
from trivet.errors import SetupError
from trivet.openapi.error_shape import FASTAPI, ErrorShape
from trivet.realtime.backends.backend import Backend, Keep
from trivet.realtime.backends.memory import MemoryBackend
from trivet.realtime.channel import Channel, ChannelOptions, Replay
from trivet.realtime.closing import AWAY, Close
from trivet.realtime.errors import BackendAway, MessageTooLarge, NoSuchChannel
from trivet.realtime.hub import Hub
from trivet.realtime.limits import Limits
from trivet.realtime.origin import checked_origins
from trivet.realtime.routes import routes_of
from trivet.realtime.sending import Sending
from trivet.realtime.slow import DropOldest, Slow
from trivet.realtime.socket import Connection
from trivet.realtime.waiting import Waiting
from trivet.routing.router import Router
from trivet.watching import Gauge, Reading

__all__ = ["Realtime"]

M = TypeVar("M")
_SWEEP = 1.0  # seconds between two looks at all connections
_LAST_WORDS = 2.0  # seconds in which what still waits to be published is sent at the end


class Realtime(Part):
    """Channels over WebSockets and server-sent events.

    `backend` carries messages to other workers and machines; without one they stay in the process.
    Clients come in below `prefix`. `origins` are those of pages of other hosts that may connect,
    such as ``https://www.example.com``.
    """

    name = "realtime"

    def __init__(
        self,
        backend: Backend | None = None,
        *,
        prefix: str = "/realtime",
        origins: Collection[str] = (),
        limits: Limits | None = None,
    ) -> None:
        self.backend = backend or MemoryBackend()
        self.prefix = prefix
        self.origins = checked_origins(origins)
        self.limits = limits or Limits()
        self.hub = Hub(self.backend)
        self.channels: list[Channel[Any]] = []
        self.clients: set[Waiting] = set()
        self._connections: set[Connection] = set()
        self._streams: weakref.WeakSet[Waiting] = weakref.WeakSet()
        self._sending = Sending(self.backend)
        self._sweeping: asyncio.Task[None] | None = None
        self._app: App | None = None

    # -- declaring -------------------------------------------------------------------------------

    @overload
    def channel(
        self,
        pattern: str,
        message: type[M],
        *,
        may_subscribe: Callable[..., Any] | None = None,
        may_publish: Callable[..., Any] | None = None,
        public: bool = False,
        replay: Replay | None = None,
        presence: bool = False,
        slow: Slow = DropOldest(),  # noqa: B008  # frozen
    ) -> Channel[M]: ...

    @overload
    def channel(
        self,
        pattern: str,
        message: Any,
        *,
        may_subscribe: Callable[..., Any] | None = None,
        may_publish: Callable[..., Any] | None = None,
        public: bool = False,
        replay: Replay | None = None,
        presence: bool = False,
        slow: Slow = DropOldest(),  # noqa: B008  # frozen
    ) -> Channel[Any]: ...

    def channel(
        self,
        pattern: str,
        message: Any,
        *,
        may_subscribe: Callable[..., Any] | None = None,
        may_publish: Callable[..., Any] | None = None,
        public: bool = False,
        replay: Replay | None = None,
        presence: bool = False,
        slow: Slow = DropOldest(),  # noqa: B008  # frozen
    ) -> Channel[Any]:
        """Declare a channel: ``room = realtime.channel("rooms/{room_id}", Message, …)``.

        `message` is the type of its messages, any that a body may have. `may_subscribe` and
        `may_publish` are functions with parameters and dependencies like handlers', which give
        True for who may; without the second, clients cannot publish. A channel without the first
        has to say that it is `public`. `replay` keeps messages for clients that come again.
        `presence` tells who is there: `may_subscribe` gives a `Member` then. `slow` says what
        becomes of slow clients. Raises `SetupError` for what cannot be so.
        """
        frame = sys._getframe(1)
        where = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        for other in self.channels:
            if other.pattern.text == pattern:
                raise SetupError(
                    f"the channel {pattern!r} is declared twice",
                    code="realtime.declared-twice",
                    where=where,
                    mend="give one of the two another name",
                )
        options = ChannelOptions(may_subscribe, may_publish, public, replay, presence, slow)
        made: Channel[Any] = Channel(self, pattern, message, options, where)
        self.channels.append(made)
        return made

    def find(self, name: str) -> tuple[Channel[Any], tuple[str, ...]]:
        """Give the channel that a name is of, and its parameters as texts.

        The first that was declared decides. Raises `NoSuchChannel`.
        """
        for channel in self.channels:
            texts = channel.pattern.match(name)
            if texts is not None:
                channel.pattern.read(name, texts)
                return channel, texts
        raise NoSuchChannel(f"there is no channel {name!r}")

    # -- publishing and listening ----------------------------------------------------------------

    async def send(self, topic: str, data: bytes, keep: Keep | None, *, at_once: bool) -> None:
        """Send a message that is JSON already, after the commit of what is being written."""
        if not at_once and self._app is not None:
            for part in self._app.parts.values():
                later = getattr(part, "once_committed", None)
                if later is not None and later(
                    lambda: self._sending.after_commit(topic, data, keep)
                ):
                    return
        await self._sending.now(topic, data, keep)

    async def open(self) -> None:
        """Listen to the back end; the application's start does it."""
        if self._sweeping is None:
            self._sweeping = asyncio.create_task(self._sweep())
        await self.hub.open()

    async def close(self) -> None:
        """Let all clients go, send what still waits, and close the back end; for scripts, too."""
        sweeping, self._sweeping = self._sweeping, None
        if sweeping is not None:
            sweeping.cancel()
            await asyncio.gather(sweeping, return_exceptions=True)
        for waiting in (*self.clients, *self._streams):
            waiting.end(Close(AWAY, "the server stops"))
        await self._sending.close(_LAST_WORDS)
        await self.hub.close()

    @contextmanager
    def having(self, waiting: Waiting, connection: Connection) -> Iterator[None]:
        """Look after a connection while the block runs."""
        self.clients.add(waiting)
        self._connections.add(connection)
        try:
            yield
        finally:
            self.clients.discard(waiting)
            self._connections.discard(connection)

    def note(self, waiting: Waiting) -> None:
        """Let a stream end when the application does."""
        self._streams.add(waiting)

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP)
            now = loop.time()
            for connection in list(self._connections):
                connection.sweep(now)

    # -- as a part -------------------------------------------------------------------------------

    def install(self, app: App) -> None:
        """Remember whose transactions are waited for."""
        self._app = app

    def router(self) -> Router:
        """Give the routes by which clients come."""
        return routes_of(self)

    def lifespan(self, app: App) -> AbstractAsyncContextManager[Any]:
        """Listen while the application runs."""
        return self._running()

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        await self.open()
        try:
            yield
        finally:
            await self.close()

    def gauges(self) -> Sequence[Gauge]:
        """Count the clients that are connected to this process."""

        async def clients() -> Sequence[Reading]:
            return (Reading(len(self.clients)),)

        return (Gauge("trivet_realtime_clients", "Clients that are connected.", clients),)

    def checks(self, app: App) -> Sequence[Finding]:
        """Tell where messages do not reach other workers."""
        if self.backend.reaches_others or not self.channels:
            return ()
        return [
            Finding(
                Level.INFO,
                "realtime.one-process",
                "messages reach the clients of the same process alone, and not those of other"
                " workers",
                hint="Realtime(PostgresBackend(db)), or one of Redis or NATS, where there are"
                " several",
            )
        ]

    def exception_handlers(self) -> dict[Any, Callable[..., Any]]:
        """Answer 503 where the back end is away, and 413 where a message is too large."""
        return {BackendAway: _unavailable, MessageTooLarge: _too_large}


async def _unavailable(request: Request, error: BackendAway) -> Response:
    return _answer(request, 503, "This is not available at the moment; try again.", "1")


async def _too_large(request: Request, error: MessageTooLarge) -> Response:
    return _answer(request, 413, str(error), None)


def _answer(request: Request, status: int, detail: str, retry: str | None) -> Response:
    shape = getattr(request.scope.get("app"), "error_shape", FASTAPI)
    shape = shape if isinstance(shape, ErrorShape) else FASTAPI
    headers = {} if retry is None else {"retry-after": retry}
    return Response(shape.to_json(status, detail), status, headers, shape.media_type)
