"""Turns at the processors and the memory that hashing takes, and an end to the queue for them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from trivet.concurrency import Limit, clean_in_thread
from trivet.errors import HTTPException

__all__ = ["Turns"]

T = TypeVar("T")
_MOST_AT_ONCE = 8  # each takes its memory: 8 of 64 MiB are 512 MiB


class Turns:
    """Lets `at_once` functions run on worker threads and `waiting` more wait, for each event loop.

    By default as many run as there are processors, 8 at most. Who comes when as many wait is told
    503, to come again in a second.
    """

    def __init__(self, at_once: int | None, waiting: int) -> None:
        self.at_once = at_once or min(os.cpu_count() or 1, _MOST_AT_ONCE)
        self.waiting = waiting
        self._limit = Limit(self.at_once)

    async def run(self, function: Callable[[], T]) -> T:
        """Call a function on a worker thread in its turn; raises a 503 where too many wait.

        A caller who is cancelled meanwhile holds the turn until the function has ended.
        """
        semaphore = self._limit.get_semaphore()
        is_busy = semaphore.value == 0
        if is_busy and semaphore.statistics().tasks_waiting >= self.waiting:
            raise HTTPException(
                503, "Too many people are signing in: try again", {"Retry-After": "1"}
            )
        async with semaphore:
            # It needs no place among the handlers' threads: the turns are its limit.
            return await clean_in_thread(function)
