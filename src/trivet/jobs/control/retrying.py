"""Giving jobs new attempts: dead and cancelled ones, and those that wait for their next one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, null, select, update

from trivet.db import Database, UniqueViolation, Unit
from trivet.jobs.control.choice import BATCH, Choice, Told
from trivet.jobs.moments import database_now
from trivet.jobs.table.claiming import writing
from trivet.jobs.tables import Board, State, board_of

__all__ = ["KeyOf", "Retried", "retry", "retry_all"]

KeyOf = Callable[[str, str], str | None]
"""Gives the unique key of a job by its name and its arguments, as they were written."""

_IS_OVER = (State.DEAD, State.CANCELLED)


@dataclass
class Retried:
    """What came of it, by the numbers of jobs."""

    retried: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    """Those that cannot be tried again, and why."""


async def retry(database: Database, ids: Sequence[int], *, key_of: KeyOf | None = None) -> Retried:
    """Let jobs run again, now: those that are over have all their attempts before them.

    A job that is unique takes its key again, and is refused where its like is there by now.
    """
    board = board_of(database)
    found = Retried()
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        known = await _retry(database, board, some, key_of, found)
        for id in some:
            if id not in known:
                found.refused[id] = "there is no such job, or not any more"
    return found


async def retry_all(
    database: Database,
    choice: Choice,
    *,
    key_of: KeyOf | None = None,
    told: Told = lambda count: None,
) -> Retried:
    """Let all dead jobs of a choice run again; see `retry`."""
    board = board_of(database)
    jobs = board.jobs
    found = Retried()
    last = 0
    while True:
        wanted = select(jobs.c.id).where(
            jobs.c.state == State.DEAD, jobs.c.id > last, *choice.conditions(board)
        )
        async with database.engine.connect() as connection:
            rows = await connection.execute(wanted.order_by(jobs.c.id).limit(BATCH))
            ids = list(rows.scalars())
        if not ids:
            return found
        last = ids[-1]
        await _retry(database, board, ids, key_of, found)
        told(len(found.retried))


async def _retry(
    database: Database, board: Board, ids: Sequence[int], key_of: KeyOf | None, found: Retried
) -> set[int]:
    """Let some run again; gives those that there are."""
    keyed: dict[int, str] = {}
    async with writing(database) as unit:
        rows = await _locked(unit, board, ids)
        over: list[Any] = []
        sooner: list[int] = []
        for row in rows:
            state = State(row.state)
            key = key_of(row.name, row.arguments) if key_of and state in _IS_OVER else None
            if key is not None:
                keyed[row.id] = key
            elif state in _IS_OVER:
                over.append(row)
            elif state is State.LATER:
                sooner.append(row.id)
            else:
                found.refused[row.id] = f"it is {state}"
        await _again(unit, board, over, None)
        if sooner:
            jobs = board.jobs
            moved = update(jobs).where(jobs.c.id.in_(sooner))
            await unit.execute(moved.values(state=State.READY, due=database_now()))
            unit.on_commit(board.tell)
    found.retried += [*[row.id for row in over], *sooner]
    for id, key in keyed.items():
        await _retry_unique(database, board, id, key, found)
    return {row.id for row in rows}


async def _retry_unique(
    database: Database, board: Board, id: int, key: str, found: Retried
) -> None:
    """Let one run again with its key, where nobody else has that."""
    jobs = board.jobs
    try:
        async with writing(database) as unit:
            like = select(jobs.c.id).where(jobs.c.unique_key == key)
            other = (await unit.execute(like)).scalar_one_or_none()
            if other is None:
                rows = await _locked(unit, board, [id])
                over = [row for row in rows if State(row.state) in _IS_OVER]
                await _again(unit, board, over, key)
                found.retried += [row.id for row in over]
                return
    except UniqueViolation:
        other = None  # put in this very moment
    found.refused[id] = f"it is unique, and its like is there: job {other or 'of just now'}"


async def _again(unit: Unit, board: Board, rows: Sequence[Any], key: str | None) -> None:
    """Let jobs that are over begin anew; those whose forerunners are not done wait for them."""
    jobs = board.jobs
    plain = [row.id for row in rows if not row.has_before]
    if plain:
        anew = update(jobs).where(jobs.c.id.in_(plain))
        await unit.execute(anew.values(state=State.READY, **_anew(key)))
    for row in rows:
        if row.has_before:
            before = select(func.count()).where(
                jobs.c.next_id == row.id, jobs.c.state != State.DONE
            )
            missing = (await unit.execute(before)).scalar_one()
            state = State.BLOCKED if missing else State.READY
            anew = update(jobs).where(jobs.c.id == row.id)
            await unit.execute(anew.values(state=state, missing=missing, **_anew(key)))
    unit.on_commit(board.tell)


def _anew(key: str | None) -> dict[str, Any]:
    return {
        "due": database_now(), "attempt": 0, "lapses": 0, "unique_key": key,
        "wants_cancel": False, "progress": null(), "note": null(), "started": null(),
        "finished": null(),
    }  # fmt: skip


async def _locked(unit: Unit, board: Board, ids: Sequence[int]) -> Sequence[Any]:
    jobs = board.jobs
    wanted = select(jobs.c.id, jobs.c.state, jobs.c.name, jobs.c.arguments, jobs.c.has_before)
    wanted = wanted.where(jobs.c.id.in_(ids)).order_by(jobs.c.id).with_for_update()
    found: Sequence[Any] = (await unit.execute(wanted)).all()
    return found
