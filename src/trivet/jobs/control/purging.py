"""Deleting jobs that are over."""

from __future__ import annotations

from sqlalchemy import delete, select

from trivet.db import Database, Unit
from trivet.errors import SetupError
from trivet.jobs.control.choice import BATCH, Choice, Told
from trivet.jobs.moments import database_now, milliseconds
from trivet.jobs.table.claiming import writing
from trivet.jobs.table.following import cancel_followers, is_awaited
from trivet.jobs.tables import Board, State, board_of

__all__ = ["purge"]

_IS_OVER = tuple(state for state in State if state.is_over)


async def purge(
    database: Database,
    choice: Choice,
    *,
    older_than: float = 0.0,
    told: Told = lambda count: None,
) -> int:
    """Delete jobs of a state that is over, for longer than `older_than` seconds; gives how many.

    What a job still waits for to read the result of is left; who waits for a dead one is cancelled.
    Raises `SetupError` for a choice without a state, or with one that is not over.
    """
    if choice.state is None or not choice.state.is_over:
        raise SetupError(
            f"jobs that are {choice.state or 'of no state named'} are not deleted: they may run",
            code="jobs.purge",
            mend=f"one of {', '.join(_IS_OVER)}; `trivet jobs cancel` for others",
        )
    board = board_of(database)
    count = 0
    while True:
        async with writing(database) as unit:
            some = await _purge(unit, board, choice, older_than)
        if not some:
            return count
        count += some
        told(count)


async def _purge(unit: Unit, board: Board, choice: Choice, older_than: float) -> int:
    jobs = board.jobs
    wanted = select(jobs.c.id, jobs.c.next_id).where(
        jobs.c.finished <= database_now() - milliseconds(older_than),
        *choice.conditions(board),
    )
    if choice.state is State.DONE:
        wanted = wanted.where(~is_awaited(board))
    wanted = wanted.order_by(jobs.c.id).limit(BATCH).with_for_update(skip_locked=True)
    rows = (await unit.execute(wanted)).all()
    if rows:
        await unit.execute(delete(jobs).where(jobs.c.id.in_([row.id for row in rows])))
    if choice.state is not State.DONE:
        following = {row.next_id for row in rows if row.next_id is not None}
        await cancel_followers(unit, board, following)
    return len(rows)
