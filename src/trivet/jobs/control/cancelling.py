"""Cancelling jobs: those that wait at once, with what waits for them; those that run by asking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import update

from trivet.db import Database, Unit
from trivet.jobs.control.choice import BATCH
from trivet.jobs.table.claiming import writing
from trivet.jobs.table.following import cancel_followers, end_as_cancelled, locked
from trivet.jobs.tables import Board, State, board_of

__all__ = ["Cancelled", "cancel"]

_WAITS = (State.LATER, State.READY, State.SUSPECT, State.SENT, State.BLOCKED)


@dataclass
class Cancelled:
    """What came of it, by the numbers of jobs."""

    cancelled: list[int] = field(default_factory=list)
    """Those that waited."""
    followers: list[int] = field(default_factory=list)
    """Those that waited for one of them, or of those that are asked."""
    asked: list[int] = field(default_factory=list)
    """Those that run: their workers cancel them with the next heart-beat."""
    refused: dict[int, str] = field(default_factory=dict)
    """Those that cannot be cancelled, and why."""


async def cancel(database: Database, ids: Sequence[int]) -> Cancelled:
    """Cancel jobs, and those that wait for them."""
    board = board_of(database)
    found = Cancelled()
    for start in range(0, len(ids), BATCH):
        async with writing(database) as unit:
            await _cancel(unit, board, ids[start : start + BATCH], found)
    return found


async def _cancel(unit: Unit, board: Board, ids: Sequence[int], found: Cancelled) -> None:
    jobs = board.jobs
    states = {}
    following = set()
    for row in await locked(unit, board, ids):
        states[row.id] = State(row.state)
        if row.next_id is not None and not states[row.id].is_over:
            following.add(row.next_id)
    waiting = [id for id, state in states.items() if state in _WAITS]
    running = [id for id, state in states.items() if state is State.RUNNING]
    await end_as_cancelled(unit, board, waiting)
    if running:
        asked = update(jobs).where(jobs.c.id.in_(running))
        await unit.execute(asked.values(wants_cancel=True))
    found.cancelled += waiting
    found.asked += running
    found.followers += await cancel_followers(unit, board, following - set(waiting))
    for id in ids:
        if id not in states:
            found.refused[id] = "there is no such job, or not any more"
        elif states[id].is_over:
            found.refused[id] = f"it is {states[id]} already"
