"""One request on its way through Trivet, and the ready answer that goes back.

Every face (the socket, ASGI, RSGI) makes an :class:`Exchange` of its own kind and hands it to the
application's dispatch; everything behind that knows only what is on this page. This file knows no
server, no route and no framework object: values in, values out.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar, Protocol

# ASGI's own types: messages and scopes are open dictionaries by its specification.
Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

RawHeaders = Sequence[tuple[bytes, bytes]]

# Statuses whose answers carry neither a body nor a content-length (RFC 9110, 8.6 and 15).
BODILESS = frozenset({*range(100, 200), 204, 304})

_REASONS: dict[int, bytes] = {}
_ENDS = re.compile(rb"[\r\n\0]")


def status_line(status: int) -> bytes:
    """Give the HTTP/1.1 status line of `status`, with its line end."""
    if not _REASONS:
        _REASONS.update({s.value: s.phrase.encode("ascii") for s in HTTPStatus})
    return b"HTTP/1.1 %d %b\r\n" % (status, _REASONS.get(status, b""))


def check_headers(headers: RawHeaders) -> None:
    """Raise `ValueError` for a name or value that holds CR, LF or NUL (RFC 9110, 5.5)."""
    for name, value in headers:
        if _ENDS.search(name) or _ENDS.search(value):
            raise ValueError(
                f"the header {name.decode('latin-1')!r} cannot be {value.decode('latin-1')!r}:"
                " it holds a line break or a NUL, and HTTP ends a header there. Take such"
                " characters out, or encode the value (urllib.parse.quote)."
            )


class Head:
    """The status and headers of an answer, encoded once and shared by every answer that has them.

    `headers` holds lower-case names and never content-length or date: the length is written by the
    face for each answer, the date once a second. `block` is the same as HTTP/1.1 bytes: the status
    line and one line a header, without the empty line that ends them. Raises `ValueError` for a
    header with a line break or a NUL, which would let its value write headers of its own.
    """

    __slots__ = ("block", "headers", "status")

    def __init__(self, status: int, headers: RawHeaders = ()) -> None:
        self.status = status
        self.headers = tuple(headers)
        self.block = status_line(status) + b"".join(
            [b"%b: %b\r\n" % (name, value) for name, value in self.headers]
        )
        lines = len(self.headers) + 1
        # Counted in the whole: a third of what a look at each header costs.
        if (
            self.block.count(b"\n") != lines
            or self.block.count(b"\r") != lines
            or b"\0" in self.block
        ):
            check_headers(self.headers)

    @property
    def has_body(self) -> bool:
        """False for the statuses that must not have one (1xx, 204, 304)."""
        return self.status not in BODILESS

    def __repr__(self) -> str:
        return f"Head({self.status}, {list(self.headers)!r})"


class Answer:
    """A complete answer in memory: a shared head, a body, and headers of this answer alone."""

    __slots__ = ("background", "body", "extra", "head")

    def __init__(
        self, head: Head, body: bytes = b"", extra: list[tuple[bytes, bytes]] | None = None
    ) -> None:
        self.head = head
        self.body = body
        self.extra = extra
        self.background: Callable[[], Awaitable[None]] | None = None

    @property
    def status(self) -> int:
        return self.head.status

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Give all headers, content-length included, in the order in which they are written."""
        found = list(self.head.headers)
        if self.extra:
            found += self.extra
        if self.head.has_body:
            found.append((b"content-length", b"%d" % len(self.body)))
        return found

    def __repr__(self) -> str:
        return f"Answer({self.head.status}, {len(self.body)} bytes)"


class Exchange(ABC):
    """One HTTP request and the way back to its client.

    `method` is upper case; `path` is percent-decoded text, without a mount's prefix taken away;
    `query` is the raw query string without its question mark; `headers` are raw pairs with
    lower-case names in the order in which they came. `target` and `params` are set by the match:
    the destination, and the path's parameters as undecoded-by-type text in the pattern's order.
    `body` is the whole body for destinations that read it whole, otherwise empty.
    """

    __slots__ = (
        "body", "headers", "method", "on_answered", "params", "path", "query", "request", "target",
    )  # fmt: skip

    # True where only an asyncio cancellation can reach the work on this request, each once; False
    # where it may run inside scopes that cancel again and again until they are obeyed.
    cancels_once: ClassVar[bool] = False

    method: str
    path: str
    query: bytes
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    target: Target
    params: tuple[str, ...]
    on_answered: Callable[[int], None] | None
    """Called with the status once a whole answer was handed to the server, if somebody set it on
    the face's own exchange; what an answer of `Target.begin` is, whoever calls that knows."""
    request: Any  # the Starlette Request once somebody asked for it; typed above this shelf

    @property
    @abstractmethod
    def scope(self) -> Scope:
        """The ASGI scope of this request, made when it is first asked for."""

    @property
    def scheme(self) -> str:
        """`https` or `http`, as the client used it, so far as its proxies are trusted."""
        scheme: str = self.scope["scheme"]
        return scheme

    @property
    @abstractmethod
    def receive(self) -> Receive:
        """The ASGI receive of this request: the body as messages, then the disconnect."""

    @property
    @abstractmethod
    def send(self) -> Send:
        """The ASGI send of this request."""

    @property
    @abstractmethod
    def started(self) -> bool:
        """True once the first byte of an answer was handed to the server."""

    @abstractmethod
    async def reply(self, answer: Answer) -> None:
        """Send a complete answer; returns once the server has taken it."""

    def header(self, name: bytes) -> bytes | None:
        """Give the first value of the header `name` (lower case), or None."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


class Target(Protocol):
    """Where a request goes: a compiled route, a mounted application, or a ready refusal."""

    reads_body: bool
    """True: the face gathers the whole body into `exchange.body` before `begin` is called.
    False: `begin` is called when the headers are complete, and the body comes by `receive`."""

    needs_body: bool
    """False: nothing that is done depends on the body, so a face may leave it unread."""

    max_body: int | None
    """The most bytes that a body may have, or None for no limit. The face answers 413 beyond it."""

    def enter(self, scope: Scope, params: tuple[str, ...]) -> None:
        """Write into an ASGI scope what the match found: route, parameters, application."""

    def begin(self, exchange: Exchange) -> Answer | Coroutine[Any, Any, None]:
        """Start the work.

        Returns a ready `Answer` where nothing had to be awaited: the face writes it at once and
        needs no task. Otherwise returns a coroutine, which the face runs as a task; it answers by
        `exchange.reply` or `exchange.send` and has answered or raised when it ends.
        """


class Finder(Protocol):
    """What finds the target of a request."""

    def find(self, exchange: Exchange) -> Target:
        """Match the request, set `exchange.target` and `exchange.params`, and give the target.

        Always finds one: a path or method that nobody serves has a target that refuses (404, 405).
        """


class Dispatch(Finder, Protocol):
    """What an application gives to a face."""

    @property
    def asgi(self) -> ASGIApp:
        """The same application as an ASGI 3 callable: lifespan, websockets, and requests."""

    @property
    def is_native(self) -> bool:
        """False where ASGI middleware wraps the application: requests then go through `asgi`."""
