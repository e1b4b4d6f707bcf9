"""Taking jobs out of the table: ready ones of one queue, first those of the highest priority.

What one worker looks at, others skip (``FOR UPDATE SKIP LOCKED``); SQLite has one writer at a time
anyway. A claim gives the job to a worker until its lease lapses, with a token that no other claim
has: the fence behind which only who holds the job can say how it ended.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, null, or_, select, update

from trivet.db import Database, Unit
from trivet.jobs.enqueueing import UNTIL_START
from trivet.jobs.held import Held
from trivet.jobs.limits import Limit
from trivet.jobs.moments import database_now, milliseconds
from trivet.jobs.table.limiting import allowance
from trivet.jobs.tables import Board, State

__all__ = ["Claim", "claim", "is_anything_ready", "writing"]

_LOOKS = 5  # for jobs whose keys have room
_ASIDE = 50  # jobs that are looked at besides, as some of them may have to wait for their key


@asynccontextmanager
async def writing(database: Database) -> AsyncIterator[Unit]:
    """Open a short transaction of the workers' own."""
    # With what MariaDB does otherwise, who looks for jobs would hold up those who put them in.
    is_mysql = database.engine.dialect.name in ("mysql", "mariadb")
    async with database.own_transaction(isolation="read committed" if is_mysql else None) as unit:
        yield unit


async def is_anything_ready(database: Database, board: Board, queue: str) -> bool:
    """Tell whether a claim may find something, without a transaction that writes."""
    jobs = board.jobs
    wanted = select(jobs.c.id).where(
        jobs.c.state.in_((State.READY, State.SUSPECT)), jobs.c.queue == queue
    )
    async with database.engine.connect() as connection:
        return (await connection.execute(wanted.limit(1))).first() is not None


@dataclass(frozen=True)
class Claim:
    """Who claims, and how: at most `most` ready jobs of a queue, or one suspect, for `lease` s.

    They are a `worker`'s, or on their way to an engine where it is None.
    """

    worker: str | None
    queue: str
    most: int
    lease: float
    limit: Limit | None = None


async def claim(unit: Unit, board: Board, how: Claim, state: State) -> list[Held]:
    """Take jobs of a state, which is `READY` or `SUSPECT`."""
    most = how.most if state is State.READY else 1
    if how.limit is None:
        rows = (await unit.execute(_wanted(board, how.queue, state, most))).all()
    else:
        rows = await _within(unit, board, how.limit, state, most)
    if not rows:
        return []
    token = secrets.randbits(62)
    jobs = board.jobs
    await unit.execute(
        update(jobs)
        .where(jobs.c.id.in_([row.id for row in rows]))
        .values(
            state=State.SENT if how.worker is None else State.RUNNING,
            attempt=jobs.c.attempt + 1,
            token=token,
            worker=how.worker,
            due=database_now() + milliseconds(how.lease),
            started=database_now(),
            unique_key=case(
                (jobs.c.unique_key.startswith(UNTIL_START), null()), else_=jobs.c.unique_key
            ),
        )
    )
    return [
        Held(
            row.id, row.name, row.queue, row.arguments, row.attempt + 1, row.max_attempts,
            row.lapses, row.keep, row.next_id, row.has_before, token, tick=row.tick,
            trace=row.trace,
        )
        for row in rows
    ]  # fmt: skip


async def _within(unit: Unit, board: Board, limit: Limit, state: State, most: int) -> list[Any]:
    """Find jobs that the limits of their queue let run."""
    allowed = await allowance(unit, board, limit)
    rows: list[Any] = []
    for _ in range(_LOOKS):
        left = min(most - len(rows), allowed.most)
        if left < 1:
            break
        seen = [row.id for row in rows]
        wanted = _wanted(board, limit.queue, state, left + _ASIDE * limit.is_by_key)
        jobs = board.jobs
        if seen:
            wanted = wanted.where(jobs.c.id.not_in(seen))
        if full := allowed.full_keys:
            wanted = wanted.where(or_(jobs.c.limit_key.is_(None), jobs.c.limit_key.not_in(full)))
        found = (await unit.execute(wanted)).all()
        if not found:
            break
        rows += allowed.chosen(found, left)
    if rows:
        await allowed.spend()
    return rows


def _wanted(board: Board, queue: str, state: State, most: int) -> Select[Any]:
    jobs = board.jobs
    return (
        select(
            jobs.c.id, jobs.c.name, jobs.c.queue, jobs.c.arguments, jobs.c.attempt,
            jobs.c.max_attempts, jobs.c.lapses, jobs.c.keep, jobs.c.next_id, jobs.c.has_before,
            jobs.c.limit_key,
            jobs.c.tick, jobs.c.trace,
        )
        .where(jobs.c.state == state, jobs.c.queue == queue)
        .order_by(jobs.c.rank, jobs.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )  # fmt: skip
