"""Queues from which nothing is taken for now: a mark for each, which workers read as they beat."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from trivet.db import Database, Unit
from trivet.jobs.enqueueing import inserting_once
from trivet.jobs.moments import database_now
from trivet.jobs.table.claiming import writing
from trivet.jobs.tables import Board, board_of

__all__ = ["pause", "paused", "resume"]

_MARK = "paused:"


async def pause(database: Database, queue: str) -> bool:
    """Let workers take nothing more from a queue; False where that is so already.

    They hear of it with their next heart-beat: within a third of their lease, which is 5 seconds by
    default. Jobs that run go on.
    """
    async with writing(database) as unit:
        marks = board_of(database).marks
        made = inserting_once(unit, marks, "name")
        values = {"name": _MARK + queue, "moment": database_now()}
        return bool((await unit.execute(made.values(values))).rowcount > 0)


async def resume(database: Database, queue: str) -> bool:
    """Let workers take from a queue again; False where they do already."""
    async with writing(database) as unit:
        marks = board_of(database).marks
        gone = await unit.execute(delete(marks).where(marks.c.name == _MARK + queue))
        return bool(gone.rowcount > 0)


async def paused(by: Unit | AsyncConnection, board: Board) -> frozenset[str]:
    """Give the queues that are paused."""
    names = board.marks.c.name
    found = await by.execute(select(names).where(names.startswith(_MARK)))
    return frozenset(name.removeprefix(_MARK) for name in found.scalars())
