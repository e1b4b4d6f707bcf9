"""The ASGI face: a request that an ASGI server has parsed, seen as an exchange.

Its sibling is `rsgi.py`: the same functions in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import ClientDisconnect

from trivet.adapters.gate import Refused, check_length, check_parsed, refusal
from trivet.http.exchange import Answer, Exchange, Finder, Message, Receive, Scope, Send

__all__ = ["AsgiExchange", "BodyTooLargeError", "handle", "read_body"]


class AsgiExchange(Exchange):
    """One request that came through ASGI."""

    __slots__ = ("_receive", "_scope", "_send", "_started")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._started = False
        self.method = scope["method"]
        self.path = below_root(scope)
        self.query = scope.get("query_string", b"")
        self.headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        self.body = b""
        self.params = ()
        self.request = None

    @property
    def scope(self) -> Scope:
        return self._scope

    @property
    def receive(self) -> Receive:
        return self._receive

    @property
    def send(self) -> Send:
        return self._note_start

    @property
    def started(self) -> bool:
        return self._started

    async def _note_start(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started = True
        await self._send(message)

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
        await self._send({"type": "http.response.body", "body": body})


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
            exchange.body = await _whole_body(receive, target.max_body)
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
        await outcome


async def _whole_body(receive: Receive, most: int | None) -> bytes:
    try:
        return await read_body(receive, most)
    except BodyTooLargeError as error:
        raise Refused(413, f"The body is larger than {most} bytes; send less.") from error
