"""How much is asked of a model server at once, and who waits for it: a bound on both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import perf_counter

import anyio

from trivet.ai.busy import Busy
from trivet.app.part import Part
from trivet.concurrency import Limit
from trivet.errors import HTTPException, SetupError
from trivet.watching import Gauge, Reading

__all__ = ["Pool"]

_WEIGHT = 0.2  # of the newest call in the mean of how long calls take


class Pool(Part):
    """At most `limit` calls at once, and at most `queue` more that wait, each `wait` seconds long.

    ``async with pool.slot():`` around a call, or ``Depends(pool.slot)`` for the whole of a request,
    its stream included. Who finds no room gets `status` (503, or 429) with `Retry-After`; a call
    that lasts longer than `deadline` seconds is ended with 504. Counted for each event loop of each
    process. As a part of an application it tells its numbers to metrics; it need not be one.
    """

    may_be_several = True

    def __init__(
        self,
        limit: int,
        *,
        queue: int = 0,
        wait: float = 10.0,
        deadline: float | None = None,
        status: int = 503,
        name: str = "model",
    ) -> None:
        if limit < 1 or queue < 0 or wait <= 0 or status not in (429, 503):
            raise SetupError(
                f"a pool cannot have limit={limit!r}, queue={queue!r}, wait={wait!r} and"
                f" status={status!r}",
                code="ai.pool",
                mend="Pool(limit=8, queue=32, wait=10, status=503)",
            )
        self.name = name
        self.limit = limit
        self.queue = queue
        self.wait = wait
        self.deadline = deadline
        self.status = status
        self.refused = 0
        """How many found no room so far."""
        self._limit = Limit(limit)
        self._inside = 0
        self._waiting = 0
        self._mean = 1.0  # seconds that a call takes, as far as we know

    @property
    def in_flight(self) -> int:
        """How many calls run now."""
        return self._inside

    @property
    def waiting(self) -> int:
        """How many wait for a place now."""
        return self._waiting

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Take a place, and give it back at the end of the block; raises `Busy`, or 504."""
        await self._enter()
        self._inside += 1
        began = perf_counter()
        try:
            if self.deadline is None:
                yield
            else:
                with anyio.move_on_after(self.deadline) as scope:
                    yield
                if scope.cancelled_caught:
                    raise HTTPException(504, f"The {self.name} took too long")
        finally:
            self._inside -= 1
            self._mean += (perf_counter() - began - self._mean) * _WEIGHT
            self._limit.get_semaphore().release()

    async def _enter(self) -> None:
        semaphore = self._limit.get_semaphore()
        try:
            semaphore.acquire_nowait()
        except anyio.WouldBlock:
            pass
        else:
            return
        if self._waiting >= self.queue:
            raise self._busy()
        self._waiting += 1
        try:
            with anyio.move_on_after(self.wait):
                await semaphore.acquire()
                return
        finally:
            self._waiting -= 1
        raise self._busy()

    def _busy(self) -> Busy:
        self.refused += 1
        until_free = self._mean * (self._waiting + 1) / self.limit
        return Busy(f"The {self.name} is busy", retry_after=until_free, status=self.status)

    # -- as a part -------------------------------------------------------------------------------

    def gauges(self) -> Sequence[Gauge]:
        """Give how many calls run, wait, and were refused."""
        return (
            Gauge("trivet_pool_in_flight", "Calls that run", self._read_inside),
            Gauge("trivet_pool_waiting", "Calls that wait for a place", self._read_waiting),
            Gauge("trivet_pool_refused_total", "Calls refused", self._read_refused, counts=True),
        )

    async def _read_inside(self) -> Sequence[Reading]:
        return [Reading(self._inside, {"pool": self.name})]

    async def _read_waiting(self) -> Sequence[Reading]:
        return [Reading(self._waiting, {"pool": self.name})]

    async def _read_refused(self) -> Sequence[Reading]:
        return [Reading(self.refused, {"pool": self.name})]
