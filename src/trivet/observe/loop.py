"""A watch over the event loop: who blocks it, in which line, and how late it is.

The loop ticks; a thread looks whether it did. Where a tick is overdue the thread takes the stack of
the loop's thread, while it is still blocked, and so knows the line. Each place is told when it is
first seen, and then at its 10th time, its 100th and so on, with its count.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

from trivet.app.application import App
from trivet.app.part import Part
from trivet.app.places import Place
from trivet.errors import SetupError
from trivet.observe.blocking import UNKNOWN, place_in
from trivet.watching import Gauge, Reading

__all__ = ["Block", "LoopWatch", "Watch"]

_log = logging.getLogger("trivet.observe.loop")

_DEBUG_LIMIT = 0.1  # seconds
_LIMIT = 0.25
_SHORTEST = 0.01
_PATIENCE = 5.0  # seconds after which a block is told that has not ended
_WINDOW = 10.0  # seconds that the gauge looks back, at least
_MOST_PLACES = 1000

Hearer = Callable[[float, Place | None], None]


@dataclass(slots=True)
class Block:
    """What is known of one place that has held the loop."""

    place: Place
    work: str | None
    """The route or the job that it was done for, where that could be seen."""
    count: int = 0
    longest: float = 0.0
    """Seconds."""
    total: float = 0.0
    """Seconds, all times together."""


@dataclass(slots=True)
class _Lag:
    """The greatest lateness of the last `_WINDOW` seconds, and at most twice that."""

    began: float = field(default_factory=monotonic)
    now: float = 0.0
    before: float = 0.0

    def note(self, late: float, moment: float) -> None:
        if moment - self.began > _WINDOW:
            self.began, self.before, self.now = moment, self.now, 0.0
        self.now = max(self.now, late)

    def greatest(self) -> float:
        return max(self.now, self.before)


class Watch:
    """Watches the running event loop of the thread that makes it, until `stop`.

    A block of `limit` seconds may be seen, one of half as much again always is. Costs the loop a
    timer, and the process a thread that wakes as often: twice in each `limit`. With `hear` each
    tick is told to it, with its lateness in seconds and who was in the way, and nothing is logged.
    """

    def __init__(self, limit: float, hear: Hearer | None = None) -> None:
        self.limit = limit
        self._hear = hear
        self.blocks: dict[tuple[Place, str | None], Block] = {}
        self.count = 0
        self._every = limit / 2
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._lag = _Lag()
        self._ended = threading.Event()
        self._caught: tuple[Place, str | None] | None = None
        self._is_told = False
        self._due = monotonic() + self._every
        self._timer = self._loop.call_later(self._every, self._tick)
        self._watcher = threading.Thread(target=self._look, name="trivet-loop-watch", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """End the watch; called on the loop's thread. Does not wait for the other thread."""
        self._ended.set()
        self._timer.cancel()

    @property
    def lag(self) -> float:
        """By how many seconds the loop was late at most, in the last ten seconds or little more."""
        return self._lag.greatest()

    def _tick(self) -> None:
        now = monotonic()
        late = now - self._due
        self._lag.note(late, now)
        self._due = now + self._every
        caught, self._caught = self._caught, None
        if self._hear is not None:
            self._hear(max(0.0, late), caught[0] if late > self.limit and caught else None)
        elif late > self.limit:
            self._note(caught or (UNKNOWN, None), late)
        self._timer = self._loop.call_later(self._every, self._tick)

    def _look(self) -> None:
        """Run on a thread of its own."""
        woke = monotonic()
        while not self._ended.wait(self._every):
            slept, woke = monotonic() - woke, monotonic()
            due = self._due
            late = woke - due
            if late <= self.limit or self._loop.is_closed():
                continue
            if self._caught is None:
                # Where this thread overslept too, the process was held or the machine is busy: the
                # stack would name somebody who has done nothing.
                if slept < self._every + self.limit:
                    caught = place_in(sys._current_frames().get(self._thread))
                    self._is_told = False
                    if self._due == due:  # it has not ticked meanwhile
                        self._caught = caught
            elif late > _PATIENCE and not self._is_told:
                self._is_told = True
                _log.error(
                    "the event loop is blocked for %.1f s so far by %s", late, _named(self._caught)
                )

    def _note(self, caught: tuple[Place, str | None], seconds: float) -> None:
        self.count += 1
        block = self.blocks.get(caught)
        if block is None:
            if len(self.blocks) >= _MOST_PLACES:
                return
            block = self.blocks[caught] = Block(*caught)
        block.count += 1
        block.total += seconds
        block.longest = max(block.longest, seconds)
        if _is_power_of_ten(block.count):
            _log.warning(
                "the event loop was blocked for %.0f ms by %s (seen %d times); nothing else was "
                "served meanwhile: await there, or write the function with `def`, so that it runs "
                "on a worker thread",
                seconds * 1000,
                _named(caught),
                block.count,
            )


def _named(caught: tuple[Place, str | None]) -> str:
    place, work = caught
    if place is UNKNOWN:
        return "what held the whole interpreter, so that no other thread could see it"
    return f"{place} for {work}" if work else str(place)


def _is_power_of_ten(number: int) -> bool:
    return str(number).strip("0") == "1"


class LoopWatch(Part):
    """Says who blocks the event loop for longer than `limit` seconds: ``app.use(LoopWatch())``.

    By default 0.1 seconds in debug and 0.25 otherwise, and 0.01 at least. Raises `SetupError`.
    """

    name = "loop watch"

    def __init__(self, limit: float | None = None) -> None:
        if limit is not None and not limit >= _SHORTEST:
            raise SetupError(
                f"LoopWatch cannot look for blocks of {limit!r} s",
                code="observe.loop-limit",
                mend=f"LoopWatch(limit=…) with {_SHORTEST} seconds or more",
            )
        self.limit = limit
        self.watch_now: Watch | None = None

    def serving(self, app: App) -> AbstractAsyncContextManager[None]:
        """Watch while the application serves."""
        return self._watching(self.limit or (_DEBUG_LIMIT if app.debug else _LIMIT))

    @asynccontextmanager
    async def _watching(self, limit: float) -> AsyncIterator[None]:
        self.watch_now = watch = Watch(limit)
        try:
            yield
        finally:
            watch.stop()

    @property
    def blocks(self) -> list[Block]:
        """What has blocked the loop since the application was started, the longest first."""
        if self.watch_now is None:
            return []
        return sorted(self.watch_now.blocks.values(), key=lambda one: -one.total)

    def gauges(self) -> Sequence[Gauge]:
        """Give how late the loop is, and how often it was blocked."""
        return (
            Gauge(
                "trivet_loop_lag_seconds",
                "By how much the event loop was late at most, in the last ten seconds",
                self._read_lag,
            ),
            Gauge(
                "trivet_loop_blocked_total",
                "How often the event loop was blocked for longer than the limit",
                self._read_count,
                counts=True,
            ),
        )

    async def _read_lag(self) -> Sequence[Reading]:
        return [] if self.watch_now is None else [Reading(self.watch_now.lag)]

    async def _read_count(self) -> Sequence[Reading]:
        return [] if self.watch_now is None else [Reading(float(self.watch_now.count))]
