"""Jobs that wait for others: whether one is awaited still, and what becomes of those that wait."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, null, select, update

from trivet.db import Unit
from trivet.jobs.moments import database_now
from trivet.jobs.tables import Board, State

__all__ = ["cancel_followers", "end_as_cancelled", "is_awaited", "locked"]


def is_awaited(board: Board) -> ColumnElement[Any]:
    """Give the condition that another job still waits to read a job's result."""
    following = board.jobs.alias("following")
    over = [state for state in State if state.is_over]
    return (
        select(following.c.id)
        .where(following.c.id == board.jobs.c.next_id, following.c.state.not_in(over))
        .correlate(board.jobs)
        .exists()
    )


async def cancel_followers(unit: Unit, board: Board, ids: Iterable[int]) -> list[int]:
    """Cancel jobs that wait for one that will not be done, and those that wait for them."""
    done: list[int] = []
    wanted = set(ids)
    while wanted:
        rows = await locked(unit, board, sorted(wanted))
        blocked = [row for row in rows if State(row.state) is State.BLOCKED]
        await end_as_cancelled(unit, board, [row.id for row in blocked])
        done += [row.id for row in blocked]
        wanted = {row.next_id for row in blocked if row.next_id is not None}
    return done


async def locked(unit: Unit, board: Board, ids: Sequence[int]) -> Sequence[Any]:
    """Hold jobs until the transaction ends, and give what they are and what waits for them."""
    jobs = board.jobs
    wanted = select(jobs.c.id, jobs.c.state, jobs.c.next_id).where(jobs.c.id.in_(ids))
    # In one order, whoever locks several.
    found: Sequence[Any] = (await unit.execute(wanted.order_by(jobs.c.id).with_for_update())).all()
    return found


async def end_as_cancelled(unit: Unit, board: Board, ids: Sequence[int]) -> None:
    """Let jobs that do not run be cancelled."""
    jobs = board.jobs
    if ids:
        await unit.execute(
            update(jobs)
            .where(jobs.c.id.in_(ids))
            .values(
                state=State.CANCELLED,
                due=database_now() + cast(jobs.c.keep, BigInteger) * 1000,
                unique_key=null(),
                finished=database_now(),
            )
        )
