"""The application as an ASGI 3 callable: lifespan, WebSockets, and requests.

Requests take the same dispatch as on the socket. ASGI middleware of the user's stands around it,
and around that what answers errors that nobody handled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from starlette.requests import Request
from starlette.routing import Match
from starlette.websockets import (
    WebSocket,
    WebSocketClose,
    WebSocketDisconnect,
    WebSocketState,
)

from trivet.adapters.asgi import handle
from trivet.app.answers import ErrorHandlers
from trivet.app.build import Built
from trivet.app.lifespan import run_lifespan
from trivet.http.exchange import ASGIApp, Message, Receive, Scope, Send
from trivet.routing.route import WebSocketRoute
from trivet.routing.serve import response_of, serve_socket
from trivet.watching import Happening, Watcher, told

__all__ = ["core", "with_middleware"]


def core(app: Any, built: Callable[[], Built]) -> ASGIApp:
    """Give the application without its middleware."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            await handle(built(), scope, receive, send, gated=app.gates_asgi)
        elif kind == "websocket":
            await _serve_socket(built(), app, scope, receive, send)
        else:
            await run_lifespan(app, scope, receive, send)

    return serve


def with_middleware(
    inner: ASGIApp, middleware: list[Any], errors: Callable[[], ErrorHandlers]
) -> ASGIApp:
    """Put the user's ASGI middleware around `inner`, first declared outermost."""
    for cls, args, kwargs in reversed(middleware):
        inner = cls(inner, *args, **kwargs)
    return _last_resort(inner, errors)


def _last_resort(inner: ASGIApp, errors: Callable[[], ErrorHandlers]) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await inner(scope, receive, send)
            return
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await inner(scope, receive, noting)
        except Exception as error:
            response = await errors().last_response(Request(scope), error)
            if not started:
                await response(scope, receive, send)
            raise

    return serve


async def _serve_socket(built: Built, app: Any, scope: Scope, receive: Receive, send: Send) -> None:
    errors = built.errors
    scope["app"] = app
    scope.setdefault("router", app.router)
    scope["starlette.exception_handlers"] = (errors.by_class, errors.by_status)
    refusal = errors.hooks.connect(scope)
    if refusal is not None:
        response = response_of(refusal)
        await WebSocket(scope, receive, send).send_denial_response(response)
        return
    for route in built.sockets.routes:
        match, child = route.matches(scope)
        if match is not Match.FULL:
            continue
        scope.update(child)
        socket = WebSocket(scope, receive, send)
        try:
            with _watched(app.watchers, route, scope):
                if isinstance(route, WebSocketRoute):
                    await serve_socket(built.sockets.compiled[id(route)], socket)
                else:
                    await route.handle(scope, receive, send)
        except Exception as error:
            nearer = built.sockets.errors.get(id(route), errors)
            if nearer.find(error) is None and app.hides_disconnects and _has_left(socket, error):
                return
            await nearer.close_socket(socket, error)
        return
    if app.router.default is not None:
        await app.router.default(scope, receive, send)
    else:
        await WebSocketClose()(scope, receive, send)


def _watched(
    watchers: Sequence[Watcher], route: Any, scope: Scope
) -> AbstractContextManager[Any]:  # Any: the happening, or None
    """Tell who watches of a WebSocket, from its opening to its end."""
    if not watchers:
        return nullcontext()
    path = str(getattr(route, "path_format", None) or getattr(route, "path", ""))
    facts = {"http.route": path, "trivet.scope": scope}
    return told(watchers, Happening("websocket", f"WS {path}", facts))


def _has_left(socket: WebSocket, error: Exception) -> bool:
    """Tell whether `error` says only that the client left, which is no error of the handler's."""
    if not isinstance(error, WebSocketDisconnect):
        return False
    left = WebSocketState.DISCONNECTED
    return left in (socket.client_state, socket.application_state)
