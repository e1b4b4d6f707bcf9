"""Jobs out of an engine: as they come, and held by renewing them.

What comes is looked up before it runs: a job that was cancelled meanwhile, or is done and came once
more because the engine did not hear of it, is not run. All that come together are looked up at
once.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from sqlalchemy import select

from trivet.db import Database
from trivet.jobs.engines.engine import Delivery, Engine, EngineAway
from trivet.jobs.engines.letter import opened
from trivet.jobs.hands import Hands
from trivet.jobs.held import Held, Outcome
from trivet.jobs.source import WorkerOptions
from trivet.jobs.table.beats import look
from trivet.jobs.table.claiming import writing
from trivet.jobs.table.remaining import is_anything_left
from trivet.jobs.table.upkeep import GONE
from trivet.jobs.tables import Board, State

__all__ = ["EngineSource"]

_log = logging.getLogger("trivet.jobs")
_BEATS = 4  # heart-beats within the engine's patience


class EngineSource:
    """Takes jobs from an engine for one worker."""

    def __init__(
        self,
        hands: Hands,
        database: Database,
        board: Board,
        options: WorkerOptions,
        engine: Engine,
    ) -> None:
        self.pause = min(options.lease / 3, engine.patience / _BEATS)
        self._hands = hands
        self._database = database
        self._board = board
        self._options = options
        self._engine = engine
        self._arrived: list[Delivery] = []
        self._something = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Look at what has come; the engine brings jobs by itself."""
        self._something.set()

    async def take(self) -> None:
        """Wait for jobs that come, and take them in hand; raises `EngineAway`."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._read(), name="jobs of the engine")
        if not self._arrived and not self._reading.done():
            await self._something.wait()
        self._something.clear()
        if self._arrived:
            await self._begin()
        elif self._reading.done():
            reading, self._reading = self._reading, None
            await reading  # raises what ended it

    async def is_empty(self) -> bool:
        """Tell whether no job is ready, or on its way."""
        queues = self._options.queues
        return not await is_anything_left(self._database, self._board, queues)

    async def close(self) -> None:
        """Take nothing more; what has come and not begun is given back."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        for delivery in self._arrived:
            with suppress(EngineAway):
                await delivery.back(0)
        await self._engine.close()

    async def beat(self) -> None:
        """Renew all that is held; hear what is unwanted, or somebody else's by now."""
        hands = self._hands
        deliveries = [held.delivery for held in hands.held()]
        renewed = [one.renew() for one in (*deliveries, *self._arrived)]
        await asyncio.gather(*renewed, return_exceptions=True)  # what is lost comes again
        active = hands.active()
        if not active:
            return
        async with writing(self._database) as unit:
            pulse = await look(unit, self._board, active, hands.said())
        for id, held in active.items():
            if pulse.held.get(id) != held.token:
                hands.lose(id)
            elif id in pulse.unwanted:
                hands.stop(id)

    async def _read(self) -> None:
        await self._engine.open()
        try:
            most = self._options.concurrency
            async for delivery in self._engine.deliveries(self._options.queues, most):
                self._arrived.append(delivery)
                self._something.set()
        finally:
            self._something.set()

    async def _begin(self) -> None:
        arrived, self._arrived = self._arrived, []
        try:
            wanted = await self._wanted([opened(one) for one in arrived])
        except BaseException:
            self._arrived = [*arrived, *self._arrived]
            self._something.set()
            raise
        begun = {id(held.delivery) for held in wanted}
        for delivery in arrived:
            if id(delivery) not in begun:
                with suppress(EngineAway):
                    await delivery.done()
        dead = [held for held in wanted if held.attempt > held.max_attempts]
        for held in dead:
            self._hands.put(Outcome(held, State.DEAD, error=GONE))
        self._hands.take([held for held in wanted if held not in dead])

    async def _wanted(self, given: list[Held | None]) -> list[Held]:
        """Give the jobs that are still to be done."""
        found: dict[int, Held] = {}
        for held in given:
            if held is None:
                _log.error("something came by the engine that is no job, and is passed over")
            else:
                found[held.id] = held
        jobs = self._board.jobs
        sent = select(jobs.c.id, jobs.c.token).where(
            jobs.c.id.in_(list(found)), jobs.c.state == State.SENT
        )
        async with self._database.engine.connect() as connection:
            tokens = {row.id: row.token for row in (await connection.execute(sent)).all()}
        return [held for held in found.values() if tokens.get(held.id) == held.token]
