"""The socket's exchange: a request read from a connection, and its two ASGI halves.

An exchange is made for every request and stays cheap: the halves (`Inlet` for the body that comes,
`Outlet` for the answer that goes) exist only for those who ask for `receive` or `send`.
The connection itself is seen only through `Wire`.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Sequence
from inspect import CORO_CREATED
from typing import Any, Protocol

from trivet.adapters.gate import Line
from trivet.adapters.heads import header_block
from trivet.adapters.scopes import Origin, make_scope, scheme_of
from trivet.http.exchange import (
    BODILESS,
    Answer,
    Exchange,
    Message,
    Receive,
    Scope,
    Send,
    status_line,
)

__all__ = [
    "DONE",
    "FRESH",
    "LOST",
    "STARTED",
    "AsgiHalf",
    "ClientGone",
    "Inlet",
    "Outlet",
    "SocketExchange",
    "Wire",
]

# How far the answer is.
FRESH = 0
STARTED = 1
DONE = 2
LOST = 3

# Between the wake-up of a reader by a disconnect and the cancellation of its task, in seconds.
_GRACE = 0.05


class ClientGone(OSError):
    """The client left before its answer was complete; raised by `send`, as ASGI 2.4 asks."""


class Wire(Origin, Protocol):
    """What an exchange needs of its connection."""

    is_write_paused: bool

    def write(self, data: bytes) -> None:
        """Hand bytes to the transport."""

    async def drain(self) -> None:
        """Wait until the transport takes more."""

    def pause_reading(self) -> None:
        """Stop reading from the socket."""

    def resume_reading(self) -> None:
        """Read from the socket again."""

    def write_answer(self, exchange: SocketExchange, answer: Answer) -> None:
        """Write a complete answer and end the exchange."""

    def connection_line(self, exchange: SocketExchange) -> bytes:
        """Give the header line that tells the connection's fate, or nothing."""

    def close_after(self) -> None:
        """Let the connection end with this answer."""

    def end_endless(self) -> None:
        """End an answer that would not end by itself, and the connection."""

    def answered(self, exchange: SocketExchange, status: int) -> None:
        """Take note that the answer is complete."""


class SocketExchange(Exchange):
    """One request on a connection of ours."""

    __slots__ = ("half", "line", "state", "task", "wire")

    cancels_once = True

    def __init__(self, wire: Wire, line: Line, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self.method = line.method
        self.path = line.path
        self.query = line.query
        self.headers = headers
        self.body = b""
        self.params = ()
        self.on_answered = None
        self.request = None
        self.wire = wire
        self.line = line
        self.state = FRESH
        self.task: asyncio.Task[None] | None = None
        self.half: AsgiHalf | None = None

    @property
    def is_lost(self) -> bool:
        """True if the client left before its answer was complete."""
        return self.state == LOST

    @property
    def awaits_continue(self) -> bool:
        """True while the client waits for `100 Continue` before it sends the body."""
        half = self.half
        return half is not None and half.inlet is not None and half.inlet.expects

    @property
    def _asgi(self) -> AsgiHalf:
        half = self.half
        if half is None:
            half = self.half = AsgiHalf(self)
        return half

    @property
    def scope(self) -> Scope:
        half = self._asgi
        if half.scope is None:
            half.scope = make_scope(self, self.line, self.wire)
        return half.scope

    @property
    def scheme(self) -> str:
        half = self.half
        if half is not None and half.scope is not None:
            return str(half.scope["scheme"])  # a hook may have written it
        return scheme_of(self.headers, self.wire)

    @property
    def receive(self) -> Receive:
        half = self._asgi
        if half.inlet is None:
            half.inlet = Inlet(self, False)
            if self.body:
                half.inlet.parts.append(self.body)
            half.inlet.is_whole = True
        return half.inlet.receive

    @property
    def send(self) -> Send:
        half = self._asgi
        if half.outlet is None:
            half.outlet = Outlet(self)
        return half.outlet.send

    @property
    def started(self) -> bool:
        half = self.half
        if self.state == FRESH:
            return half is not None and half.outlet is not None and half.outlet.status != 0
        return self.state != LOST

    async def reply(self, answer: Answer) -> None:
        if self.started:
            raise RuntimeError("this request was answered already; reply once only")
        if self.state == LOST:
            raise ClientGone("the client left")
        wire = self.wire
        wire.write_answer(self, answer)
        if answer.background is not None:
            wire.service.outbox.flush()  # whatever it does, the client has its answer
        if wire.is_write_paused:
            await wire.drain()

    def end_endless(self) -> bool:
        """End a stream of events, which holds up a stop for ever; True where this is one."""
        outlet = self.half.outlet if self.half is not None else None
        if outlet is None or not outlet.is_endless:
            return False
        outlet.end()
        self.lose()
        return True

    def lose(self) -> None:
        """The client left: wake who waits for it, and cancel the work."""
        if self.state >= DONE:
            return
        self.state = LOST
        task, half = self.task, self.half
        if half is not None and half.inlet is not None and half.inlet.wake() and task is not None:
            # The reader sees the disconnect first, so that it can tell a cut body by its error.
            self.wire.service.loop.call_later(_GRACE, task.cancel)
        elif task is not None:
            work = task.get_coro()
            # Work that has not begun ends by itself; to cancel it would leave it unawaited.
            if not inspect.iscoroutine(work) or inspect.getcoroutinestate(work) != CORO_CREATED:
                task.cancel()


class AsgiHalf:
    """The ASGI side of an exchange, for those who ask for it."""

    __slots__ = ("inlet", "outlet", "scope")

    def __init__(self, exchange: SocketExchange) -> None:
        self.scope: Scope | None = None
        self.inlet: Inlet | None = None
        self.outlet: Outlet | None = None

    def feed(self, data: bytes) -> None:
        """Add a piece of the body."""
        if self.inlet is not None:
            self.inlet.feed(data)

    def finish(self) -> None:
        """Note that the body is whole."""
        if self.inlet is not None:
            self.inlet.finish()

    def wake(self) -> None:
        """Let a waiting reader see that the answer is complete."""
        if self.inlet is not None:
            self.inlet.wake()


class Inlet:
    """The body on its way to the application, with back-pressure, then the disconnect."""

    __slots__ = ("_ended", "_exchange", "_waiter", "expects", "is_whole", "parts", "size")

    def __init__(self, exchange: SocketExchange, expects: bool) -> None:
        self._exchange = exchange
        self.expects = expects
        """True while the client waits for `100 Continue`."""
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self.parts: list[bytes] = []
        self.size = 0
        self.is_whole = False
        """True once the last byte of the body is among the parts."""

    def feed(self, data: bytes) -> None:
        """Add a piece of the body."""
        wire = self._exchange.wire
        self.parts.append(data)
        self.size += len(data)
        if self.size > wire.service.limits.read_buffer:
            wire.pause_reading()
        self.wake()

    def finish(self) -> None:
        """Note that the body is whole."""
        self.is_whole = True
        self.wake()

    def wake(self) -> bool:
        """Wake a waiting reader, and tell whether there was one."""
        waiter = self._waiter
        if waiter is None or waiter.done():
            return False
        waiter.set_result(None)
        return True

    async def receive(self) -> Message:
        """Give the next message (ASGI `receive`)."""
        exchange = self._exchange
        wire = exchange.wire
        if self.expects:
            self.expects = False
            if not self.parts and not self.is_whole and exchange.state == FRESH:
                wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while True:
            if exchange.state == DONE or (exchange.state == LOST and not self._can_end()):
                return {"type": "http.disconnect"}
            if not self._ended and (self.parts or self.is_whole):
                break
            wire.resume_reading()
            if self._waiter is not None and not self._waiter.done():
                await asyncio.shield(self._waiter)
                continue
            self._waiter = wire.service.loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        body = self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)
        self.parts.clear()
        self.size = 0
        self._ended = self.is_whole
        wire.resume_reading()
        return {"type": "http.request", "body": body, "more_body": not self._ended}

    def _can_end(self) -> bool:
        return self.is_whole and not self._ended


class Outlet:
    """The answer of an ASGI application on its way to the client."""

    __slots__ = ("_chunked", "_exchange", "_headers", "_left", "_silent", "is_endless", "status")

    def __init__(self, exchange: SocketExchange) -> None:
        self._exchange = exchange
        self.status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._chunked = False
        self._silent = False
        self._left = -1
        """Bytes of the announced content-length that are still to come; -1 without one."""
        self.is_endless = False
        """True for a stream of events that has begun: it does not end by itself."""

    async def send(self, message: Message) -> None:
        """Take the next message (ASGI `send`)."""
        exchange = self._exchange
        if exchange.is_lost:
            raise ClientGone("the client left before its answer was complete")
        kind = message["type"]
        if kind == "http.response.body":
            self._body(message.get("body", b""), message.get("more_body", False))
            if exchange.wire.is_write_paused:
                await exchange.wire.drain()
        elif kind == "http.response.start":
            self._start(message)
        elif kind == "http.response.early_hint":
            self._early_hint(message.get("links", ()))
        else:
            raise RuntimeError(f"the message {kind!r} is none that answers an HTTP request")

    def _start(self, message: Message) -> None:
        if self.status or self._exchange.state != FRESH:
            raise RuntimeError("'http.response.start' came twice; an answer starts once")
        self._headers = [(bytes(n).lower(), bytes(v)) for n, v in message.get("headers", ())]
        status = message["status"]
        if not isinstance(status, int) or not 200 <= status <= 999:
            raise RuntimeError(f"the status {status!r} is not a number from 200 to 999")
        self.status = int(status)

    def _early_hint(self, links: Any) -> None:  # Any: the message is the application's
        if self.status or self._exchange.state != FRESH:
            raise RuntimeError("an early hint came after the answer's start")
        if links and self._exchange.line.minor:
            block = header_block([(b"link", bytes(link)) for link in links])
            self._exchange.wire.write(b"HTTP/1.1 103 Early Hints\r\n%b\r\n" % block)

    def _body(self, data: Any, more: bool) -> None:  # Any: bytes-like, the application's
        exchange = self._exchange
        wire = exchange.wire
        if exchange.state == DONE:
            raise RuntimeError("'http.response.body' came after the end of the answer")
        data = data if isinstance(data, bytes) else bytes(data)
        head = b""
        if exchange.state == FRESH:
            if not self.status:
                raise RuntimeError("'http.response.body' came before 'http.response.start'")
            head = self._head(data, more)
            exchange.state = STARTED
        if self._left >= 0:
            if len(data) > self._left:
                if head:
                    wire.write(head)
                raise RuntimeError("the answer's body is longer than its content-length")
            self._left -= len(data)
        if self._silent:
            data = b""
        elif self._chunked:
            if data:
                data = b"%x\r\n%b\r\n" % (len(data), data)
            if not more:
                data += b"0\r\n\r\n"
        if head or data:
            wire.write(head + data if head else data)
            if head and self.is_endless and wire.service.is_stopping:
                wire.end_endless()
        if not more:
            self.is_endless = False
            if self._left > 0 and not self._silent:
                raise RuntimeError("the answer's body is shorter than its content-length")
            wire.answered(exchange, self.status)
            wire.service.outbox.flush()  # the application may go on with whatever it likes

    def end(self) -> None:
        """End a stream of events as if it were whole; its client comes again for the rest."""
        if self._chunked and not self._silent:
            self._exchange.wire.write(b"0\r\n\r\n")

    def _head(self, data: bytes, more: bool) -> bytes:
        """Give the head of the answer, deciding how its end will be told."""
        exchange = self._exchange
        wire = exchange.wire
        service = wire.service
        status = self.status
        headers = self._headers
        names = {name for name, _ in headers}
        lines = []
        bodiless = status in BODILESS
        self._silent = bodiless or exchange.method == "HEAD"
        for name, value in headers:
            if name == b"content-type" and value.startswith(b"text/event-stream"):
                self.is_endless = more
            elif name == b"content-length":
                if not value.isdigit():
                    raise RuntimeError(f"the content-length {value!r} is not a number of bytes")
                self._left = int(value) if not self._silent else -1
        # How the body ends is ours to say, and so is what becomes of the connection.
        kept = [h for h in headers if h[0] != b"transfer-encoding" and h[0] != b"connection"]
        if any(n == b"connection" and v.strip().lower() == b"close" for n, v in headers):
            wire.close_after()
        if b"content-length" in names:
            if bodiless and status != 304:
                kept = [h for h in kept if h[0] != b"content-length"]
        elif bodiless:
            pass
        elif not more:
            lines.append(b"content-length: %d\r\n" % len(data))
        elif exchange.line.minor:
            lines.append(b"transfer-encoding: chunked\r\n")
            self._chunked = True
        else:
            wire.close_after()
        block = service.block
        if names & service.default_names:
            block = service.block_without(names)
        line = wire.connection_line(exchange)
        return b"".join((status_line(status), header_block(kept), *lines, block, line, b"\r\n"))
