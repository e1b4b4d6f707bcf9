"""The heart-beat of a worker: its jobs stay its own, and it hears of those that are unwanted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, select, update

from trivet.db import Unit
from trivet.jobs.moments import database_now, milliseconds
from trivet.jobs.table.pausing import paused
from trivet.jobs.tables import Board, State

__all__ = ["Pulse", "beat", "look"]


@dataclass(frozen=True)
class Pulse:
    """What the table says of a worker's jobs: token by number."""

    held: Mapping[int, int]
    unwanted: frozenset[int]
    """Those that somebody has asked to cancel."""
    paused: frozenset[str]
    """The queues from which nothing is taken for now."""


async def beat(
    unit: Unit,
    board: Board,
    worker: str,
    lease: float,
    said: Mapping[int, tuple[float | None, str | None]],
) -> Pulse:
    """Hold all jobs of a worker for `lease` seconds from now on, and tell their progress."""
    jobs = board.jobs
    own = (jobs.c.state == State.RUNNING, jobs.c.worker == worker)
    await unit.execute(update(jobs).where(*own).values(due=database_now() + milliseconds(lease)))
    await _tell(unit, board, said)
    rows = (
        await unit.execute(select(jobs.c.id, jobs.c.token, jobs.c.wants_cancel).where(*own))
    ).all()
    return Pulse(
        {row.id: row.token for row in rows},
        frozenset(row.id for row in rows if row.wants_cancel),
        await paused(unit, board),
    )


async def look(
    unit: Unit,
    board: Board,
    ids: Collection[int],
    said: Mapping[int, tuple[float | None, str | None]],
) -> Pulse:
    """Look at jobs that an engine has handed out, and tell their progress."""
    jobs = board.jobs
    await _tell(unit, board, said)
    wanted = select(jobs.c.id, jobs.c.token, jobs.c.wants_cancel).where(
        jobs.c.state == State.SENT, jobs.c.id.in_(ids)
    )
    rows = (await unit.execute(wanted)).all()
    return Pulse(
        {row.id: row.token for row in rows},
        frozenset(row.id for row in rows if row.wants_cancel),
        await paused(unit, board),
    )


async def _tell(
    unit: Unit, board: Board, said: Mapping[int, tuple[float | None, str | None]]
) -> None:
    if said:
        jobs = board.jobs
        told = update(jobs).where(jobs.c.id == bindparam("b_id"), jobs.c.finished.is_(None))
        await unit.execute(
            told.values(progress=bindparam("b_share"), note=bindparam("b_note")),
            [{"b_id": id, "b_share": share, "b_note": note} for id, (share, note) in said.items()],
        )
