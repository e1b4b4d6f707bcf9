"""Names a header by which a route was chosen in Vary, on all answers of that route."""

from __future__ import annotations

from typing import ClassVar

from trivet.http.exchange import Answer, Exchange, Message, Send
from trivet.middleware.dress import lowered, vary_added, with_vary
from trivet.middleware.hook import Hook

__all__ = ["Vary"]


class Vary(Hook):
    """Says that answers depend on a header of the request (RFC 9110, 12.5.5)."""

    __slots__ = ("_field",)

    name: ClassVar[str] = "vary"

    def __init__(self, field: str) -> None:
        self._field = field.encode("ascii")

    def after(self, exchange: Exchange, answer: Answer) -> Answer:
        return with_vary(answer, self._field)

    def wrap(self, exchange: Exchange, send: Send) -> Send:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = vary_added(lowered(message.get("headers", ())), self._field)
                message = {**message, "headers": headers}
            await send(message)

        return sent
