"""From the table to an engine: what was committed is sent, confirmed, and not before that gone.

A job that is ready is marked as sent, for as long as it may take the engine to confirm it; then it
is sent; then it is marked for good. Where the engine is away it is ready again, and nobody who puts
jobs in notices anything. Where this process dies in between, the leader makes it ready again: it
may be sent twice then, with another token, and only the later one counts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import tuple_, update

from trivet.db import Database
from trivet.jobs.engines.engine import Engine, EngineAway, MessageTooLarge
from trivet.jobs.engines.letter import message_of
from trivet.jobs.held import Held, Outcome
from trivet.jobs.moments import NEVER
from trivet.jobs.source import WorkerOptions
from trivet.jobs.table.claiming import Claim, claim, is_anything_ready, writing
from trivet.jobs.table.finishing import finish
from trivet.jobs.table.pausing import paused
from trivet.jobs.tables import Board, State

__all__ = ["Relay"]

_log = logging.getLogger("trivet.jobs")
_MOST = 200  # jobs that are sent together
_CONFIRMED = 60.0  # seconds within which an engine has confirmed, or is away


class Relay:
    """Gives the ready jobs of some queues to an engine."""

    def __init__(
        self, database: Database, board: Board, options: WorkerOptions, engine: Engine
    ) -> None:
        self._database = database
        self._board = board
        self._options = options
        self._engine = engine
        self._woken = asyncio.Event()
        self._is_away = False

    def wake(self) -> None:
        """Look for jobs now."""
        self._woken.set()

    async def step(self) -> None:
        """Send what is ready, or wait until something may be; raises `EngineAway`."""
        self._woken.clear()
        async with self._database.engine.connect() as connection:
            closed = await paused(connection, self._board)
        sent = 0
        for queue in self._options.queues:
            if queue not in closed and await is_anything_ready(self._database, self._board, queue):
                sent += await self._send(queue)
        if not sent:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._options.poll):
                    await self._woken.wait()

    async def _send(self, queue: str) -> int:
        # Before anything is claimed: an engine that is away is asked once a pause, not once a job.
        await self._engine.open()
        how = Claim(None, queue, _MOST, _CONFIRMED, self._options.limit_of(queue))
        async with writing(self._database) as unit:
            held = await claim(unit, self._board, how, State.READY)
            held += await claim(unit, self._board, how, State.SUSPECT)
        if not held:
            return 0
        try:
            await self._engine.send(queue, [message_of(one) for one in held])
        except MessageTooLarge as error:
            await self._refuse(held, error)
        except EngineAway as error:
            await self._return(held)
            if not self._is_away:
                self._is_away = True
                _log.warning("jobs wait in the table, as their engine is away: %s", error)
            raise
        except BaseException:
            await self._return(held)
            raise
        else:
            await self._confirm(held)
            if self._is_away:
                self._is_away = False
                _log.info("the engine is back, and gets what has waited")
        return len(held)

    async def _confirm(self, held: Sequence[Held]) -> None:
        jobs = self._board.jobs
        async with writing(self._database) as unit:
            await unit.execute(
                update(jobs)
                .where(tuple_(jobs.c.id, jobs.c.token).in_([(h.id, h.token) for h in held]))
                .values(due=NEVER)
            )

    async def _return(self, held: Sequence[Held]) -> None:
        outcomes = [Outcome(one, State.READY, is_counted=False) for one in held]
        async with writing(self._database) as unit:
            await finish(unit, self._board, outcomes)

    async def _refuse(self, held: Sequence[Held], error: MessageTooLarge) -> None:
        """Let the one be dead that no engine will carry, and the others be sent again."""
        async with writing(self._database) as unit:
            await finish(
                unit,
                self._board,
                [
                    Outcome(one, State.DEAD, error=str(error))
                    if message_of(one).id == error.message.id
                    else Outcome(one, State.READY, is_counted=False)
                    for one in held
                ],
            )
