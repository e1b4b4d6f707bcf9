"""A request from inside: it goes through the whole application, and never touches the network.

Middleware, hooks, dependencies, validation, permissions and the unit of work are those of any other
request, and the caller's credentials are carried along: what a tool may do is what its caller may.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import anyio
import anyio.lowlevel
from starlette.requests import HTTPConnection

from trivet.adapters.asgi import AsgiExchange
from trivet.ai.arguments import Asked
from trivet.app.application import App
from trivet.http.exchange import Answer, ASGIApp, Message, Receive, Scope, Send, Target
from trivet.routing.route import Route

__all__ = ["Caller", "Reply", "ReplyLimits", "ReplyRefused", "exchanged", "is_for", "served_by"]

# What belongs to the message that brought the call, and not to its caller.
_OF_THE_MESSAGE = frozenset(
    {
        b"accept", b"accept-encoding", b"connection", b"content-encoding", b"content-length",
        b"content-type", b"expect", b"idempotency-key", b"keep-alive", b"last-event-id", b"range",
        b"te", b"trailer", b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
_OF_THE_PROTOCOL = (b"mcp-", b"if-")


logger = logging.getLogger("trivet.ai")


class ReplyRefused(Exception):  # names what has become of it
    """An answer that is too large or too late; its text is for the model."""


@dataclass(frozen=True)
class ReplyLimits:
    """What the answer of a tool may cost; a model reads all of it."""

    most_bytes: int = 1024 * 1024
    seconds: float = 60.0


@dataclass(frozen=True)
class Reply:
    """A whole answer in memory."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The type of its content, without parameters; empty where there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Caller:
    """On whose behalf a tool is called: the scope of their request, or headers alone."""

    def __init__(self, connection: HTTPConnection | None, headers: Mapping[str, str]) -> None:
        self._scope: Mapping[str, Any] = {} if connection is None else connection.scope
        carried = [
            (name, value)
            for name, value in self._scope.get("headers", ())
            if name not in _OF_THE_MESSAGE and not name.startswith(_OF_THE_PROTOCOL)
        ]
        given = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in headers.items()
        ]
        named = {name for name, _ in given}
        self._headers = [pair for pair in carried if pair[0] not in named] + given
        if not any(name == b"host" for name, _ in self._headers):
            self._headers.insert(0, (b"host", b"localhost"))

    def scope(self, method: str, asked: Asked) -> Scope:
        """Give the scope of a request of theirs."""
        root = str(self._scope.get("root_path", ""))
        headers = [*self._headers, *asked.headers, (b"accept", b"application/json, */*;q=0.5")]
        if asked.body is not None:
            headers.append((b"content-length", b"%d" % len(asked.body)))
        return {
            "type": "http",
            "asgi": self._scope.get("asgi", {"version": "3.0", "spec_version": "2.3"}),
            "http_version": "1.1",
            "method": method,
            "scheme": self._scope.get("scheme", "http"),
            "path": root + unquote(asked.path),
            "raw_path": (root + asked.path).encode("ascii", "replace"),
            "root_path": root,
            "query_string": asked.query,
            "headers": headers,
            "client": self._scope.get("client"),
            "server": self._scope.get("server", ("localhost", 80)),
            "state": dict(self._scope.get("state", {})),
        }


async def exchanged(app: ASGIApp, scope: Scope, body: bytes | None, limits: ReplyLimits) -> Reply:
    """Send a request through an application; raises `ReplyRefused` beyond the limits."""
    gathering = _Gathering(body or b"", limits.most_bytes)
    with anyio.move_on_after(limits.seconds) as gathering.cancelling:
        try:
            await app(scope, gathering.receive, gathering.send)
        except Exception:
            if not gathering.status:
                raise
            # It was answered already; a server would log it now.
            path = scope["raw_path"].decode("ascii")  # as it was quoted, so that it is one line
            logger.exception("%s %s failed", scope["method"], path)
    if gathering.is_too_large:
        raise ReplyRefused(f"The answer has more than {limits.most_bytes} bytes; ask for less")
    if gathering.cancelling.cancelled_caught:
        raise ReplyRefused(f"There was no whole answer within {limits.seconds:g} seconds")
    return Reply(gathering.status, gathering.headers, b"".join(gathering.chunks))


class _Gathering:
    """The two ends of ASGI for a request whose answer is kept in memory."""

    def __init__(self, body: bytes, most: int) -> None:
        self._messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        self._most = most
        self._size = 0
        self.cancelling = anyio.CancelScope()
        self.is_too_large = False
        self.status = 0
        self.headers: dict[str, str] = {}
        self.chunks: list[bytes] = []

    async def receive(self) -> Message:
        if not self._messages:
            # A caller who leaves cancels this task: there is nothing else to be told.
            await anyio.sleep_forever()
        return self._messages.pop()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            for name, value in message.get("headers", ()):
                self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")
        elif message["type"] == "http.response.body":
            chunk = message.get("body", b"")
            self._size += len(chunk)
            if self._size <= self._most:
                self.chunks.append(bytes(chunk))
                return
            # Not by an error, which the application would answer.
            self.is_too_large = True
            self.cancelling.cancel()
            await anyio.lowlevel.checkpoint()


def is_for(app: App, scope: Scope, route: Any) -> bool:  # Any: a route of any kind
    """Tell whether a request would be served by a route, and not by another one that fits too."""
    exchange = AsgiExchange(dict(scope), _nothing, _nothing)
    target = app.built().find(exchange)
    found: dict[str, Any] = {}
    target.enter(found, ())
    return found.get("route") is route


def served_by(route: Route, target: Target) -> ASGIApp:
    """Give an application of one route alone, which stands in nobody's table."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        exchange = AsgiExchange(scope, receive, send)
        found = route.path_regex.match(exchange.path)
        if found is not None:
            exchange.params = tuple(found[name] for name in route.param_convertors)
        exchange.target = target
        target.enter(scope, exchange.params)
        outcome = target.begin(exchange)
        if isinstance(outcome, Answer):
            await exchange.reply(outcome)
        else:
            await outcome

    return serve


async def _nothing(*given: Any) -> Any:
    raise AssertionError("a match neither reads nor answers")
