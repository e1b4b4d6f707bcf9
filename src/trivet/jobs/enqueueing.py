"""Putting jobs in: one row each, in the caller's own transaction.

The row is all there is of a job until its transaction commits; where it is rolled back, there never
was one. Engines outside get it from here too, afterwards: see `relay`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Table, bindparam, insert, select
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.engine import Dialect

from trivet.db import Unit
from trivet.db.reading import RowPlan, plan_of, tuples
from trivet.errors import SetupError
from trivet.jobs.arguments import Arguments
from trivet.jobs.handles import Queued
from trivet.jobs.moments import database_now, milliseconds, moment_of
from trivet.jobs.options import JobOptions
from trivet.jobs.tables import Board, State, unit_with_board
from trivet.watching import Happening, begun, ended

__all__ = ["UNTIL_START", "Entry", "When", "enqueue", "enqueue_many", "inserting_once", "store"]

UNTIL_START = "start:"  # before the unique keys that go when their jobs begin
_ATTEMPTS = 5  # to find who has a unique key, when it comes and goes
# The values of a row, in the order in which a statement gets them.
_GIVEN = (
    "name", "queue", "state", "rank", "arguments", "max_attempts", "keep", "unique_key",
    "limit_key", "next_id", "missing", "has_before",
)  # fmt: skip


@dataclass(frozen=True)
class When:
    """When a job may run: now, `delay` milliseconds from now, or at a moment of the tables."""

    delay: int = 0
    at: int | None = None

    @classmethod
    def given(cls, delay: float | timedelta | None, at: datetime | None) -> When:
        """Give the moment that a caller has named; raises `SetupError`."""
        if delay is not None and at is not None:
            raise SetupError(
                "a job is given both a delay and a moment", code="jobs.when", mend="one of the two"
            )
        if at is not None and at.tzinfo is None:
            raise SetupError(
                f"a job is to run at {at!r}, which says no time zone, and is another moment"
                " elsewhere",
                code="jobs.when",
                mend=f"at={at!r}.replace(tzinfo=UTC)".replace("datetime.datetime", "datetime"),
            )
        return cls(
            delay=0 if delay is None else max(0, milliseconds(delay)),
            at=None if at is None else moment_of(at),
        )

    @property
    def is_later(self) -> bool:
        """True where it may not run at once."""
        return self.delay > 0 or self.at is not None


@dataclass(frozen=True)
class Entry:
    """One call of a job, about to be written down."""

    options: JobOptions
    when: When
    arguments: Arguments
    text: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    def unique_key(self) -> str | None:
        """Give what no other row may have at the same time."""
        unique = self.options.unique
        if unique is None:
            return None
        alike = self.text if unique.by is None else repr(self._by(unique.by))
        digest = sha256(f"{self.options.name}\0{alike}".encode()).hexdigest()
        return UNTIL_START + digest if unique.until == "start" else digest

    def limit_key(self) -> str | None:
        """Give what it shares the limits of its queue with."""
        by = self.options.limit_by
        return None if by is None else str(self._by(by))[:200]

    def _by(self, function: Any) -> Any:
        bound = self.arguments.bound(self.args, self.kwargs)
        return function(*bound.args, **bound.kwargs)

    def values(self, next_id: int | None, missing: int) -> list[Any]:
        """Give the row's values, in the order of `_GIVEN`."""
        options = self.options
        state = State.LATER if self.when.is_later else State.READY
        return [
            options.name, options.queue, str(State.BLOCKED if missing else state),
            -options.priority, self.text, options.max_attempts, round(options.keep),
            self.unique_key(), self.limit_key(), next_id, missing, missing > 0,
        ]  # fmt: skip


async def enqueue(entry: Entry) -> Queued[Any]:
    """Write one row; gives the job, or the one like it that is there already."""
    unit, board = unit_with_board()
    return await store(unit, board, entry)


async def enqueue_many(entries: Sequence[Entry], next_id: int | None = None) -> int:
    """Write many rows by few statements; gives how many."""
    unit, board = unit_with_board()
    plain = [entry for entry in entries if entry.options.unique is None and entry.when.at is None]
    rows = [
        dict(zip(_GIVEN, entry.values(next_id, 0), strict=True), delay=entry.when.delay)
        for entry in plain
    ]
    if rows:
        due = database_now() + bindparam("delay", type_=board.jobs.c.due.type)
        await unit.execute(insert(board.jobs).values(due=due, created=database_now()), rows)
        unit.on_commit(board.tell)
        for entry in plain if board.watchers else ():
            _tell(board, entry.options, None)
    others = [entry for entry in entries if entry.options.unique or entry.when.at is not None]
    stored = [await store(unit, board, entry, next_id) for entry in others]
    return len(rows) + sum(one.is_new for one in stored)


async def store(
    unit: Unit, board: Board, entry: Entry, next_id: int | None = None, missing: int = 0
) -> Queued[Any]:
    """Write one row, which waits for `missing` others, or for which the row `next_id` waits."""
    values = entry.values(next_id, missing)
    unique_key = values[_GIVEN.index("unique_key")]
    is_relative = entry.when.at is None
    when = entry.when.delay if is_relative else entry.when.at
    plan = _insertion(unit, board, is_relative=is_relative, is_unique=unique_key is not None)
    for _ in range(_ATTEMPTS):
        rows = await unit.write(plan.sql, plan.values([*values, when]))
        is_new = bool(rows)
        if not is_new:
            finding = _finding(unit, board)
            rows = await unit.write(finding.sql, finding.values([unique_key]))
        if rows:
            if is_new and not entry.when.is_later:
                unit.on_commit(board.tell)
            if is_new and board.watchers:
                _tell(board, entry.options, str(rows[0][0]))
            return Queued(rows[0][0], entry.arguments, unit.database, is_new=is_new)
    raise RuntimeError(f"the job {entry.options.name!r} and its like come and go too fast")


def _tell(board: Board, options: JobOptions, number: str | None) -> None:
    """Tell that a job was put in, which its transaction may take back."""
    facts = {
        "messaging.system": "trivet",
        "messaging.operation.type": "send",
        "messaging.destination.name": options.queue,
        "messaging.message.id": number,
    }
    ended(board.watchers, begun(board.watchers, Happening("enqueue", options.name, facts)))


def _insertion(unit: Unit, board: Board, *, is_relative: bool, is_unique: bool) -> RowPlan:
    """Give the statement that writes a row, and gives its number where it did; compiled once."""
    dialect = unit.database.engine.dialect
    key = ("insert", dialect.name, is_relative, is_unique)
    plan = board.statements.get(key)
    if plan is None:
        jobs = board.jobs
        binds = [bindparam(f"v_{name}", type_=jobs.c[name].type) for name in _GIVEN]
        when = bindparam("v_when", type_=jobs.c.due.type)
        values = dict(zip(_GIVEN, binds, strict=True))
        due = database_now() + when if is_relative else when
        insertion = inserting_once(unit, jobs, "unique_key") if is_unique else insert(jobs)
        statement = insertion.values(**values, due=due, created=database_now())
        plan = _compiled(statement.returning(jobs.c.id), [*binds, when], dialect)
        board.statements[key] = plan
    return plan


def inserting_once(unit: Unit, table: Table, key: str) -> Any:
    """Give an insertion that does nothing where a row with the same `key` is there."""
    dialect = unit.database.engine.dialect
    if dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing(index_elements=[key])
    if dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing(index_elements=[key])
    return mysql.insert(table).prefix_with("IGNORE")


def _finding(unit: Unit, board: Board) -> RowPlan:
    """Give the statement that finds who has a unique key, as it is committed now."""
    dialect = unit.database.engine.dialect
    key = ("unique", dialect.name)
    plan = board.statements.get(key)
    if plan is None:
        jobs = board.jobs
        wanted = bindparam("v_key", type_=jobs.c.unique_key.type)
        statement = select(jobs.c.id).where(jobs.c.unique_key == wanted)
        plan = _compiled(statement.with_for_update(read=True), [wanted], dialect)
        board.statements[key] = plan
    return plan


def _compiled(statement: Any, binds: Sequence[Any], dialect: Dialect) -> RowPlan:
    plan = plan_of(statement, binds, dialect, tuples)
    assert plan is not None, "its text depends on no value"
    return plan
