"""Putting in the jobs of schedules: exactly one for each tick, whoever believes to lead.

The last tick of a schedule is a mark. The transaction that moves it, and no other, puts the jobs
in, with the mark's row locked: a leader that was away for a while, and one that took its place
meanwhile, find what the other one did. Time is the database's; where its clock is put back, the
mark stays ahead of it and nothing ticks until it is there again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import select, update

from trivet.db import Database, Unit
from trivet.jobs.enqueueing import inserting_once, store
from trivet.jobs.moments import as_datetime, database_now, moment_of
from trivet.jobs.schedules import Schedule, last_tick
from trivet.jobs.table.claiming import writing
from trivet.jobs.tables import Board

__all__ = ["fire"]

_log = logging.getLogger("trivet.jobs")
_MOST = 100  # ticks of one schedule that are caught up in one step of the leader
_LATE = timedelta(seconds=60)  # after which a tick counts as missed
_MARK = "schedule:"


async def fire(
    database: Database,
    board: Board,
    schedules: Mapping[str, Schedule],
    *,
    behind: float | None = None,
) -> int:
    """Put in the jobs of all ticks that are due; gives how many.

    With `behind`, only of schedules that are that many seconds behind: the leader does not know
    them, as it is of another version or another application.
    """
    if not schedules:
        return 0
    fired = 0
    for schedule, is_new in await _due(database, board, schedules.values(), behind):
        async with writing(database) as unit:
            if is_new:
                await _begin(unit, board, schedule)
            else:
                fired += await _fire(unit, board, schedule)
    return fired


async def _due(
    database: Database, board: Board, schedules: Iterable[Schedule], behind: float | None
) -> list[tuple[Schedule, bool]]:
    """Give the schedules that have something to do, and whether they are new; locks nothing."""
    marks = board.marks
    wanted = select(marks.c.name, marks.c.holder, marks.c.moment, database_now().label("now"))
    async with database.engine.connect() as connection:
        rows = (await connection.execute(wanted.where(marks.c.name.startswith(_MARK)))).all()
    known = {row.name: row for row in rows}
    found = []
    for schedule in schedules:
        row = known.get(_MARK + schedule.name)
        if row is None:
            found.append((schedule, True))
        elif row.holder != _kind(schedule):
            # Of two versions that run side by side, the leader's holds.
            if behind is None:
                found.append((schedule, False))
        elif _is_due(schedule, row, timedelta(seconds=behind or 0.0)):
            found.append((schedule, False))
    return found


async def _fire(unit: Unit, board: Board, schedule: Schedule) -> int:
    """Put in the jobs of one schedule's ticks, and move its mark."""
    marks = board.marks
    own = marks.c.name == _MARK + schedule.name
    # A leader that hangs with the row in its hands holds up this schedule, and not the others.
    wanted = select(marks.c.holder, marks.c.moment, database_now().label("now")).where(own)
    row = (await unit.execute(wanted.with_for_update(skip_locked=True))).one_or_none()
    if row is None:
        return 0
    if row.holder != _kind(schedule):
        # Another rule than before: what it would have had in the past was never asked for.
        begun = update(marks).where(own)
        await unit.execute(begun.values(holder=_kind(schedule), moment=max(row.moment, row.now)))
        return 0
    ticks, last = _ticks(schedule, _time(row.moment), _time(row.now))
    if last is None:
        return 0
    await unit.execute(update(marks).where(own).values(moment=moment_of(last)))
    for tick in ticks:
        put = await store(unit, board, schedule.entry)
        if put.is_new:
            jobs = board.jobs
            own_row = update(jobs).where(jobs.c.id == put.id)
            await unit.execute(own_row.values(tick=moment_of(tick)))
    return len(ticks)


async def _begin(unit: Unit, board: Board, schedule: Schedule) -> None:
    """Let a new schedule tick from now on."""
    first = inserting_once(unit, board.marks, "name").values(
        name=_MARK + schedule.name, holder=_kind(schedule), moment=database_now()
    )
    await unit.execute(first)


def _is_due(schedule: Schedule, row: Any, behind: timedelta) -> bool:
    tick = schedule.ticks.after(_time(row.moment))
    return tick is not None and tick <= _time(row.now) - behind


def _ticks(
    schedule: Schedule, start: datetime, now: datetime
) -> tuple[list[datetime], datetime | None]:
    """Give the ticks to put jobs in for, and the last one that is settled by that."""
    if schedule.missed == "all":
        found: list[datetime] = []
        tick = schedule.ticks.after(start)
        while tick is not None and tick <= now and len(found) < _MOST:
            found.append(tick)
            tick = schedule.ticks.after(tick)
        return found, found[-1] if found else None
    last = last_tick(schedule.ticks, start, now)
    if last is None:
        return [], None
    if schedule.missed == "skip" and now - last > _LATE:
        _log.info("the schedule %s: nobody was there at %s, which is left out", schedule.name, last)
        return [], last
    return [last], last


def _kind(schedule: Schedule) -> str:
    """Give what tells one rule from another, short enough for the mark."""
    return sha256(schedule.ticks.text.encode()).hexdigest()


def _time(moment: int) -> datetime:
    found = as_datetime(moment)
    assert found is not None, "a mark has a moment"
    return found
