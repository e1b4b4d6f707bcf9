"""A target whose requests are told to who watches; made only where somebody does.

It stands outside everything else that is done for a request: hooks, functions, enclosures and what
answers errors. What a request is called is decided when the routes are built, so that paths which
nobody serves add no names.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from time import perf_counter
from typing import Any

from trivet.http.exchange import Answer, Exchange, Scope, Target
from trivet.watching import Happening, Watcher, begun, ended

__all__ = ["Watched"]

# Of RFC 9110, and PATCH of RFC 5789; a client may write anything else, and it is "_OTHER".
_METHODS = ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")
_STATUS = "http.response.status_code"


class Watched:
    """The target `inner` of the route with the pattern `path`, or of no route."""

    def __init__(self, inner: Target, path: str | None, watchers: Sequence[Watcher]) -> None:
        self.reads_body = inner.reads_body
        self.needs_body = inner.needs_body
        self.max_body = inner.max_body
        self.inner = inner
        self._begin = inner.begin
        self._watchers = watchers
        self._named = {method: _described(method, path) for method in _METHODS}
        self._other = _described("_OTHER", path)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def enter(self, scope: Scope, params: tuple[str, ...]) -> None:
        self.inner.enter(scope, params)

    def begin(self, exchange: Exchange) -> Answer | Coroutine[Any, Any, None]:
        name, facts = self._named.get(exchange.method, self._other)
        happening = Happening("request", name, {**facts, "trivet.exchange": exchange})
        watchers = self._watchers
        begun(watchers, happening)
        try:
            outcome = self._begin(exchange)
        except BaseException as error:
            ended(watchers, happening, error)
            raise
        if type(outcome) is not Answer:
            return self._told(exchange, outcome, happening)  # type: ignore[arg-type]
        happening.facts[_STATUS] = outcome.head.status
        ended(watchers, happening)
        return outcome

    async def _told(
        self, exchange: Exchange, work: Coroutine[Any, Any, None], happening: Happening
    ) -> None:
        def answered(status: int) -> None:
            # Tasks in the background go on behind it, and are no part of how long it took.
            happening.ended = perf_counter()
            happening.facts[_STATUS] = status

        exchange.on_answered = answered
        try:
            await work
        except BaseException as error:
            ended(self._watchers, happening, error)
            raise
        ended(self._watchers, happening)


def _described(method: str, path: str | None) -> tuple[str, dict[str, Any]]:
    """Give a request's name and its facts; without a route, the name is the method alone."""
    facts: dict[str, Any] = {"http.request.method": method}
    verb = "HTTP" if method == "_OTHER" else method
    if path is None:
        return verb, facts
    facts["http.route"] = path
    return f"{verb} {path}", facts
