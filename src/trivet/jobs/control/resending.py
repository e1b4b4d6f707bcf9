"""Sending jobs anew that an engine was given, and has lost."""

from __future__ import annotations

from sqlalchemy import select

from trivet.db import Database, Unit
from trivet.jobs.control.choice import BATCH, Told
from trivet.jobs.moments import database_now, milliseconds
from trivet.jobs.table.claiming import writing
from trivet.jobs.table.upkeep import unsend
from trivet.jobs.tables import Board, State, board_of

__all__ = ["resend"]


async def resend(database: Database, *, older_than: float, told: Told = lambda count: None) -> int:
    """Make jobs ready that were sent more than `older_than` seconds ago; gives how many.

    For engines that have lost what they were given, as a Redis does that keeps nothing on disk. A
    job that still runs somewhere is run once more, and only the later run counts.
    """
    board = board_of(database)
    count = 0
    while True:
        async with writing(database) as unit:
            some = await _resend(unit, board, older_than)
        if not some:
            return count
        count += some
        told(count)


async def _resend(unit: Unit, board: Board, older_than: float) -> int:
    jobs = board.jobs
    wanted = select(jobs.c.id).where(
        jobs.c.state == State.SENT,
        jobs.c.started <= database_now() - milliseconds(older_than),
    )
    wanted = wanted.order_by(jobs.c.id).limit(BATCH).with_for_update(skip_locked=True)
    ids = (await unit.execute(wanted)).scalars().all()
    await unsend(unit, board, ids)
    return len(ids)
