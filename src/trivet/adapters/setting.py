"""What uvicorn's `http` setting is given: our protocol class together with its options.

An instance crosses into worker processes by pickling, so that it holds plain values only.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from trivet.adapters.access import AccessLog, LogForm
from trivet.adapters.limits import Limits
from trivet.adapters.protocol import HttpProtocol
from trivet.adapters.service import Service, StopNotice, unwrapped
from trivet.adapters.watchdog import watch_loop

__all__ = ["HttpSetting"]


@dataclass(frozen=True)
class HttpSetting:
    """Makes the protocol of each connection: `uvicorn.Config(app, http=HttpSetting(limits))`.

    `access` is the form of the access log, None for no log. A worker beside others whose event
    loop is blocked for `blocked` seconds ends itself and is replaced; None lets it be.
    """

    limits: Limits = field(default_factory=Limits)
    access: LogForm | None = None
    blocked: float | None = 30.0

    def __call__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],  # Any: the lifespan's state is the application's own
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> HttpProtocol:
        """Give the protocol of a new connection; uvicorn calls this."""
        service: Service | None = getattr(server_state, "trivet_service", None)
        if service is None:
            service = self._serve(config, server_state, app_state)
        return HttpProtocol(config, server_state, app_state, _loop, service=service)

    def _serve(self, config: Config, state: ServerState, app_state: dict[str, Any]) -> Service:
        app = unwrapped(config.loaded_app)
        is_written = getattr(app, "writes_access", False)  # by a part of the application's
        access = None if self.access is None or is_written else AccessLog(self.access)
        service = Service(config, state, app_state, self.limits, access)
        state.trivet_service = service  # type: ignore[attr-defined]  # the one place that all see
        if access is not None:
            _LoggedStop.take_place(state, access)
        if self.blocked is not None and config.workers > 1 and not config.reload:
            watch_loop(service.loop, self.blocked)
        return service


class _LoggedStop:
    """Stands in the place of a server's stop notice, and lets no line of the access log wait on.

    A stop that is forced, or that waits no longer for what is in flight, ends the process before
    the next sweep would write. In its place, not beside it: what stands there is counted.
    """

    __slots__ = ("_access", "_notice", "_state")

    def __init__(self, notice: StopNotice, state: ServerState, access: AccessLog) -> None:
        self._notice = notice
        self._state = state
        self._access = access

    @classmethod
    def take_place(cls, state: ServerState, access: AccessLog) -> None:
        connections: set[Any] = state.connections  # Any: uvicorn types its own protocols only
        for notice in [found for found in connections if isinstance(found, StopNotice)]:
            connections.remove(notice)
            connections.add(cls(notice, state, access))

    def shutdown(self) -> None:
        """Pass the stop on; the server calls this once, as on every connection."""
        connections: set[Any] = self._state.connections  # Any: as above
        connections.discard(self)
        self._notice.shutdown()
        self._access.hurry()
