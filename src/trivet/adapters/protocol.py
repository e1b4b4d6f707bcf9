"""HTTP/1.1 on a socket: the protocol class for uvicorn's `http` setting.

One connection serves one message after the other, never two at a time: what a pipelining client
sends early waits as bytes. Every piece fed to llhttp lies within one head or one body, so that the
size of a head is known exactly and a verdict does not depend on how the bytes were split.
The phases of a connection are in `phases.py`.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.server import ServerState

from trivet.adapters.answering import Answering
from trivet.adapters.chunks import ChunkScanner
from trivet.adapters.gate import Framing, Line, Refused, check_headers, has_token
from trivet.adapters.heads import (
    CLOSER,
    HOST,
    LENGTH,
    common_line,
    known_header,
    known_line,
    learn_header,
    learn_line,
)
from trivet.adapters.phases import ANSWERING, BODY, CHUNKS, HEAD, START
from trivet.adapters.replies import DONE, AsgiHalf, Inlet, SocketExchange
from trivet.adapters.service import Service, service_of
from trivet.http.exchange import Target

__all__ = ["HttpProtocol"]

_END = b"\r\n\r\n"
_MASK = HOST | CLOSER | LENGTH
_NAME = re.compile(rb"(?<=\n)[^:\r\n]+(?=:)")  # of a header, in a head that llhttp has passed
# What is framed so may be taken whole.
_WHOLE = frozenset({HOST, HOST | LENGTH})


def _not_well_formed(error: httptools.HttpParserError) -> Refused:
    return Refused(
        400, f"The request is not well-formed HTTP/1.1: {str(error) or 'no more is known'}."
    )


def _too_large(most: int) -> Refused:
    return Refused(413, f"The body is larger than {most} bytes; send less.")


class HttpProtocol(Answering):
    """One connection; uvicorn makes one for every client."""

    __slots__ = (
        "_expects", "_fed", "_feed_data", "_held", "_is_cut", "_is_led", "_left", "_most_body",
        "_parser", "_parts", "_scanner", "_target",
    )  # fmt: skip

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],  # Any: the lifespan's state is the application's own
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        service: Service | None = None,
    ) -> None:
        super().__init__(service or service_of(config, server_state, app_state))
        self._parser: Any = httptools.HttpRequestParser(self)  # Any: None once it is over
        self._feed_data: Any = self._parser.feed_data
        self._expects = False
        self._is_cut = False
        self._held = bytearray()
        self._fed = 0
        self._is_led = False
        self._left = 0
        self._most_body: int | None = None
        self._parts: list[bytes] = []
        self._scanner: ChunkScanner | None = None
        self._target: Target | None = None

    # What llhttp tells.

    def on_body(self, data: bytes) -> None:
        self._size += len(data)
        exchange = self.exchange
        if exchange is None or exchange.state == DONE:
            return
        if exchange.half is not None:
            exchange.half.feed(data)
        elif self._target is not None and self._target.needs_body:
            self._parts.append(data)

    # What the transport tells.

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        # The parser and the connection know each other; this lets both go at once.
        self._parser = self._feed_data = None

    def data_received(self, data: bytes) -> None:
        # The common case in one go: one whole message of an ordinary size, and nothing else. All
        # that is out of the common, and all that may be refused, is for the phases below.
        if self._phase <= START and not self.is_write_paused and not self._stopping:
            service = self.service
            stop = data.find(_END, 0, service.quick)
            if stop > 0 and service.is_plain and data[0] > 32:
                lines = data[:stop].split(b"\r\n")
                line = known_line(lines[0]) or common_line(lines[0])
                if line is not None and len(lines) <= service.most_lines:
                    headers = []
                    seen = length = 0
                    for raw in lines[1:]:
                        pair, bits, number = known_header(raw) or learn_header(raw)
                        headers.append(pair)
                        if bits:
                            seen |= bits | CLOSER if bits & seen else bits
                            length += number
                    framed = seen & _MASK
                    if len(data) - stop - 4 == length and framed in _WHOLE:
                        self._take_whole(data, line, headers, length)
                        return
        self._take(data)

    def _take_whole(
        self, data: bytes, line: Line, headers: list[tuple[bytes, bytes]], length: int
    ) -> None:
        """Take a whole message whose lines passed the gate, with `length` bytes of body.

        Going through the phases instead costs 5 µs more of 12 for a small body (benchmarks: post).
        """
        try:
            self._feed_data(data)
        except httptools.HttpParserError as error:
            self.refuse(_not_well_formed(error), data)
            return
        service = self.service
        self._since = service.now
        self._keep = self._is_plain = True
        self._phase = ANSWERING
        self.exchange = exchange = SocketExchange(self, line, headers)
        # A bound method in a local is called without the look-up for methods.
        find = service.find
        try:
            target = find(exchange)
        except Exception as error:
            self.fail(exchange, error)
            return
        if length:
            most = target.max_body
            if most is not None and length > most:
                self.refuse(_too_large(most))
                return
            exchange.body = data[-length:]
        self.begin(exchange, target)

    def _take(self, data: bytes) -> None:
        """Take in bytes in whatever phase they find the connection."""
        try:
            while data:
                phase = self._phase
                if phase <= START and self.is_write_paused:
                    # A client that does not read its answers gets no more of them to wait.
                    self._phase = ANSWERING
                    self._hold(data)
                    return
                if phase <= START:
                    data = self._take_start(data)
                elif phase == HEAD:
                    data = self._take_head(data)
                elif phase == BODY:
                    data = self._take_body(data)
                elif phase == CHUNKS:
                    data = self._take_chunks(data)
                else:
                    if phase == ANSWERING:
                        self._hold(data)
                    return
        except Refused as refused:
            self.refuse(refused, bytes(self._held))
            return
        if self._target is not None:
            self._settle()

    def _hold(self, data: bytes) -> None:
        """Keep what a pipelining client sent before its answer."""
        self._pending += data
        if len(self._pending) > self.service.limits.read_buffer:
            self.pause_reading()

    def _settle(self) -> None:
        """Begin what waits for its body no longer, once the bytes at hand are taken in."""
        exchange, target = self.exchange, self._target
        if exchange is None or target is None:
            return
        if exchange.half is not None:
            self._target = None
            self.begin(exchange, target)
        elif self._expects:
            self._expects = False
            if not self._size:
                self.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    # The head.

    def _take_start(self, data: bytes) -> bytes:
        """Take the first bytes of a message; often they hold its whole head."""
        self._phase = HEAD
        self._since = self.service.now
        stop = data.find(_END) + 4
        if 4 < stop <= self.service.quick and data[0] > 32:
            head = data[:stop]
            self._feed(head)
            self._take_request(head, head[:-4].split(b"\r\n"))
            return data[stop:]
        return self._take_head(data)

    def _take_head(self, data: bytes) -> bytes:
        """Take in a piece of the head; give what follows the head, if it ends here."""
        held = self._held
        known = len(held)
        held += data
        if not self._fed and not self._is_past_lead():
            return b""
        limits = self.service.limits
        stop = held.find(_END, max(known - 3, 0))
        stop = len(held) if stop < 0 else stop + 4
        is_end = held.endswith(_END, 0, stop)
        line_room = limits.max_url + 32
        if held.find(b"\r\n", 0, line_room + 2) < 0 and stop > line_room:
            self._feed_held(line_room)
            raise Refused(414, f"The request target is longer than {limits.max_url} bytes.")
        if stop > limits.max_head:
            self._feed_held(limits.max_head)
            raise Refused(431, f"The head of the request is larger than {limits.max_head} bytes.")
        self._feed_held(stop)
        if not is_end:
            return b""
        head, rest = bytes(held[:stop]), bytes(held[stop:])
        self._take_request(head, head[:-4].split(b"\r\n"))
        held.clear()
        self._fed = 0
        self._is_led = False
        return rest

    def _is_past_lead(self) -> bool:
        """Drop the one empty line that may precede a request; False while that is undecided."""
        held = self._held
        if held[:1] == b"\r" and not self._is_led:
            if len(held) == 1:
                return False
            if held[1] == 10:
                self._is_led = True
                del held[:2]
                if not held:
                    return False
        if held[0] in (10, 13):
            raise Refused(
                400, "The request begins with a line break; only one empty line may precede it."
            )
        return True

    def _feed_held(self, stop: int) -> None:
        if stop > self._fed:
            self._feed(bytes(self._held[self._fed : stop]))
            self._fed = stop

    def _feed(self, data: bytes) -> None:
        try:
            self._feed_data(data)
        except httptools.HttpParserUpgrade:
            # The head is complete; whether anything is upgraded is decided with its headers.
            self._is_cut = True
        except httptools.HttpParserError as error:
            raise _not_well_formed(error) from error

    def _take_request(self, head: bytes, lines: list[bytes]) -> None:
        """Pass a whole head through the gate, and on to the application or to its body."""
        service = self.service
        headers = [(known_header(raw) or learn_header(raw))[0] for raw in lines[1:]]
        line = known_line(lines[0]) or learn_line(lines[0])
        self._since = service.now
        most = service.limits.max_headers
        if len(headers) > most:
            raise Refused(431, f"The request has {len(headers)} headers; at most {most} are taken.")
        framing = check_headers(headers, line.minor, line.authority)
        self._is_plain = False
        connection = framing.connection
        if self._stopping:
            self._keep = False
        elif line.minor:
            self._keep = not (connection and has_token(connection, b"close"))
        else:
            self._keep = has_token(connection, b"keep-alive")
        self._phase = ANSWERING
        if framing.upgrade == b"websocket" and self._hand_over(head, framing):
            return
        self.exchange = exchange = SocketExchange(self, line, headers)
        if service.limit_concurrency is not None and service.is_full:
            self._refuse_load()
            return
        try:
            target = service.find(exchange)
        except Exception as error:
            self.fail(exchange, error)
            return
        if framing.length == 0:
            self._is_cut = False
            self.begin(exchange, target)
        else:
            self._expect_body(exchange, target, framing)

    def _refuse_load(self) -> None:
        """Answer 503: the service has all the work that it takes at a time."""
        wait = self.service.limits.retry_after
        self.refuse(
            Refused(503, f"The server is at its limit of concurrent work; try again in {wait} s."),
            extra=[(b"retry-after", b"%d" % wait)],
        )

    def _hand_over(self, head: bytes, framing: Framing) -> bool:
        """Give the connection to uvicorn's websocket protocol, if there is one."""
        service = self.service
        if service.config.ws_protocol_class is None or not head.startswith(b"GET "):
            return False
        if framing.length:
            raise Refused(400, "A request that opens a websocket has no body; leave it out.")
        transport = self.release()
        make: Any = service.config.ws_protocol_class  # Any: typed as a bare Protocol class
        successor = make(
            config=service.config, server_state=service.state, app_state=service.app_state
        )
        successor.connection_made(transport)
        # ASGI's names are in lower case; uvicorn passes on what it reads (0.54, websockets 17).
        successor.data_received(_NAME.sub(lambda name: name[0].lower(), head))
        transport.set_protocol(successor)
        return True

    # The body.

    def _expect_body(self, exchange: SocketExchange, target: Target, framing: Framing) -> None:
        most = target.max_body
        if most is not None and framing.length > most:
            raise _too_large(most)
        if self._is_cut:
            # llhttp takes a head with Upgrade for the end of HTTP/1.1; we do not upgrade, and the
            # body that follows is announced to it once more.
            self._is_cut = False
            told = b"transfer-encoding: chunked"
            if framing.length > 0:
                told = b"content-length: %d" % framing.length
            self._feed(b"POST / HTTP/1.1\r\n" + told + _END)
        self._size = 0
        self._mark = 0
        self._target = target
        self._most_body = most
        if framing.length < 0:
            self._phase = CHUNKS
            self._scanner = ChunkScanner(self.service.limits.max_trailers)
        else:
            self._phase = BODY
            self._left = framing.length
        if target.reads_body:
            self._expects = framing.expects
        else:
            exchange.half = half = AsgiHalf(exchange)
            half.inlet = Inlet(exchange, framing.expects)

    def _take_body(self, data: bytes) -> bytes:
        left = self._left
        if len(data) < left:
            self._left = left - len(data)
            self._feed(data)
            return b""
        self._feed(data[:left] if len(data) > left else data)
        self._left = 0
        self._body_is_whole()
        return data[left:]

    def _take_chunks(self, data: bytes) -> bytes:
        scanner = self._scanner
        assert scanner is not None
        sound, stop = scanner.scan(data, self._most_body)
        self._feed(sound)
        if scanner.done:
            self._scanner = None
            self._body_is_whole()
        return data[stop:]

    def _unread(self) -> int:
        return self._left

    def _body_is_whole(self) -> None:
        exchange = self.exchange
        assert exchange is not None
        if exchange.state == DONE:
            self.next_request()
            return
        self._phase = ANSWERING
        self._since = self.service.now
        if exchange.half is not None:
            exchange.half.finish()
            return
        parts, target = self._parts, self._target
        exchange.body = parts[0] if len(parts) == 1 else b"".join(parts)
        self._parts = []
        self._target = None
        assert target is not None
        self.begin(exchange, target)
