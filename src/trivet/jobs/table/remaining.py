"""Whether anything is left to do, for workers that end when there is nothing."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, or_, select

from trivet.db import Database
from trivet.jobs.moments import database_now
from trivet.jobs.table.pausing import paused
from trivet.jobs.tables import Board, State

__all__ = ["is_anything_left"]


async def is_anything_left(database: Database, board: Board, queues: Sequence[str]) -> bool:
    """Tell whether something may run now in queues that are not paused, staged or sent or not."""
    jobs = board.jobs
    async with database.engine.connect() as connection:
        closed = await paused(connection, board)
        is_ready = jobs.c.state.in_((State.READY, State.SUSPECT, State.SENT))
        is_due = and_(jobs.c.state == State.LATER, jobs.c.due <= database_now())
        wanted = select(jobs.c.id).where(
            jobs.c.queue.in_([queue for queue in queues if queue not in closed]),
            or_(is_ready, is_due),
        )
        return (await connection.execute(wanted.limit(1))).first() is not None
