"""Looking at jobs and queues, without changing anything."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection

from trivet.db import Database
from trivet.jobs.control.choice import Choice
from trivet.jobs.handles import JobUnknown, Status, status_in
from trivet.jobs.moments import as_datetime, database_now, milliseconds
from trivet.jobs.table.pausing import paused
from trivet.jobs.tables import State, board_of

__all__ = [
    "Details",
    "QueueStats",
    "count",
    "details",
    "listing",
    "missing_tables",
    "stats",
]

_HOUR = 3_600_000  # milliseconds
_IS_READY = (State.READY, State.SUSPECT)


@dataclass(frozen=True)
class Details:
    """All that is known of one job."""

    status: Status
    arguments: Any
    """As they were written: what JSON has."""
    result: Any
    priority: int
    is_unique: bool
    wants_cancel: bool
    lapses: int
    """How often its worker died."""
    worker: str | None
    tick: datetime | None
    """The moment, in UTC, of the schedule that has put it in."""
    next_id: int | None
    """The job that waits for it."""
    waits_for: int
    """How many jobs it waits for."""


@dataclass(frozen=True)
class QueueStats:
    """One queue at one moment, in numbers of jobs."""

    queue: str
    ready: int
    running: int
    sent: int
    later: int
    blocked: int
    dead: int
    died: int
    """Those that have died within the last hour."""
    lag: float
    """Seconds for which the oldest one that is ready has waited; 0.0 where there is none."""
    is_paused: bool


async def listing(
    database: Database,
    choice: Choice = Choice(),  # noqa: B008  # frozen
    *,
    limit: int = 50,
    before: int | None = None,
) -> list[Status]:
    """Give at most `limit` jobs, the newest first, those with a number below `before`."""
    board = board_of(database)
    jobs = board.jobs
    unread = {"arguments", "result"}  # which may be long
    wanted = select(*[column for column in jobs.c if column.name not in unread])
    wanted = wanted.where(*choice.conditions(board)).order_by(jobs.c.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(jobs.c.id < before)
    async with database.engine.connect() as connection:
        return [status_in(row) for row in await connection.execute(wanted)]


async def details(database: Database, id: int) -> Details:
    """Give all that is known of one job; raises `JobUnknown`."""
    jobs = board_of(database).jobs
    async with database.engine.connect() as connection:
        row = (await connection.execute(select(jobs).where(jobs.c.id == id))).one_or_none()
    if row is None:
        raise JobUnknown(f"there is no job {id}, or not any more")
    return Details(
        status_in(row),
        arguments=json.loads(row.arguments),
        result=None if row.result is None else json.loads(row.result),
        priority=-row.rank,
        is_unique=row.unique_key is not None,
        wants_cancel=bool(row.wants_cancel),
        lapses=row.lapses,
        worker=row.worker,
        tick=as_datetime(row.tick),
        next_id=row.next_id,
        waits_for=row.missing,
    )


async def stats(database: Database) -> list[QueueStats]:
    """Give the queues that have jobs which are not over, or dead ones, or are paused."""
    jobs = board_of(database).jobs
    counted = (
        select(jobs.c.queue, jobs.c.state, func.count(), func.min(jobs.c.due))
        .where(jobs.c.state.not_in((State.DONE, State.CANCELLED)))
        .group_by(jobs.c.queue, jobs.c.state)
    )
    died = (
        select(jobs.c.queue, func.count().label("number"))
        .where(jobs.c.state == State.DEAD, jobs.c.finished > database_now() - _HOUR)
        .group_by(jobs.c.queue)
    )
    async with database.engine.connect() as connection:
        now = (await connection.execute(select(database_now()))).scalar_one()
        rows = (await connection.execute(counted)).all()
        deaths = {row.queue: row.number for row in await connection.execute(died)}
        stopped = await paused(connection, board_of(database))
    counts = {(queue, State(state)): count for queue, state, count, _ in rows}
    since = [(queue, due) for queue, state, _, due in rows if State(state) in _IS_READY]
    found = []
    for queue in sorted({queue for queue, _ in counts} | stopped):
        oldest = min((due for one, due in since if one == queue), default=now)
        found.append(
            QueueStats(
                queue,
                ready=sum(counts.get((queue, state), 0) for state in _IS_READY),
                running=counts.get((queue, State.RUNNING), 0),
                sent=counts.get((queue, State.SENT), 0),
                later=counts.get((queue, State.LATER), 0),
                blocked=counts.get((queue, State.BLOCKED), 0),
                dead=counts.get((queue, State.DEAD), 0),
                died=deaths.get(queue, 0),
                lag=max(0, now - oldest) / 1000,
                is_paused=queue in stopped,
            )
        )
    return found


async def count(database: Database, choice: Choice, *, older_than: float = 0.0) -> int:
    """Count jobs; of those that are over, the ones that are so for `older_than` seconds."""
    board = board_of(database)
    wanted = select(func.count()).select_from(board.jobs).where(*choice.conditions(board))
    if older_than:
        wanted = wanted.where(board.jobs.c.finished <= database_now() - milliseconds(older_than))
    async with database.engine.connect() as connection:
        return int((await connection.execute(wanted)).scalar_one())


async def missing_tables(connection: AsyncConnection, database: Database) -> list[str]:
    """Name the tables of jobs that the database does not have."""
    board = board_of(database)

    def look(plain: Connection) -> list[str]:
        found = inspect(plain)
        return [one.name for one in (board.jobs, board.marks) if not found.has_table(one.name)]

    return await connection.run_sync(look)
