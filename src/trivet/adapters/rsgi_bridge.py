"""An application as an RSGI object for Granian: requests natively, the rest through ASGI.

RSGI has no lifespan events and its own websockets; both are translated to the application's ASGI
face here. The lifespan runs in a task of its own, as ASGI servers run it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, Protocol

from trivet.adapters.destination import dispatch_of
from trivet.adapters.rsgi import RsgiProtocol, RsgiScope, handle, make_scope, raw_headers
from trivet.http.exchange import Dispatch, Message

__all__ = ["Rsgi"]

# The kinds of RSGI's websocket messages.
_CLOSED = 0
_BYTES = 1


class RsgiSocket(Protocol):
    """An accepted websocket."""

    async def receive(self) -> Any: ...
    async def send_bytes(self, data: bytes) -> None: ...
    async def send_str(self, data: str) -> None: ...


class RsgiSocketProtocol(Protocol):
    """RSGI's side of a websocket before it is accepted."""

    async def accept(self) -> RsgiSocket: ...
    def close(self, status: int | None) -> Any: ...


class Rsgi:
    """Serves an application under Granian's RSGI interface: `granian --interface rsgi module:name`.

    `app` is a Trivet application, or any ASGI application.
    """

    def __init__(self, app: Any) -> None:  # Any: Trivet's own, or any ASGI callable
        self._app = app
        self._dispatch: Dispatch | None = None
        self._lifespan: _Lifespan | None = None

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the application, before the first request."""
        self._dispatch = dispatch_of(self._app)
        self._lifespan = _Lifespan(self._dispatch)
        loop.run_until_complete(self._lifespan.start())

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop the application, after the last request."""
        if self._lifespan is not None:
            loop.run_until_complete(self._lifespan.stop())

    async def __rsgi__(self, scope: RsgiScope, protocol: Any) -> None:  # Any: one of two protocols
        """Serve a request or a websocket."""
        dispatch = self._dispatch
        if dispatch is None:
            dispatch = self._dispatch = dispatch_of(self._app)
        if scope.proto == "http":
            http: RsgiProtocol = protocol
            await handle(dispatch, scope, http)
        else:
            await _serve_socket(dispatch, scope, protocol)


class _Lifespan:
    """The lifespan of an application, from its start to its stop."""

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        self._events: asyncio.Queue[Message] = asyncio.Queue()
        self._answers: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        scope: dict[str, Any] = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}

        async def run() -> None:
            await self._dispatch.asgi(scope, self._events.get, self._answers.put)

        self._task = asyncio.create_task(run())
        await self._tell("startup")

    async def stop(self) -> None:
        if self._task is not None and not self._task.done():
            await self._tell("shutdown")
            await self._task

    async def _tell(self, event: str) -> None:
        assert self._task is not None
        self._events.put_nowait({"type": f"lifespan.{event}"})
        answer = asyncio.ensure_future(self._answers.get())
        try:
            await asyncio.wait({answer, self._task}, return_when=asyncio.FIRST_COMPLETED)
            if answer.done() and answer.result()["type"] == f"lifespan.{event}.failed":
                raise RuntimeError(
                    f"the application failed at its {event}: {answer.result().get('message', '')}"
                )
        finally:
            answer.cancel()
        if self._task.done() and self._task.exception() is not None:
            # An application without a lifespan raises here, which ASGI allows.
            self._task.exception()


async def _serve_socket(dispatch: Dispatch, scope: RsgiScope, protocol: RsgiSocketProtocol) -> None:
    asgi = make_scope(scope, "websocket", raw_headers(scope))
    asgi["scheme"] = "wss" if scope.scheme in ("https", "wss") else "ws"
    wanted = [v for n, v in asgi["headers"] if n == b"sec-websocket-protocol"]
    asgi["subprotocols"] = [p.strip().decode("latin-1") for v in wanted for p in v.split(b",")]
    del asgi["method"]
    bridge = _SocketBridge(protocol)
    await dispatch.asgi(asgi, bridge.receive, bridge.send)
    bridge.finish()


class _SocketBridge:
    """Translates the messages of one websocket."""

    __slots__ = ("_is_closed", "_is_told", "_protocol", "_socket")

    def __init__(self, protocol: RsgiSocketProtocol) -> None:
        self._protocol = protocol
        self._socket: RsgiSocket | None = None
        self._is_told = False
        self._is_closed = False

    async def receive(self) -> Message:
        if not self._is_told:
            self._is_told = True
            return {"type": "websocket.connect"}
        if self._socket is None or self._is_closed:
            return {"type": "websocket.disconnect", "code": 1005}
        message = await self._socket.receive()
        if message.kind == _CLOSED:
            self._is_closed = True
            return {"type": "websocket.disconnect", "code": 1000}
        if message.kind == _BYTES:
            return {"type": "websocket.receive", "bytes": message.data, "text": None}
        return {"type": "websocket.receive", "text": message.data, "bytes": None}

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.accept":
            self._socket = await self._protocol.accept()
        elif kind == "websocket.close":
            self._close(message.get("code", 1000) if self._socket else 403)
        elif kind == "websocket.send" and self._socket is not None and not self._is_closed:
            sent: Awaitable[None]
            if message.get("text") is not None:
                sent = self._socket.send_str(message["text"])
            else:
                sent = self._socket.send_bytes(message["bytes"])
            await sent
        else:
            raise RuntimeError(f"the message {kind!r} does not fit the state of this websocket")

    def _close(self, status: int | None) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._protocol.close(status)

    def finish(self) -> None:
        """Close what the application left open."""
        self._close(1000 if self._socket else 403)
