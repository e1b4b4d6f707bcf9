"""What all connections of one server share: the application, the limits, the clock, the sweep.

One coarse clock and one timer serve every connection: a connection notes the clock when its phase
begins, and the sweep compares. Nothing here parses or writes HTTP.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from email.utils import formatdate
from typing import Any, Protocol

from uvicorn.config import Config
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.server import ServerState

from trivet.adapters.access import AccessLog
from trivet.adapters.destination import dispatch_of
from trivet.adapters.limits import Limits
from trivet.adapters.outbox import Outbox
from trivet.adapters.proxies import TrustedPeers

__all__ = ["Connection", "Service", "service_of"]

logger = logging.getLogger("trivet.server")


class Connection(Protocol):
    """What the sweep needs of a connection."""

    def sweep(self, now: float) -> None:
        """End what has lasted too long at the coarse time `now`, in seconds of the loop."""


def unwrapped(app: Any) -> Any:  # Any: whatever an import string named
    """Give an application without uvicorn's own wrapping."""
    while isinstance(app, ProxyHeadersMiddleware):
        app = app.app
    return app


class StopNotice:
    """Stands among the connections of a server to hear of its graceful stop.

    A connection that is accepted while the server stops is not told by the server itself; a busy
    client on it would hold up the stop for ever.
    """

    __slots__ = ("_service",)

    def __init__(self, service: Service) -> None:
        self._service = service

    def shutdown(self) -> None:
        """Note the stop; the server calls this once, as on every connection."""
        self._service.is_stopping = True
        self._service.state.connections.discard(self)


class Service:
    """The shared state of the connections of one server."""

    __slots__ = (
        "access",
        "app_state",
        "block",
        "config",
        "connections",
        "context",
        "default_names",
        "dispatch",
        "find",
        "is_counting",
        "is_plain",
        "is_stopping",
        "limit_concurrency",
        "limits",
        "loop",
        "most_lines",
        "now",
        "outbox",
        "peers",
        "quick",
        "state",
        "timer",
    )

    def __init__(
        self,
        config: Config,
        state: ServerState,
        app_state: dict[str, Any],  # Any: the lifespan's state is the application's own
        limits: Limits | None = None,
        access: AccessLog | None = None,
    ) -> None:
        self.config = config
        self.state = state
        self.app_state = app_state
        self.limits = limits = limits or Limits()
        self.loop = asyncio.get_running_loop()
        # Every request begins in a copy of this, so that no variable leaks from one to the next.
        self.context = contextvars.copy_context()
        self.outbox = Outbox(self.loop, self.context)
        self.dispatch = dispatch_of(unwrapped(config.loaded_app))
        self.find = self.dispatch.find
        self.peers = (
            TrustedPeers(config.forwarded_allow_ips) if config.proxy_headers else TrustedPeers(())
        )
        self.limit_concurrency = config.limit_concurrency or limits.concurrency
        self.access = access
        self.is_counting = access is not None or config.limit_max_requests is not None
        """True if every answer must be noted somewhere."""
        self.is_plain = not self.is_counting and self.limit_concurrency is None
        """True if an ordinary answer needs nothing but to be written."""
        self.is_stopping = False
        state.connections.add(StopNotice(self))  # type: ignore[arg-type]  # it has what is called
        self.most_lines = limits.max_headers + 1
        self.quick = min(limits.max_head, limits.max_url, 4096)
        """A head of no more bytes breaks no limit of size, and needs no counting."""
        self.connections: set[Connection] = set()
        self.timer: asyncio.TimerHandle | None = None
        self.now = 0.0
        self.block = b""
        """The header lines that every answer gets: the date and the server's own."""
        self.default_names: frozenset[bytes] = frozenset()

    def enter(self, connection: Connection) -> None:
        """Count a new connection in, and start the clock with the first."""
        if self.timer is None:
            self._refresh()
            self.timer = self.loop.call_later(self.limits.sweep, self._tick)
        self.connections.add(connection)

    def block_without(self, names: set[bytes]) -> bytes:
        """Give the default header lines but for those that the answer brings itself."""
        lines = [line for line in self.block.split(b"\r\n") if line]
        return b"".join([line + b"\r\n" for line in lines if line.partition(b":")[0] not in names])

    def leave(self, connection: Connection) -> None:
        """Count a connection out; the clock stops after the last."""
        self.connections.discard(connection)
        if not self.connections and self.access is not None:
            self.access.flush()

    @property
    def is_full(self) -> bool:
        """True while the limit of concurrency is reached."""
        most = self.limit_concurrency
        # One of the connections is the stop notice.
        return most is not None and (
            len(self.state.connections) - 1 > most or len(self.state.tasks) >= most
        )

    def _refresh(self) -> None:
        """Set the clock, and write the lines that tell it."""
        self.now = self.loop.time()
        lines = list(self.config.encoded_headers)
        if self.config.date_header:
            lines.insert(0, (b"date", formatdate(time.time(), usegmt=True).encode("ascii")))
        self.block = b"".join([b"%b: %b\r\n" % line for line in lines])
        self.default_names = frozenset(name for name, _ in lines)

    def _tick(self) -> None:
        self._refresh()
        for connection in list(self.connections):
            try:
                connection.sweep(self.now)
            except Exception:
                logger.exception("a connection could not be swept")
        if self.access is not None:
            self.access.flush()
        if self.connections:
            self.timer = self.loop.call_later(self.limits.sweep, self._tick)
        else:
            self.timer = None


def service_of(config: Config, state: ServerState, app_state: dict[str, Any]) -> Service:
    """Give the service of a server that was told nothing but the class of our protocol."""
    found: Service | None = getattr(state, "trivet_service", None)
    if found is None:
        if not config.loaded:
            config.load()
        log = logging.getLogger("uvicorn.access")
        found = Service(config, state, app_state, access=AccessLog() if log.hasHandlers() else None)
        state.trivet_service = found  # type: ignore[attr-defined]  # the one place that all see
    return found
