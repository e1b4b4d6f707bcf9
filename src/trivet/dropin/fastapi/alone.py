"""A router that is served without an application: mounted, or given to a server."""

from __future__ import annotations

from typing import Any

from trivet.app.application import App
from trivet.http.exchange import Receive, Scope, Send
from trivet.routing.router import Router

__all__ = ["Alone"]


class Alone:
    """Serves a router as an ASGI application; built when the first request comes."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._app: App | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            self._app = _around(self._router)
        await self._app.asgi({"app": self._app, **scope}, receive, send)


class _Bare(App):
    """An application that is nothing but its router."""

    gates_asgi = False
    joins_methods = False
    answers_head = False


def _around(router: Any) -> App:
    app = _Bare(openapi_url=None)
    app.router = router
    router.changed.append(app._changed)
    return app
