"""An exchange within another one: the same request, whose answer passes somebody on its way."""

from __future__ import annotations

from typing import Any

from trivet.http.exchange import Exchange, Receive, Scope, Send

__all__ = ["WithinExchange"]


class WithinExchange(Exchange):
    """Hands everything on to the exchange that it stands in; a subclass answers."""

    __slots__ = ("_inner",)

    def __init__(self, inner: Exchange) -> None:
        self.method = inner.method
        self.path = inner.path
        self.query = inner.query
        self.headers = inner.headers
        self.body = inner.body
        self.target = inner.target
        self.params = inner.params
        self._inner = inner

    @property
    def request(self) -> Any:
        """The one request object of both exchanges, whoever makes it."""
        return self._inner.request

    @request.setter
    def request(self, request: Any) -> None:
        self._inner.request = request

    @property
    def cancels_once(self) -> bool:  # type: ignore[override]  # as the face's exchange says
        return self._inner.cancels_once

    @property
    def scope(self) -> Scope:
        return self._inner.scope

    @property
    def known_scope(self) -> Scope | None:
        return self._inner.known_scope

    @property
    def receive(self) -> Receive:
        return self._inner.receive

    @property
    def send(self) -> Send:
        return self._inner.send

    @property
    def started(self) -> bool:
        return self._inner.started

    async def concluded(self, outcome: Any) -> None:
        """Hand on what the handler gave to those who want to see it; Any: see `serve.Outcome`."""
        if isinstance(self._inner, WithinExchange):
            await self._inner.concluded(outcome)
