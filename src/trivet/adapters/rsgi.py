"""The RSGI face, for Granian: a request that its server has parsed, seen as an exchange.

Its sibling is `asgi.py`: the same functions in the same order. What RSGI and ASGI call differently
is translated here for those who ask an exchange for its ASGI side; the lifespan and websockets are
in `rsgi_bridge.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from typing import Any, Protocol

from starlette.requests import ClientDisconnect

from trivet.adapters.gate import Refused, check_length, check_parsed, refusal
from trivet.adapters.leaving import Leaving, has_no_body
from trivet.http.exchange import (
    Answer,
    Dispatch,
    Exchange,
    Message,
    Receive,
    Scope,
    Send,
    check_headers,
)

__all__ = ["RsgiExchange", "RsgiProtocol", "RsgiScope", "handle", "read_body"]


class RsgiHeaders(Protocol):
    """The headers of a request; names are in lower case."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Give all headers in their order, repeated ones too."""


class RsgiScope(Protocol):
    """What RSGI tells of a request."""

    proto: str
    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    authority: str | None

    @property
    def headers(self) -> RsgiHeaders: ...


class RsgiTransport(Protocol):
    """A streamed answer on its way."""

    async def send_bytes(self, data: bytes) -> None: ...


class RsgiProtocol(Protocol):
    """RSGI's side of a request: its body and the ways to answer."""

    async def __call__(self) -> bytes: ...
    def __aiter__(self) -> AsyncIterator[bytes]: ...
    async def client_disconnect(self) -> None: ...
    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None: ...
    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None: ...
    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> RsgiTransport: ...


class RsgiExchange(Exchange):
    """One request that came through RSGI."""

    __slots__ = ("_chunks", "_is_read", "_leaving", "_made", "_protocol", "_rsgi", "_started",
                 "_status", "_stream", "_top")  # fmt: skip

    cancels_once = True

    def __init__(self, scope: RsgiScope, protocol: RsgiProtocol) -> None:
        self._rsgi = scope
        self._protocol = protocol
        self._made: Scope | None = None
        self._chunks: AsyncIterator[bytes] | None = None
        self._is_read = False
        self._leaving: Leaving | None = None
        self._started = False
        self._status = 0
        self._top: list[tuple[str, str]] = []
        self._stream: RsgiTransport | None = None
        self.method = scope.method
        self.path = scope.path
        self.query = scope.query_string.encode("latin-1")
        self.headers: Sequence[tuple[bytes, bytes]] = raw_headers(scope)
        self.body = b""
        self.params = ()
        self.on_answered = None
        self.request = None

    @property
    def scope(self) -> Scope:
        if self._made is None:
            self._made = make_scope(self._rsgi, "http", self.headers)
        return self._made

    @property
    def scheme(self) -> str:
        if self._made is None:
            return self._rsgi.scheme
        scheme: str = self._made["scheme"]  # a hook may have written it
        return scheme

    @property
    def receive(self) -> Receive:
        return self._receive

    @property
    def send(self) -> Send:
        return self._send

    @property
    def started(self) -> bool:
        return self._started

    async def _receive(self) -> Message:
        if not self._is_read:
            if self.target_read_body() or (self._leaving is not None and self._leaving.is_asking):
                # While the server is asked, it was found that no body is there.
                self._is_read = True
                return {"type": "http.request", "body": self.body, "more_body": False}
            if self._chunks is None:
                self._chunks = aiter(self._protocol)
            try:
                chunk = await anext(self._chunks)
                return {"type": "http.request", "body": bytes(chunk), "more_body": True}
            except StopAsyncIteration:
                self._is_read = True
                if self._leaving is not None:
                    self._leaving.ask()
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._protocol.client_disconnect()
        return {"type": "http.disconnect"}

    def target_read_body(self) -> bool:
        """True if the face has read the body for the target already."""
        target = getattr(self, "target", None)
        return target is not None and bool(target.reads_body and target.needs_body)

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            if self._started:
                raise RuntimeError("'http.response.start' came twice; an answer starts once")
            headers = list(message.get("headers", ()))
            check_headers(headers)
            self._started = True
            self._status = int(message["status"])
            self._top = text_headers(headers)
        elif kind == "http.response.body":
            if not self._started:
                raise RuntimeError("'http.response.body' came before 'http.response.start'")
            await self._send_body(bytes(message.get("body", b"")), message.get("more_body", False))
        else:
            raise RuntimeError(f"the message {kind!r} is none that answers an HTTP request")

    async def _send_body(self, body: bytes, more: bool) -> None:
        if not more and self._leaving is not None:
            self._leaving.answered()
        if self._stream is None:
            if not more:
                self._protocol.response_bytes(
                    self._status, self._top, body if self.method != "HEAD" else b""
                )
                self._has_answered(self._status)
                return
            self._stream = self._protocol.response_stream(self._status, self._top)
        if body and self.method != "HEAD":
            await self._stream.send_bytes(body)
        if not more:
            self._has_answered(self._status)

    def _has_answered(self, status: int) -> None:
        if self.on_answered is not None:
            self.on_answered(status)

    async def reply(self, answer: Answer) -> None:
        self._answer(answer)

    def _answer(self, answer: Answer) -> None:
        self._started = True
        if self._leaving is not None:
            self._leaving.answered()
        body = answer.body if self.method != "HEAD" else b""
        headers = text_headers(answer.headers())
        if body:
            self._protocol.response_bytes(answer.status, headers, body)
        else:
            self._protocol.response_empty(answer.status, headers)
        self._has_answered(answer.status)

    async def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run the work on this request, and end it when the client leaves before its answer."""
        self._leaving = Leaving(self._gone, self._may_ask)
        try:
            await self._leaving.run(work)
        finally:
            # Granian ends a stream when nobody holds it any more; no circle may keep it.
            self._leaving = None

    def _may_ask(self) -> bool:
        # Granian gives no more of a body once it was asked for the disconnect.
        if self._is_read or self.target_read_body():
            return True
        return self._chunks is None and has_no_body(self._rsgi.http_version, self.headers)

    async def _gone(self) -> float:
        await self._protocol.client_disconnect()
        return 0.0


def raw_headers(scope: RsgiScope) -> list[tuple[bytes, bytes]]:
    """Give the headers of a request as ASGI has them; the authority of HTTP/2 becomes Host."""
    headers = [
        (name.encode("latin-1"), value.encode("utf-8", "surrogateescape"))
        for name, value in scope.headers.items()
    ]
    if scope.authority and not any(name == b"host" for name, _ in headers):
        headers.insert(0, (b"host", scope.authority.encode("latin-1")))
    return headers


def text_headers(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Give the headers of an answer as RSGI wants them."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def make_scope(
    scope: RsgiScope, kind: str, headers: Sequence[tuple[bytes, bytes]]
) -> dict[str, Any]:  # Any: ASGI's own type
    """Give the ASGI scope of a request."""
    return {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": scope.http_version,
        "method": scope.method,
        "scheme": scope.scheme,
        "path": scope.path,
        "query_string": scope.query_string.encode("latin-1"),
        "root_path": "",
        "headers": headers,
        "client": _address(scope.client),
        "server": _address(scope.server),
        "state": {},
        "extensions": {},
    }


def _address(text: str) -> tuple[str, int] | None:
    host, _, port = text.rpartition(":")
    return (host, int(port)) if host and port.isdigit() else None


async def read_body(protocol: RsgiProtocol, most: int | None) -> bytes:
    """Read the whole body; raises `Refused` (413), or `ClientDisconnect` for one cut short."""
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in protocol:
            size += len(chunk)
            if most is not None and size > most:
                raise Refused(413, f"The body is larger than {most} bytes; send less.")
            chunks.append(bytes(chunk))
    except RuntimeError as error:
        raise ClientDisconnect from error
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def check(exchange: RsgiExchange, scope: RsgiScope) -> int:
    """Pass a request through the gate; give the length of its body, -1 if only its end tells."""
    return check_parsed(scope.method, scope.path, scope.http_version, exchange.headers)


async def handle(dispatch: Dispatch, scope: RsgiScope, protocol: RsgiProtocol) -> None:
    """Serve one request through RSGI."""
    exchange = RsgiExchange(scope, protocol)
    try:
        length = check(exchange, scope)
        if not dispatch.is_native:
            await dispatch.asgi(exchange.scope, exchange.receive, exchange.send)
            return
        target = dispatch.find(exchange)
        if target.max_body is not None:
            check_length(length, target.max_body)
        if target.reads_body and target.needs_body and length:
            exchange.body = await read_body(protocol, target.max_body)
    except Refused as refused:
        await exchange.reply(refusal(refused))
        return
    except ClientDisconnect:
        # A body cut short reaches nobody.
        return
    outcome = target.begin(exchange)
    if isinstance(outcome, Answer):
        await exchange.reply(outcome)
    else:
        await exchange.run(outcome)
