"""Deadlines: a handler that takes too long is cancelled, and its client told to come again (503).

503 and not 504, because it is this server that did not manage, and Retry-After belongs to 503.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from trivet.app.part import Part
from trivet.errors import HTTPException, SetupError
from trivet.http.exchange import Exchange
from trivet.routing.enclosing import (
    Enclosing,
    Enclosure,
    Handler,
    Visit,
    enclosed,
    enclosings_of,
)
from trivet.routing.state import RouteState

__all__ = ["Deadline", "deadline"]


class Deadline(Part):
    """Give every handler `seconds` until its answer begins: ``app.use(Deadline(10))``.

    Beyond it the handler is cancelled at its next `await`, what is open around it is rolled back,
    and the client gets 503 with Retry-After (`retry_after`, in seconds). `deadline` gives a handler
    a time of its own. The time begins when the request's body was read, or when the handler begins
    to read it. A stream that has begun may take as long as it likes, and so may background tasks.
    A `def` handler on a thread cannot be stopped: its client hears of it when it ends. Handlers
    that never wait have no deadline, and no cost. Raises SetupError for what is no time.

    Cost of a request to a handler that waits, measured: 15 µs.
    """

    name = "deadline"

    def __init__(self, seconds: float, *, retry_after: int = 5) -> None:
        self._all = _OfAll(_Time(seconds, retry_after))

    def enclosing(self) -> Enclosing:
        """Give what bounds the time of each handler that has none of its own."""
        return self._all


def deadline(seconds: float | None, *, retry_after: int = 5) -> Callable[[Handler], Handler]:
    """Give one handler a time of its own, in place of the application's; None is no limit.

    ::

        @app.get("/report")
        @deadline(60)
        async def report() -> Report: ...
    """
    return enclosed(_OfOne(None if seconds is None else _Time(seconds, retry_after)))


class _Time(Enclosure):
    """The time of one route."""

    def __init__(self, seconds: float, retry_after: int) -> None:
        if not seconds > 0 or retry_after < 0:
            raise SetupError(
                f"a deadline cannot be {seconds!r} seconds, and retry_after={retry_after!r}",
                code="security.deadline",
                mend="write seconds above 0, such as Deadline(10), and retry_after of 0 or more",
            )
        self.seconds = seconds
        self.retry_after = retry_after

    def visit(self, exchange: Exchange) -> Visit:
        return _Timed(self, exchange)

    def explained(self) -> Sequence[str]:
        return [f"cancelled where its answer has not begun after {self.seconds:g} s (503)"]


class _Timed(Visit):
    """One request that is waited for."""

    def __init__(self, time: _Time, exchange: Exchange) -> None:
        self._time = time
        self._exchange = exchange

    async def during(self, work: Coroutine[Any, Any, None]) -> Exception | None:
        seconds = self._time.seconds
        loop = asyncio.get_running_loop()
        limit = asyncio.timeout(None)
        timer = loop.call_later(seconds, self._end, limit)
        try:
            async with limit:
                await work
        except TimeoutError:
            if not limit.expired():
                raise
            told = {"Retry-After": str(self._time.retry_after)}
            return HTTPException(503, f"This took longer than {seconds:g} seconds", told)
        finally:
            timer.cancel()
        return None

    def _end(self, limit: asyncio.Timeout) -> None:
        if not self._exchange.started:
            limit.reschedule(0)


class _OfAll(Enclosing):
    only_waiting = True

    def __init__(self, time: _Time) -> None:
        self._time = time

    def around(self, app: Any, route: RouteState) -> Enclosure | None:
        has_own = any(isinstance(one, _OfOne) for one in enclosings_of(route.endpoint))
        return None if has_own else self._time


class _OfOne(Enclosing):
    only_waiting = True

    def __init__(self, time: _Time | None) -> None:
        self._time = time

    def around(self, app: Any, route: RouteState) -> Enclosure | None:
        return self._time
