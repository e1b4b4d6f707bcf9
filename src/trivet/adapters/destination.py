"""Where a face sends its requests: an application's own dispatch, or its ASGI face."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol, runtime_checkable

from trivet.http.exchange import ASGIApp, Dispatch, Exchange, Scope, Target

__all__ = ["ForeignDispatch", "Served", "dispatch_of"]


@runtime_checkable
class Served(Protocol):
    """An application that offers its native dispatch beside its ASGI face."""

    def dispatch(self) -> Dispatch:
        """Give the dispatch; called once for a server, after the application was loaded."""


class ForeignTarget:
    """Hands every request to an ASGI application, as a task, with the body as it comes."""

    __slots__ = ("_app",)

    reads_body = False
    needs_body = True
    max_body: int | None = None

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def enter(self, scope: Scope, params: tuple[str, ...]) -> None:
        """Write nothing: the application does its own matching."""

    def begin(self, exchange: Exchange) -> Coroutine[Any, Any, None]:
        return self._run(exchange)

    async def _run(self, exchange: Exchange) -> None:
        await self._app(exchange.scope, exchange.receive, exchange.send)


class ForeignDispatch:
    """Any ASGI application, seen as a dispatch with one destination."""

    __slots__ = ("asgi", "target")

    is_native = False

    def __init__(self, app: ASGIApp) -> None:
        self.asgi = app
        self.target = ForeignTarget(app)

    def find(self, exchange: Exchange) -> Target:
        """Give the one target there is."""
        return self.target


def dispatch_of(app: Any) -> Dispatch:  # Any: whatever an import string named
    """Give the dispatch that serves requests of `app`.

    An application whose own dispatch is not native is served through its ASGI face.
    """
    if isinstance(app, Served):
        dispatch = app.dispatch()
        return dispatch if dispatch.is_native else ForeignDispatch(dispatch.asgi)
    return ForeignDispatch(app)
