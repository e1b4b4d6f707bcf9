"""A target whose requests are told to who watches; made only where somebody does.

It stands outside everything else that is done for a request: hooks, functions, enclosures and what
answers errors. What a request is called is decided when the routes are built, so that paths which
nobody serves add no names.
"""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable, Coroutine, Generator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from trivet.http.exchange import Answer, Exchange, Scope, Target
from trivet.watching import (
    Choosing,
    Count,
    Counting,
    Happening,
    Waiting,
    Watcher,
    ended,
    has_failed,
)

__all__ = ["Watched"]

# Of RFC 9110, and PATCH of RFC 5789; a client may write anything else, and it is "_OTHER".
_METHODS = ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")
_STATUS = "http.response.status_code"


Begin = Callable[[Exchange], Answer | Coroutine[Any, Any, None]]


class Watched:
    """The target `inner` of the route with the pattern `path`, or of no route.

    Where all who watch either choose or count, a request that nobody has chosen costs two looks at
    the clock and what they do, and no happening: 4 µs less (benchmarks: observe-traces).
    """

    def __init__(self, inner: Target, path: str | None, watchers: Sequence[Watcher]) -> None:
        self.reads_body = inner.reads_body
        self.needs_body = inner.needs_body
        self.max_body = inner.max_body
        self.inner = inner
        self._begin = inner.begin
        counting = [one for one in watchers if isinstance(one, Counting)]
        choosing = [one for one in watchers if isinstance(one, Choosing)]
        self._choose = _choice(choosing)
        self._watchers: tuple[Watcher, ...] = tuple(
            one for one in watchers if one not in counting and one not in choosing
        )
        self._named = {method: _described(method, path, counting) for method in _METHODS}
        self._other = _described("_OTHER", path, counting)
        self.begin: Begin = self._begin_chosen if self._watchers else self._quick()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def enter(self, scope: Scope, params: tuple[str, ...]) -> None:
        self.inner.enter(scope, params)

    def _quick(self) -> Begin:
        """Give what begins a request where nobody wants all of them.

        Variables of a closure are read faster than attributes: 0.4 µs (benchmarks: observe-traces).
        """
        choose, begin_inner, begin_told = self._choose, self._begin, self._begin_told
        named, other = self._named, self._other

        def begin(exchange: Exchange) -> Answer | Coroutine[Any, Any, None]:
            chosen = choose(exchange)
            if chosen:
                return begin_told(exchange, chosen)
            began = perf_counter()
            try:
                outcome = begin_inner(exchange)
            except BaseException as error:
                _end(_Told(exchange, named.get(exchange.method, other), (), began), error)
                raise
            if type(outcome) is Answer:
                seconds = perf_counter() - began
                for count in named.get(exchange.method, other).counts:
                    try:
                        count(exchange, outcome.head.status, seconds, None)
                    except Exception as error:
                        has_failed(count, "request", error)
                return outcome
            told = _Told(exchange, named.get(exchange.method, other), (), began)
            return _Waited(told, outcome)  # type: ignore[arg-type]  # as the type was looked at

        return begin

    def _begin_chosen(self, exchange: Exchange) -> Answer | Coroutine[Any, Any, None]:
        """Begin a request that some want, and others choose."""
        return self._begin_told(exchange, (*self._watchers, *self._choose(exchange)))

    def _begin_told(
        self, exchange: Exchange, watchers: Sequence[Watcher]
    ) -> Answer | Coroutine[Any, Any, None]:
        named = self._named.get(exchange.method, self._other)
        facts = named.facts.copy()
        facts["trivet.exchange"] = exchange
        happening = Happening("request", named.name, facts)
        # What `begun` and `ended` do, written out: it saves 0.4 of 2.3 µs (benchmarks:
        # observe-metrics).
        for watcher in watchers:
            try:
                watcher.begins(happening)
            except Exception as error:
                has_failed(watcher.begins, happening.kind, error)
        try:
            outcome = self._begin(exchange)
        except BaseException as error:
            _end(_Told(exchange, named, watchers, happening.began, happening), error)
            raise
        if type(outcome) is not Answer:
            told = _Told(exchange, named, watchers, happening.began, happening)
            return _Waited(told, outcome)  # type: ignore[arg-type]  # as the type was looked at
        status = facts[_STATUS] = outcome.head.status
        happening.ended = perf_counter()
        for count in named.counts:
            try:
                count(exchange, status, happening.ended - happening.began, None)
            except Exception as error:
                has_failed(count, happening.kind, error)
        for watcher in reversed(watchers):
            try:
                watcher.ends(happening)
            except Exception as error:
                has_failed(watcher.ends, happening.kind, error)
        return outcome


def _choice(choosing: Sequence[Choosing]) -> Callable[[Exchange], Sequence[Watcher]]:
    """Give what finds those who want to be told of a request; as a rule, none."""
    if len(choosing) == 1:
        wants, only = choosing[0].wants, (choosing[0],)
        return lambda exchange: only if wants(exchange) else ()
    return lambda exchange: [one for one in choosing if one.wants(exchange)]


@dataclass(frozen=True, slots=True)
class _Named:
    """What is known of all requests of one route and method."""

    name: str
    facts: dict[str, Any]
    counts: tuple[Count, ...]
    waits: tuple[Callable[[int], None], ...]


class _Told:
    """A request that is waited for, and who is told."""

    __slots__ = ("began", "ended", "exchange", "happening", "named", "status", "watchers")

    def __init__(
        self,
        exchange: Exchange,
        named: _Named,
        watchers: Sequence[Watcher],
        began: float,
        happening: Happening | None = None,
    ) -> None:
        self.exchange = exchange
        self.named = named
        self.watchers = watchers
        self.began = began
        self.happening = happening
        self.ended = 0.0
        self.status = 0

    def answered(self, status: int) -> None:
        """Note it: tasks in the background go on behind it, and are no part of how long it took."""
        self.ended = perf_counter()
        self.status = status
        if self.happening is not None:
            self.happening.ended = self.ended
            self.happening.facts[_STATUS] = status


class _Waited(Coroutine[Any, Any, None]):
    """Work that is waited for: told as ended even where it is closed before its first step.

    A client that leaves early has its work closed, and a coroutine that was never begun runs no
    `finally`: the request would count as in flight for ever.
    """

    __slots__ = ("_running", "_told", "_work")

    def __init__(self, told: _Told, work: Coroutine[Any, Any, None]) -> None:
        self._told = told
        self._work = work
        for wait in told.named.waits:
            wait(1)
        self._running: Coroutine[Any, Any, None] | None = None

    def __await__(self) -> Generator[Any, Any, None]:
        return self._run().__await__()

    def send(self, value: Any) -> Any:
        return self._run().send(value)

    def throw(self, *error: Any) -> Any:
        return self._run().throw(*error)

    def close(self) -> None:
        if self._running is not None:
            self._running.close()
            return
        self._running = self._work
        self._work.close()
        _end_waiting(self._told, CancelledError())

    def _run(self) -> Coroutine[Any, Any, None]:
        if self._running is None:
            self._running = _told(self._told, self._work)
        return self._running


async def _told(told: _Told, work: Coroutine[Any, Any, None]) -> None:
    told.exchange.on_answered = told.answered
    failed: BaseException | None = None
    try:
        await work
    except BaseException as error:
        failed = error
        raise
    finally:
        told.exchange.on_answered = None  # no circle is left to the collector
        _end_waiting(told, failed)
        failed = None


def _end_waiting(told: _Told, error: BaseException | None) -> None:
    for wait in told.named.waits:
        wait(-1)
    _end(told, error)


def _end(told: _Told, error: BaseException | None) -> None:
    seconds = (told.ended or perf_counter()) - told.began
    for count in told.named.counts:
        try:
            count(told.exchange, told.status, seconds, error)
        except Exception as failed:
            has_failed(count, "request", failed)
    if told.happening is not None:
        ended(told.watchers, told.happening, error)


def _described(method: str, path: str | None, counting: Sequence[Counting]) -> _Named:
    """Give a request's name and its facts; without a route, the name is the method alone."""
    facts: dict[str, Any] = {"http.request.method": method}
    name = "HTTP" if method == "_OTHER" else method
    if path is not None:
        facts["http.route"] = path
        name = f"{name} {path}"
    return _Named(
        name,
        facts,
        tuple(one.counting(name, facts) for one in counting),
        tuple(one.note_waiting for one in counting if isinstance(one, Waiting)),
    )
