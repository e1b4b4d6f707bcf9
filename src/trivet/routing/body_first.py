"""A target for a request whose body must be there before anything else is done.

Made for one request alone, where a hook asks for its body (`Hook.wants_body`): the faces read the
body before they begin any target that reads it, and `receive` gives it once more to who streams it.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from trivet.http.exchange import Answer, Exchange, Scope, Target

__all__ = ["BodyFirst"]

_MOST = 16 * 1024 * 1024  # bytes, where the target itself has no limit


class BodyFirst:
    """The target `inner`, begun when the body is whole."""

    reads_body = True
    needs_body = True

    def __init__(self, inner: Target) -> None:
        self.inner = inner
        self.max_body: int | None = _MOST if inner.max_body is None else inner.max_body

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def enter(self, scope: Scope, params: tuple[str, ...]) -> None:
        self.inner.enter(scope, params)

    def begin(self, exchange: Exchange) -> Answer | Coroutine[Any, Any, None]:
        return self.inner.begin(exchange)
