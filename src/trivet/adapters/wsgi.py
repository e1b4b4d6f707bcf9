"""WSGI applications (PEP 3333) as ASGI ones: Flask, Django and their like, mounted beside our own.

One call of the WSGI application runs on one worker thread from beginning to end. Reading the body
and sending the answer go through the event loop and wait for it, so that neither is held in memory
as a whole. A client that leaves, or a body that is cut short, raises in the application's next
read or write: no thread waits for ever, and half a body never looks like a whole one.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Sized
from types import TracebackType
from typing import Any

import anyio
import anyio.from_thread

from trivet.concurrency import run_in_thread
from trivet.http.exchange import BODILESS, Message, Receive, Scope, Send

__all__ = ["WSGI", "ClientLeft", "WSGIApp", "environ_of"]

Environ = dict[str, Any]
_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None]
# PEP 3333's own signatures, which no library types alike.
WSGIApp = Callable[..., Iterable[bytes]]

_SPECIAL = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}


class ClientLeft(ConnectionError):
    """The client left while a WSGI application was reading its body or answering it."""


class WSGI:
    """A WSGI application as an ASGI one: `app.mount("/old", WSGI(flask_app))`.

    The mount's prefix is its SCRIPT_NAME, so that it makes the right links. WebSockets are
    refused; a lifespan is answered, as there is nothing to start.
    """

    def __init__(self, app: WSGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            await _Call(self.app, scope, receive, send).run()
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000, "reason": ""})
        elif kind == "lifespan":
            for event in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{event}.complete"})


class _Call:
    """One request to a WSGI application."""

    def __init__(self, app: WSGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self._app = app
        self._scope = scope
        self._send = send
        self._body = _Body(receive)
        self._head: Message | None = None  # what start_response said and nobody has sent yet
        self._is_started = False

    async def run(self) -> None:
        headers = dict(self._scope["headers"])
        if b"content-length" not in headers and b"transfer-encoding" not in headers:
            await self._body.take()  # an empty body: whole at once, and then the client is watched
        environ = environ_of(self._scope, io.BufferedReader(self._body))
        failed: Exception | None = None
        async with anyio.create_task_group() as group:
            group.start_soon(self._body.watch)
            try:
                await run_in_thread(self._run, environ)
            except ClientLeft:
                pass
            except Exception as error:  # kept, so that it is not raised as one of a group
                failed = error
            group.cancel_scope.cancel()
        if failed is not None:
            raise failed

    def _pass_on(self, message: Message) -> None:
        """Send a message from the worker thread, and wait until it is taken."""
        if self._body.is_left:
            raise ClientLeft("the client left before its answer was whole")
        anyio.from_thread.run(self._sent, message)

    async def _sent(self, message: Message) -> None:
        await self._send(message)

    def _run(self, environ: Environ) -> None:
        parts = self._app(environ, self._start_response)
        try:
            if isinstance(parts, Sized) and len(parts) == 1:
                self._write_whole(b"".join(parts))
                return
            for part in parts:
                self._write(part)
            if not self._is_started:
                self._begin()
            self._pass_on({"type": "http.response.body", "body": b""})
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()

    def _start_response(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: _ExceptionInfo | None = None,
    ) -> Callable[[bytes], None]:
        try:
            if exc_info is not None and self._is_started:
                raise exc_info[1].with_traceback(exc_info[2])
            if exc_info is None and self._head is not None:
                raise RuntimeError("the WSGI application called start_response twice")
        finally:
            exc_info = None  # it holds this frame, which holds it
        self._head = {
            "type": "http.response.start",
            "status": int(status.split(" ", 1)[0]),
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
            ],
        }
        return self._write

    def _write(self, part: bytes) -> None:
        if not part:
            return  # nothing is sent before the first byte: an error may still change the head
        if not self._is_started:
            self._begin()
        self._pass_on({"type": "http.response.body", "body": part, "more_body": True})

    def _write_whole(self, body: bytes) -> None:
        """Send a body that is all there, with its length where nobody said how it is framed."""
        if not self._is_started:
            head = self._head or {"headers": (), "status": 204}  # without one, beginning raises
            names = {name for name, _ in head["headers"]}
            is_framed = not names.isdisjoint({b"content-length", b"transfer-encoding"})
            # An answer to HEAD may leave its body out, and its length is still that of GET's.
            is_short = self._scope["method"] == "HEAD" and not body
            if not (is_framed or is_short or head["status"] in BODILESS):
                head["headers"].append((b"content-length", b"%d" % len(body)))
            self._begin()
        self._pass_on({"type": "http.response.body", "body": body})

    def _begin(self) -> None:
        if self._head is None:
            raise RuntimeError("the WSGI application did not call start_response")
        self._is_started = True
        self._pass_on(self._head)


class _Body(io.RawIOBase):
    """A request's body as a file: what is read on the worker thread is received on the loop."""

    def __init__(self, receive: Receive) -> None:
        super().__init__()
        self._receive = receive
        self._rest = memoryview(b"")
        self._whole = anyio.Event()
        self.is_left = False

    async def take(self) -> None:
        """Receive one message."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.is_left = True
            return
        self._rest = memoryview(message.get("body", b""))
        if not message.get("more_body", False):
            self._whole.set()

    async def watch(self) -> None:
        """Note that the client has left, once there is nothing else to receive."""
        await self._whole.wait()
        while not self.is_left:
            message = await self._receive()
            self.is_left = message["type"] == "http.disconnect"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest and not self._whole.is_set():
            if not self.is_left:
                anyio.from_thread.run(self.take)
            if self.is_left:
                raise ClientLeft("the client left before its body was whole")
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def environ_of(scope: Scope, body: Any) -> Environ:
    """Give the WSGI environment of a request; text in it is bytes as Latin-1, by PEP 3333."""
    root: str = scope.get("root_path", "").rstrip("/")
    path: str = scope["path"]
    # Behind a proxy that cuts its prefix off, the path has only the mount's own part of the root.
    for prefix in (root, root.removeprefix(scope.get("app_root_path", "").rstrip("/"))):
        if prefix and (path == prefix or path.startswith(prefix + "/")):
            path = path[len(prefix) :]
            break
    host, port = scope.get("server") or ("localhost", 80)
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": _wire(root),
        "PATH_INFO": _wire(path),
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 80),
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        # The body ends where the request does, also where no content-length says so.
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "asgi.scope": scope,
    }
    client = scope.get("client")
    if client:
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = client[0], str(client[1])
    for name, value in scope["headers"]:
        if b"_" in name:
            continue  # it would pass for its twin with a dash
        key = _SPECIAL.get(name) or f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}"
        text = value.decode("latin-1")
        if key in environ:
            joint = "; " if name == b"cookie" else ","
            text = f"{environ[key]}{joint}{text}"
        environ[key] = text
    return environ


def _wire(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("latin-1")
