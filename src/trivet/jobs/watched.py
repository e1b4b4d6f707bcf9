"""What is asked of the jobs from outside: whether they keep up, and how many there are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from trivet.db import Database
from trivet.errors import TrivetError
from trivet.jobs.control import QueueStats, stats
from trivet.watching import Gauge, Reading

__all__ = ["QueueBehind", "gauges_of", "in_time"]

_STATES = ("ready", "running", "sent", "later", "blocked", "dead")


class QueueBehind(TrivetError):
    """A job has been ready for longer than jobs may be."""


async def in_time(database: Database, most: float) -> str:
    """Say how long jobs wait; raises `QueueBehind` beyond `most` seconds. Paused queues may."""
    going = [one for one in await stats(database) if not one.is_paused]
    if not going:
        return "nothing waits"
    worst = max(going, key=_lag)
    if worst.lag > most:
        raise QueueBehind(
            f"the oldest job of {worst.queue!r} waits for {worst.lag:.0f} s, at most {most:g} are"
            " in order: trivet worker, or more of them"
        )
    return f"the oldest one waits for {worst.lag:.1f} s"


def _lag(queue: QueueStats) -> float:
    return queue.lag


class _Kept:
    """What the queues were a moment ago, so that several gauges take one look."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._looking: asyncio.Task[list[QueueStats]] | None = None

    async def stats(self) -> list[QueueStats]:
        looking = self._looking
        if (
            looking is None
            or looking.done()
            or looking.get_loop() is not asyncio.get_running_loop()
        ):
            looking = self._looking = asyncio.create_task(stats(self._database))
        return await asyncio.shield(looking)


def gauges_of(database: Database) -> Sequence[Gauge]:
    """Give the jobs of each queue in numbers; each reading asks the database."""

    kept = _Kept(database)

    async def numbers() -> Sequence[Reading]:
        return [
            Reading(getattr(one, state), {"queue": one.queue, "state": state})
            for one in await kept.stats()
            for state in _STATES
        ]

    async def oldest() -> Sequence[Reading]:
        return [Reading(one.lag, {"queue": one.queue}) for one in await kept.stats()]

    return (
        Gauge("trivet_jobs", "Jobs that are not over, and dead ones, by queue and state.", numbers),
        Gauge("trivet_jobs_oldest_seconds", "How long the oldest job that is ready waits.", oldest),
    )
