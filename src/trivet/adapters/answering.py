"""The outgoing half of a connection: beginning the work, writing answers, ending in good order.

The incoming half (`protocol.py`) stands on this one and is its only heir; the two are one object,
so that a request costs no hand-over between them. Nothing here parses.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import sys
from collections.abc import Coroutine
from typing import Any, cast

from trivet.adapters.access import AccessLog
from trivet.adapters.gate import Refused, refusal
from trivet.adapters.heads import header_block
from trivet.adapters.phases import (
    ANSWERING,
    BODY,
    CHUNKS,
    CLOSING,
    NEW,
    START,
    Overdue,
    judge,
    judge_rate,
)
from trivet.adapters.proxies import address_of, own_address_of
from trivet.adapters.replies import DONE, FRESH, ClientGone, SocketExchange
from trivet.adapters.service import Service
from trivet.http.exchange import BODILESS, Answer, Head, Target

__all__ = ["Answering"]

logger = logging.getLogger("trivet.server")

# Above this the body is handed to the kernel as it is, without being joined to its head.
_LARGE = 64 * 1024
_EAGER = sys.version_info >= (3, 12)
# From Python 3.12 on a task may take its first step at once, and often needs no second.
_eager_task: Any = functools.partial(cast(Any, asyncio.Task), eager_start=True)
_FAILED = Answer(
    Head(500, ((b"content-type", b"application/json"),)), b'{"detail":"Internal Server Error"}'
)
_CLOSE, _KEEP = b"connection: close\r\n", b"connection: keep-alive\r\n"


class Answering(asyncio.Protocol):
    """A connection that can answer; the phases are in `phases.py`."""

    __slots__ = (
        "_drained", "_is_plain", "_keep", "_mark", "_pending", "_phase", "_read_paused", "_since",
        "_size", "_stopping", "_transport", "_unsent", "client", "exchange", "is_trusted",
        "is_write_paused", "scheme", "server", "service",
    )  # fmt: skip

    def __init__(self, service: Service) -> None:
        self.service = service
        self.exchange: SocketExchange | None = None
        self.client: tuple[str, int] | None = None
        self.server: tuple[str, int | None] | None = None
        self.scheme = "http"
        self.is_trusted = False
        self._transport: asyncio.Transport | None = None
        self._phase = NEW
        self._since = 0.0
        self._keep = True
        self._is_plain = False
        self._stopping = False
        self._size = self._mark = 0
        self._pending = b""
        self._read_paused = False
        self.is_write_paused = False
        self._unsent = 0
        self._drained: asyncio.Future[None] | None = None

    # What the transport and the server tell.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        service = self.service
        # uvloop's transports fit the type without deriving from it.
        self._transport = transport = cast(asyncio.Transport, transport)
        service.state.connections.add(self)  # type: ignore[arg-type]  # uvicorn names its own only
        service.enter(self)
        self._since = service.now
        self.client = address_of(transport.get_extra_info("peername"))
        self.server = own_address_of(transport.get_extra_info("sockname"))
        self.is_trusted = service.peers.trust(self.client[0] if self.client else "")
        if transport.get_extra_info("sslcontext") is not None:
            self.scheme = "https"
        if service.is_stopping:
            self.shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        self._transport = None
        self._phase = CLOSING
        self._pending = b""
        self._lose()
        self.resume_writing()

    def eof_received(self) -> None:
        """Take the end of what the client sends for its leaving, as a closed socket looks alike."""
        self.service.outbox.flush()
        self._lose()

    def pause_writing(self) -> None:
        self.is_write_paused = True
        self._unsent = 0
        self._since = self.service.now

    def resume_writing(self) -> None:
        self.is_write_paused = False
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)
        if self._pending and self.exchange is None and self._phase == ANSWERING:
            self.service.loop.call_soon(self._take_pending, context=self.service.context)

    def shutdown(self) -> None:
        """Finish what is in flight, then close; the server calls this at a graceful stop."""
        self._stopping = True
        self._keep = self._is_plain = False
        if self._phase <= START:
            self.service.loop.call_later(self.service.limits.drain, self._close_if_idle)
        self.end_endless()

    def end_endless(self) -> None:
        if self.exchange is not None and self.exchange.end_endless():
            self._close()

    def _close_if_idle(self) -> None:
        if self._phase <= START:
            self._close()

    def _forget(self) -> None:
        self.service.state.connections.discard(self)
        self.service.leave(self)

    def _lose(self) -> None:
        if self.exchange is not None:
            self.exchange.lose()

    def release(self) -> asyncio.Transport:
        """Give the transport away for good."""
        transport = self._transport
        assert transport is not None
        self.service.outbox.flush()
        self._forget()
        self._transport = None
        self._phase = CLOSING
        return transport

    # Reading: back-pressure and what came early.

    def pause_reading(self) -> None:
        if not self._read_paused and self._transport is not None:
            self._read_paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._read_paused and self._transport is not None:
            self._read_paused = False
            self._transport.resume_reading()

    def _take(self, data: bytes) -> None:
        raise NotImplementedError

    def _take_pending(self) -> None:
        if self._phase != ANSWERING or self.exchange is not None or self.is_write_paused:
            return
        data, self._pending = self._pending, b""
        self._phase = START
        self._take(data)
        if not self._pending:
            self.resume_reading()

    # The work.

    def begin(self, exchange: SocketExchange, target: Target) -> None:
        """Start the work of a request, and write its answer if it is ready at once."""
        context = self.service.context.copy()
        try:
            outcome = context.run(target.begin, exchange)
        except Exception as error:
            self.fail(exchange, error)
            return
        if isinstance(outcome, Answer):
            try:
                self.write_answer(exchange, outcome)
            except RuntimeError as error:
                self.fail(exchange, error)
            return
        loop = self.service.loop
        task: asyncio.Task[None]
        if _EAGER:
            task = _eager_task(self._run(exchange, outcome), loop=loop, context=context)
            if task.done():
                return
        else:
            task = loop.create_task(self._run(exchange, outcome), context=context)
        exchange.task = task
        self.service.state.tasks.add(task)

    async def _run(self, exchange: SocketExchange, work: Coroutine[Any, Any, None]) -> None:
        """Run the work to its end, whatever end that is."""
        try:
            if exchange.is_lost:
                work.close()
                return
            await work
            if exchange.state != DONE and not exchange.is_lost:
                self.fail(exchange, RuntimeError("the application ended without an answer"))
        except ClientGone:
            if not exchange.is_lost:
                raise
        except Exception as error:
            if exchange.is_lost:
                logger.debug("%s %r ended by its client", exchange.method, exchange.path)
            elif exchange.state == DONE:
                # Answered with 500 already, or a task behind the answer.
                logger.error("%s %r failed", exchange.method, exchange.path, exc_info=error)
            else:
                self.fail(exchange, error)
        finally:
            if exchange.task is not None:
                self.service.state.tasks.discard(exchange.task)
                exchange.task = None
            if exchange.state != DONE and not exchange.is_lost:
                self.fail(exchange, None)

    def fail(self, exchange: SocketExchange, error: BaseException | None) -> None:
        """Answer 500, or cut the connection where an answer has begun."""
        if error is not None:
            logger.error("%s %r failed", exchange.method, exchange.path, exc_info=error)
        if exchange.state == FRESH and self._transport is not None:
            self._keep = self._is_plain = False
            self.write_answer(exchange, _FAILED)
        elif exchange.state != DONE:
            exchange.state = DONE
            self._close()

    # Writing.

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self.service.outbox.post(self._transport, data)

    async def drain(self) -> None:
        while self.is_write_paused:
            if self._drained is None:
                self._drained = self.service.loop.create_future()
            await asyncio.shield(self._drained)

    def close_after(self) -> None:
        self._keep = self._is_plain = False

    def connection_line(self, exchange: SocketExchange) -> bytes:
        """Give the header line about the connection, deciding whether it will be kept."""
        if self._keep and self._phase != ANSWERING and not self._can_skip(exchange):
            self._keep = self._is_plain = False
        if not self._keep:
            return _CLOSE
        return b"" if exchange.line.minor else _KEEP

    def _can_skip(self, exchange: SocketExchange) -> bool:
        """Tell whether the rest of a body is small and sure to come, so that it may be skipped."""
        return self._phase == BODY and not exchange.awaits_continue and self._unread() <= _LARGE

    def _unread(self) -> int:
        raise NotImplementedError

    def write_answer(self, exchange: SocketExchange, answer: Answer) -> None:
        """Write a complete answer in one go, and end the exchange."""
        transport = self._transport
        if transport is None:
            return
        service = self.service
        head = answer.head
        body = answer.body
        lines = service.block
        if not self._is_plain:
            lines += self.connection_line(exchange)
        if answer.extra:
            lines = header_block(answer.extra) + lines
        length = len(body)
        if exchange.method == "HEAD":
            body = b""
        if head.status in BODILESS:
            service.outbox.post(transport, b"%b%b\r\n" % (head.block, lines))
        elif length <= _LARGE:
            service.outbox.post(
                transport, b"%bcontent-length: %d\r\n%b\r\n%b" % (head.block, length, lines, body)
            )
        else:
            service.outbox.flush()
            transport.writelines(
                (b"%bcontent-length: %d\r\n%b\r\n" % (head.block, length, lines), body)
            )
        if self._is_plain and not (self._pending or exchange.half or exchange.on_answered):
            # What `answered` comes to in the common case.
            exchange.state = DONE
            self.exchange = None
            self._phase = START
            self._since = service.now
        else:
            self.answered(exchange, head.status)

    def answered(self, exchange: SocketExchange, status: int) -> None:
        """Take note that an answer is complete, and go on to what follows it."""
        exchange.state = DONE
        if exchange.on_answered is not None:
            exchange.on_answered(status)
        service = self.service
        if service.is_counting:
            service.state.total_requests += 1
            if service.access is not None:
                self._record(service.access, exchange, status)
        if exchange.half is not None:
            exchange.half.wake()
        if not self._keep:
            self._close()
        elif self._phase == ANSWERING:
            self.next_request()
        else:
            self.resume_reading()

    def _record(self, access: AccessLog, exchange: SocketExchange, status: int) -> None:
        client = self.client
        if self.is_trusted:
            client, _ = self.service.peers.seen_through(exchange.headers, client, self.scheme)
        access.record(client, exchange.line, status)

    def next_request(self) -> None:
        """Make the connection ready for its next message."""
        self.exchange = None
        self._since = self.service.now
        if self._pending:
            # Later, and not from within the task that has just answered; the phase stays until
            # then, so that nothing overtakes what waits.
            self._phase = ANSWERING
            self.service.loop.call_soon(self._take_pending, context=self.service.context)
            return
        self._phase = START
        if not self._keep:
            self._close()
        elif self._read_paused:
            self.resume_reading()

    # Ending.

    def refuse(
        self, refused: Refused, opening: bytes = b"", extra: list[tuple[bytes, bytes]] | None = None
    ) -> None:
        """Answer a request that is refused, and let the connection end."""
        exchange = self.exchange
        self.exchange = None
        if exchange is not None and exchange.state == DONE:
            # The rest of a body that nobody wanted: its request has had its answer.
            self._linger()
            return
        if exchange is not None:
            is_fresh = exchange.state == FRESH
            exchange.lose()
            if not is_fresh:
                self._abort()
                return
        answer = refusal(refused, extra)
        body = b"" if opening.startswith(b"HEAD ") else answer.body
        lines = header_block(extra or ()) + self.service.block + _CLOSE
        self.write(
            b"%bcontent-length: %d\r\n%b\r\n%b" % (answer.head.block, len(answer.body), lines, body)
        )
        self._linger()

    def _close(self) -> None:
        """Close once everything is written; wait for a client that still sends."""
        if self._phase in (BODY, CHUNKS) or self._pending:
            self._linger()
        elif self._transport is not None:
            self.service.outbox.flush()
            self._phase = CLOSING
            self._transport.close()

    def _linger(self) -> None:
        """End our side, and throw away what comes until the client has read and left.

        To close with unread bytes would reset the connection, and the answer with it.
        """
        self._phase = CLOSING
        self._since = self.service.now
        self._pending = b""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self.service.outbox.flush()
        self.resume_reading()
        if transport.can_write_eof():
            transport.write_eof()
        else:
            transport.close()

    def _abort(self) -> None:
        self._phase = CLOSING
        if self._transport is not None:
            self._transport.abort()

    def sweep(self, now: float) -> None:
        """End what has lasted too long."""
        limits = self.service.limits
        age = now - self._since
        try:
            if self.is_write_paused:
                self._sweep_stalled(now)
            elif self._phase not in (BODY, CHUNKS):
                judge(self._phase, age, limits)
            elif self._read_paused or judge_rate(self._size - self._mark, age, limits):
                # Time in which the application does not read is no fault of the client's.
                self._since, self._mark = now, self._size
        except Refused as refused:
            self.refuse(refused)
        except Overdue:
            self._phase = CLOSING
            if self._transport is not None:
                self._transport.close()

    def _sweep_stalled(self, now: float) -> None:
        transport, most = self._transport, self.service.limits.answer_stall
        if transport is None or most is None:
            return
        unsent = transport.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent, self._since = unsent, now
        elif now - self._since >= most:
            self._abort()
