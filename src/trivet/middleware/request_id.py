"""Request ids: one name for a request in every log, from the proxy's to the client's."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import ClassVar

from trivet.errors import SetupError
from trivet.http.exchange import Answer, Exchange, Message, Scope, Send
from trivet.middleware.dress import lowered, with_header
from trivet.middleware.hook import Hook

__all__ = ["RequestId"]

# What may stand in a log line and in a header without harm; UUIDs, ULIDs, base64 and the ids of
# the known proxies and clouds are of these characters.
_WELL_FORMED = re.compile(rb"[A-Za-z0-9._~:;=+/@-]{1,128}")
_HEADER = re.compile(r"[A-Za-z0-9-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestId(Hook):
    """Give every request an id: `request.state.request_id`, and a header of the answer.

    A well-formed id that the client or proxy sends in `header` is kept (up to 128 letters, digits
    and ``._~:;=+/@-``); otherwise, and always with `accept` False, 128 random bits in hexadecimal
    are made. With `expose`, pages of other origins may read the header; put it behind `Cors`.

    Cost of a request, measured: 4.5 µs, and the making of the ASGI scope where nothing else asks
    for it.
    """

    name: ClassVar[str] = "request_id"

    header: str = "X-Request-ID"
    accept: bool = True
    expose: bool = False

    _field: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not _HEADER.fullmatch(self.header):
            raise SetupError(
                f"RequestId cannot use header={self.header!r}",
                code="middleware.request-id",
                mend="write a header name such as 'X-Request-ID'",
            )
        object.__setattr__(self, "_field", self.header.lower().encode())

    def before(self, exchange: Exchange) -> Answer | None:
        """Take or make the id; never refuses."""
        return self.connect(exchange.scope)

    def connect(self, scope: Scope) -> Answer | None:
        """Take or make the id of a request or WebSocket; never refuses."""
        state = dict(scope.get("state") or {})  # a server may share its own among requests
        state["request_id"] = self._id(scope)
        scope["state"] = state
        return None

    def after(self, exchange: Exchange, answer: Answer) -> Answer:
        """Name the id in a ready answer."""
        name, identity = self._field, self._known_id(exchange)
        answer = with_header(answer, name, identity)
        if self.expose:
            answer = with_header(answer, b"access-control-expose-headers", name)
        return answer

    def wrap(self, exchange: Exchange, send: Send) -> Send:
        """Name the id in a streamed answer."""
        name, identity = self._field, self._known_id(exchange)

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = lowered(message.get("headers", ()))
                headers.append((name, identity))
                if self.expose:
                    headers.append((b"access-control-expose-headers", name))
                message["headers"] = headers
            await send(message)

        return named

    def _known_id(self, exchange: Exchange) -> bytes:
        state = exchange.scope.get("state") or {}
        if "request_id" not in state:  # a hook before this one failed, and its error is answered
            self.before(exchange)
            state = exchange.scope["state"]
        return str(state["request_id"]).encode()

    def _id(self, scope: Scope) -> str:
        if self.accept:
            for name, value in scope["headers"]:
                if name == self._field and _WELL_FORMED.fullmatch(value):
                    return str(value, "ascii")
        return os.urandom(16).hex()
