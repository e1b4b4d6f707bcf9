"""What one worker does for all of them: the leader.

Jobs whose moment has come are made ready, those whose worker is gone are given to others, and what
nobody wants to know any more is deleted. Who leads holds a mark with a lease; two leaders at a time
would do the same twice, and nothing wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, case, delete, null, select, update

from trivet.db import Unit
from trivet.jobs.enqueueing import inserting_once
from trivet.jobs.moments import database_now, milliseconds
from trivet.jobs.table.following import cancel_followers, is_awaited
from trivet.jobs.tables import Board, State

__all__ = ["GONE", "forget", "lapse", "lead", "resign", "stage", "unsend", "unsent"]

_LONGEST_RATE = 7 * 86_400.0  # seconds
_MOST = 500  # rows of one statement
GONE = "the worker that ran it died, or was out of reach for longer than its lease"


async def lead(unit: Unit, board: Board, worker: str, leads: float) -> float | None:
    """Be the leader for `leads` seconds from now on; None where another one is.

    Gives for how many seconds there was no leader before.
    """
    marks = board.marks
    until = database_now() + milliseconds(leads)
    wanted = (
        select(marks.c.holder, (database_now() - marks.c.moment).label("gap"))
        .where(marks.c.name == "leader")
        .with_for_update()
    )
    row = (await unit.execute(wanted)).one_or_none()
    if row is None:
        first = inserting_once(unit, marks, "name")
        made = await unit.execute(first.values(name="leader", holder=worker, moment=until))
        return 0.0 if made.rowcount > 0 else None
    if row.holder != worker and row.gap < 0:
        return None
    mine = update(marks).where(marks.c.name == "leader").values(holder=worker, moment=until)
    await unit.execute(mine)
    return float(max(0, row.gap)) / 1000


async def resign(unit: Unit, board: Board, worker: str) -> None:
    """Be the leader no longer."""
    marks = board.marks
    own = marks.c.name == "leader", marks.c.holder == worker
    await unit.execute(update(marks).where(*own).values(moment=database_now()))


async def stage(unit: Unit, board: Board) -> int:
    """Make jobs ready whose moment has come; gives how many."""
    jobs = board.jobs
    ids = (await unit.execute(_due(board, State.LATER))).scalars().all()
    if ids:
        state = case((jobs.c.lapses > 0, State.SUSPECT), else_=State.READY)
        await unit.execute(update(jobs).where(jobs.c.id.in_(ids)).values(state=state))
        unit.on_commit(board.tell)
    return len(ids)


async def lapse(unit: Unit, board: Board) -> int:
    """Give jobs to others whose lease has lapsed, or let them be dead; gives how many."""
    jobs = board.jobs
    ids = (await unit.execute(_due(board, State.RUNNING))).scalars().all()
    if not ids:
        return 0
    lapsed = update(jobs).where(jobs.c.id.in_(ids), jobs.c.state == State.RUNNING)
    gone: dict[str, Any] = {
        "lapses": jobs.c.lapses + 1, "token": null(), "worker": null(), "error": GONE,
    }  # fmt: skip
    await unit.execute(
        lapsed.where(jobs.c.wants_cancel).values(
            state=State.CANCELLED, unique_key=null(), finished=database_now(), **gone
        )
    )
    await unit.execute(
        lapsed.where(jobs.c.attempt >= jobs.c.max_attempts).values(
            state=State.DEAD, unique_key=null(), finished=database_now(), **gone
        )
    )
    await unit.execute(lapsed.values(state=State.SUSPECT, **gone))
    unit.on_commit(board.tell)
    return len(ids)


async def unsent(unit: Unit, board: Board) -> int:
    """Make jobs ready of which nobody said that an engine has them; gives how many."""
    ids = (await unit.execute(_due(board, State.SENT))).scalars().all()
    await unsend(unit, board, ids)
    return len(ids)


async def unsend(unit: Unit, board: Board, ids: Sequence[int]) -> None:
    """Make jobs ready that were sent, as they were before: whoever gets them yet has them not."""
    jobs = board.jobs
    if ids:
        await unit.execute(
            update(jobs)
            .where(jobs.c.id.in_(ids), jobs.c.state == State.SENT)
            .values(state=State.READY, attempt=jobs.c.attempt - 1, token=null())
        )
        unit.on_commit(board.tell)


async def forget(unit: Unit, board: Board, keep_dead: float) -> int:
    """Delete what is over for long enough, dead ones after `keep_dead` seconds; gives how many."""
    jobs = board.jobs
    ids: list[int] = []
    done = _due(board, State.DONE).where(~is_awaited(board))
    for wanted in (done, _due(board, State.CANCELLED)):
        ids += (await unit.execute(wanted)).scalars().all()
    dead = select(jobs.c.id).where(
        jobs.c.state == State.DEAD,
        jobs.c.finished <= database_now() - milliseconds(keep_dead),
    )
    ids += (await unit.execute(dead.limit(_MOST))).scalars().all()
    if ids:
        waiting = select(jobs.c.next_id).where(jobs.c.id.in_(ids), jobs.c.next_id.is_not(None))
        await cancel_followers(unit, board, (await unit.execute(waiting)).scalars().all())
        await unit.execute(delete(jobs).where(jobs.c.id.in_(ids)))
    # What is left of a rate means nothing once it has filled up again.
    marks = board.marks
    old = marks.c.moment <= database_now() - milliseconds(_LONGEST_RATE)
    await unit.execute(delete(marks).where(marks.c.name.startswith("rate:"), old))
    return len(ids)


def _due(board: Board, state: State) -> Select[Any]:
    jobs = board.jobs
    return (
        select(jobs.c.id)
        .where(jobs.c.state == state, jobs.c.due <= database_now())
        .order_by(jobs.c.due)
        .limit(_MOST)
        .with_for_update(skip_locked=True)
    )
