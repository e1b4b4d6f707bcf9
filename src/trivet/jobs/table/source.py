"""Jobs out of the table: claimed as there are hands for them, and held by a lease."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from trivet.db import Database
from trivet.jobs.hands import Hands
from trivet.jobs.held import Held
from trivet.jobs.source import WorkerOptions
from trivet.jobs.table.beats import beat
from trivet.jobs.table.claiming import Claim, claim, is_anything_ready, writing
from trivet.jobs.table.pausing import paused
from trivet.jobs.table.remaining import is_anything_left
from trivet.jobs.tables import Board, State

__all__ = ["TableSource"]

_log = logging.getLogger("trivet.jobs")
_MOST = 200  # jobs of one claim
_AHEAD = 0.05  # seconds of work that are taken in advance, where jobs are short
_BEATS = 3  # heart-beats within a lease


class TableSource:
    """Claims jobs for one worker, whose name in the table is `worker`."""

    def __init__(
        self, hands: Hands, database: Database, board: Board, options: WorkerOptions, worker: str
    ) -> None:
        self.pause = options.lease / _BEATS
        self._hands = hands
        self._database = database
        self._board = board
        self._options = options
        self._worker = worker
        self._paused: frozenset[str] | None = None  # queues; None until they were read
        self._claiming = asyncio.Lock()
        self._is_idle = False

    def wake(self) -> None:
        """Look for jobs now."""
        self._hands.freed.set()

    async def take(self) -> None:
        """Claim as many jobs as there are hands; wait where there are none."""
        self._hands.freed.clear()
        if self._hands.free <= 0:
            await self._hands.freed.wait()
        elif await self._claimed():
            self._is_idle = False
        else:
            # From now on a look comes before each claim, which is a transaction that writes.
            self._is_idle = True
            with suppress(TimeoutError):
                async with asyncio.timeout(self._options.poll):
                    await self._hands.freed.wait()

    async def is_empty(self) -> bool:
        """Tell whether nothing may run now, and nothing is in hands."""
        async with self._claiming:  # what is claimed is neither, until it is in hands
            # What ends while one looks may let others be ready, of which one does not hear.
            if not self._hands.is_empty:
                return False
            queues = self._options.queues
            return not await is_anything_left(self._database, self._board, queues)

    async def close(self) -> None:
        """There is nothing to let go of."""

    async def beat(self) -> None:
        """Renew the leases; hear what was taken away, and hand back what nobody heard of."""
        hands = self._hands
        async with self._claiming, writing(self._database) as unit:
            pulse = await beat(unit, self._board, self._worker, self._options.lease, hands.said())
        self._paused = pulse.paused
        known = {held.id for held in hands.held()}
        for id, held in hands.active().items():
            if pulse.held.get(id) != held.token:
                hands.lose(id)
            elif id in pulse.unwanted:
                hands.stop(id)
        # Claimed by a transaction whose end nobody heard of: nobody would ever run them.
        orphans = [id for id in pulse.held if id not in known]
        if orphans:
            _log.info("handing back %s jobs that were claimed and not heard of", len(orphans))
            for id in orphans:
                hands.hand_back(Held(id, "", "", "", 1, 1, 0, 0, None, False, pulse.held[id]))

    async def _claimed(self) -> bool:
        """Claim from each queue in turn; True where there was something."""
        if self._paused is None:
            async with self._database.engine.connect() as connection:
                self._paused = await paused(connection, self._board)
        found = False
        for queue in self._options.queues:
            if self._hands.free <= 0:
                break
            if queue in self._paused or (self._is_idle and not await self._is_ready(queue)):
                continue
            how = Claim(
                self._worker, queue, self._wanted, self._options.lease,
                self._options.limit_of(queue),
            )  # fmt: skip
            async with self._claiming, writing(self._database) as unit:
                held = await claim(unit, self._board, how, State.READY)
                if not self._hands.has_suspect:
                    held += await claim(unit, self._board, how, State.SUSPECT)
            found = found or bool(held)
            self._hands.take(held)
        return found

    async def _is_ready(self, queue: str) -> bool:
        return await is_anything_ready(self._database, self._board, queue)

    @property
    def _wanted(self) -> int:
        """How many jobs to claim: as many as there are hands, more where they are done at once."""
        ahead = int(self._options.concurrency * _AHEAD / self._hands.mean)
        return min(_MOST, max(self._hands.free, ahead))
