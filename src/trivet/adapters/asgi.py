"""The ASGI face: a request that an ASGI server has parsed, seen as an exchange.

Its sibling is `rsgi.py`: the same functions in the same order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from starlette.requests import ClientDisconnect

from trivet.adapters.gate import Refused, check_length, check_parsed, refusal
from trivet.adapters.leaving import GRACE, Leaving, has_no_body
from trivet.http.exchange import (
    Answer,
    Exchange,
    Finder,
    Message,
    Receive,
    Scope,
    Send,
    check_headers,
)

__all__ = ["AsgiExchange", "BodyTooLargeError", "handle", "read_body"]


class AsgiExchange(Exchange):
    """One request that came through ASGI."""

    __slots__ = (
        "_inbox", "_is_whole", "_receive", "_scope", "_send", "_started", "_status", "_told",
    )  # fmt: skip

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._started = False
        self._status = 0
        self._is_whole = False  # True once the last piece of the body was received
        self._inbox: _Inbox | None = None
        self._told = True  # False while the body that was read first is still to be received
        self.method = scope["method"]
        self.path = below_root(scope)
        self.query = scope.get("query_string", b"")
        self.headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        self.body = b""
        self.params = ()
        self.on_answered = None
        self.request = None

    @property
    def scope(self) -> Scope:
        return self._scope

    @property
    def receive(self) -> Receive:
        return self._received

    async def _received(self) -> Message:
        if not self._told:
            self._told = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        if self._inbox is not None:
            return await self._inbox.receive()
        message = await self._receive()
        self._note_body(message)
        return message

    def take_body(self, body: bytes) -> None:
        """Keep the body, which was read before the work began, for it and for its `receive`."""
        self.body = body
        self._told = False

    def _note_body(self, message: Message) -> None:
        if message["type"] == "http.request" and not message.get("more_body", False):
            self._is_whole = True

    @property
    def send(self) -> Send:
        return self._note_start

    @property
    def started(self) -> bool:
        return self._started

    async def _note_start(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            # Servers differ in what they let through; a mounted application's headers come too.
            message["headers"] = headers = list(message.get("headers", ()))
            check_headers(headers)
            self._started = True
            self._status = message["status"]
        elif self._inbox is not None and not message.get("more_body", False):
            self._inbox.leaving.answered()
        await self._send(message)
        if self.on_answered is not None and _is_last(message):
            self.on_answered(self._status)

    async def reply(self, answer: Answer) -> None:
        self._started = True
        await self._send(
            {
                "type": "http.response.start",
                "status": answer.head.status,
                "headers": answer.headers(),
            }
        )
        # The server counts bytes, and strips the body of an answer to HEAD itself or not at all.
        body = answer.body if self.method != "HEAD" else b""
        if self._inbox is not None:
            self._inbox.leaving.answered()
        await self._send({"type": "http.response.body", "body": body})
        if self.on_answered is not None:
            self.on_answered(answer.head.status)

    async def run(self, work: Coroutine[Any, Any, None], *, is_whole: bool) -> None:
        """Run the work on this request, and end it when the client leaves before its answer."""
        self._is_whole = self._is_whole or is_whole
        self._inbox = _Inbox(self)
        try:
            await self._inbox.leaving.run(work)
        finally:
            self._inbox = None  # it holds this exchange: no circle is left to the collector


class _Inbox:
    """What the server tells of one request, for two who want to know: the work, and the watch.

    The watch asks only when no piece of the body can come any more, but for the empty one, which
    it keeps for the work. While it asks, the work waits for it; otherwise the work asks itself.
    """

    __slots__ = ("_exchange", "_has_left", "_kept", "_readers", "_waiting", "leaving")

    def __init__(self, exchange: AsgiExchange) -> None:
        self.leaving = Leaving(self._gone, self._may_ask)
        self._exchange = exchange
        self._kept: Message | None = None
        self._has_left = False
        self._readers = 0
        self._waiting: list[asyncio.Future[None]] = []

    async def receive(self) -> Message:
        """Give the next message to the work."""
        exchange = self._exchange
        while self._kept is None and not self._has_left and self.leaving.is_asking:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            await waiting
        if self._kept is not None:
            message, self._kept = self._kept, None
            return message
        if self._has_left:
            return {"type": "http.disconnect"}
        self._readers += 1
        try:
            message = await exchange._receive()
        finally:
            self._readers -= 1
        exchange._note_body(message)
        self.leaving.ask()
        return message

    def _may_ask(self) -> bool:
        exchange = self._exchange
        if self._readers:
            return False
        version = str(exchange.scope.get("http_version", ""))
        return exchange._is_whole or has_no_body(version, exchange.headers)

    async def _gone(self) -> float:
        exchange = self._exchange
        try:
            while (message := await exchange._receive())["type"] != "http.disconnect":
                exchange._note_body(message)
                self._kept = message
                self._wake()
            self._has_left = True
        finally:
            woken = self._wake()
        # A reader sees the disconnect first, so that it may end by itself.
        return GRACE if woken else 0.0

    def _wake(self) -> bool:
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)
        return bool(waiting)


def _is_last(message: Message) -> bool:
    return message["type"] == "http.response.body" and not message.get("more_body", False)


def below_root(scope: Scope) -> str:
    """Give the path below the prefix at which the application is mounted."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    if not root or not path.startswith(root):
        return path
    if path == root:
        return ""
    return path[len(root) :] if path[len(root)] == "/" else path


class BodyTooLargeError(Exception):
    """The body has more bytes than the target takes."""


async def read_body(receive: Receive, most: int | None) -> bytes:
    """Read the whole body; raises `BodyTooLargeError`, or `ClientDisconnect` for one cut short."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if most is not None and size > most:
            raise BodyTooLargeError
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def check(scope: Scope) -> int:
    """Pass a request through the gate; give the length of its body, -1 if only its end tells."""
    return check_parsed(
        scope["method"], scope["path"], scope.get("http_version", ""), scope["headers"]
    )


async def handle(
    dispatch: Finder, scope: Scope, receive: Receive, send: Send, *, gated: bool = True
) -> None:
    """Serve one request through ASGI; `gated` looks at it first as at one from our own socket."""
    exchange = AsgiExchange(scope, receive, send)
    try:
        length = check(scope) if gated else -1
        target = dispatch.find(exchange)
        if target.max_body is not None:
            check_length(length, target.max_body)
        if target.reads_body and target.needs_body:
            exchange.take_body(await _whole_body(receive, target.max_body))
    except Refused as refused:
        await exchange.reply(refusal(refused, [(b"connection", b"close")]))
        return
    except ClientDisconnect:
        # A body cut short reaches nobody.
        return
    outcome = target.begin(exchange)
    if isinstance(outcome, Answer):
        await exchange.reply(outcome)
    else:
        await exchange.run(outcome, is_whole=target.reads_body and target.needs_body)


async def _whole_body(receive: Receive, most: int | None) -> bytes:
    try:
        return await read_body(receive, most)
    except BodyTooLargeError as error:
        raise Refused(413, f"The body is larger than {most} bytes; send less.") from error
