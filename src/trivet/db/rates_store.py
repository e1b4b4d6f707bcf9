"""Rates in a table of the database, for several processes and machines: `DatabaseRates(db)`.

One statement does each step, by the clock of the server, so that nobody comes between and no
machine's clock counts; on SQLite the machine's own is the server's. It never takes part in a
request's unit of work: what was taken stays taken when the request is rolled back. On SQLite, where
there is one writer at a time, a request that writes already counts within its own transaction.

Rows of keys that have their whole limit again are deleted in passing.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    MetaData,
    SmallInteger,
    Table,
    bindparam,
    case,
    cast,
    delete,
    extract,
    func,
    select,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from trivet.db.database import Database
from trivet.db.errors import DatabaseAway, DatabaseBusy, DatabaseFull, LostRace
from trivet.db.own_tables import NO_TABLE, ascii_text, own_table, writer_in_the_way
from trivet.db.transactions import transaction_outside
from trivet.db.unit import Unit
from trivet.security.rate import Rate, RatesAway, Taken

__all__ = ["DatabaseRates"]

_TAKES = 1000  # after so many, rows that say nothing any more are deleted
_RACES = 5  # how often a step is tried that MariaDB gave up for another one's sake
_MYSQL = ("mysql", "mariadb")


class DatabaseRates:
    """Keep rates in a table of `database`: ``RateLimit("10/minute", store=DatabaseRates(db))``.

    Who waits longer than `timeout` seconds for the table has no answer (RatesAway). Each request
    is one write: for limits on few routes, such as a login. Measured on a busy machine: 2 ms of the
    application's CPU time with PostgreSQL and MariaDB, 1.4 ms with SQLite.
    """

    def __init__(
        self, database: Database, *, table: str = "trivet_rates", timeout: float = 0.5
    ) -> None:
        self.table = _table(table, database.metadata)
        self._database = database
        self._timeout = timeout
        self._steps: dict[str, Any] = {}  # statements, by dialect
        self._taken = 0

    async def take(self, key: str, rate: Rate) -> Taken:
        """Take one of `key`, if there is one; raises RatesAway where the table cannot be asked."""
        for last in range(_RACES, -1, -1):
            try:
                async with asyncio.timeout(self._timeout):
                    return _told(await self._asked(key, rate), rate)
            except LostRace as error:
                if not last:
                    raise RatesAway(str(error)) from error
            except (TimeoutError, DatabaseBusy, DatabaseAway, DatabaseFull, OSError) as error:
                raise RatesAway(str(error) or "it took too long") from error
            except SQLAlchemyError as error:
                raise RatesAway(f"{error}; {NO_TABLE}") from error
        raise AssertionError("the last try returns or raises")

    async def _asked(self, key: str, rate: Rate) -> tuple[int, int, int]:
        """Give the moment that is kept, whether one was taken, and the present moment."""
        database = self._database
        writer = writer_in_the_way(database)
        if writer is not None:
            return await self._step(writer, key, rate)
        async with transaction_outside(database) as unit:
            found = await self._step(unit, key, rate)
            self._taken += 1
            if self._taken >= _TAKES:
                self._taken = 0
                await unit.execute(delete(self.table).where(self.table.c.full_at < found[2]))
            return found

    async def _step(self, unit: Unit, key: str, rate: Rate) -> tuple[int, int, int]:
        dialect = self._database.engine.dialect
        now = time.time_ns() // 1000
        values = {"k": key, "i": rate.interval, "t": rate.tolerance, "now": now}
        step = self._steps.get(dialect.name)
        if step is None:
            step = self._steps[dialect.name] = self._made(dialect.name)
        found: Any = await unit.execute(step, values)
        if not found.returns_rows:  # MySQL: the row is held until this transaction ends
            shown = select(*self._shown(dialect.name)).where(self.table.c.key == key)
            found = await unit.execute(shown, {"now": now})
        full_at, taken, moment = found.one()
        return int(full_at), int(taken), int(moment)

    def _shown(self, dialect: str) -> tuple[ColumnElement[Any], ...]:
        columns = self.table.c
        return columns.full_at, columns.taken, _now(dialect).label("now")

    def _made(self, dialect: str) -> Any:  # Any: each dialect has its own class
        """Give the statement that takes one: the same step as that of `MemoryRates`."""
        columns = self.table.c
        now = _now(dialect)
        interval, tolerance = _bound("i"), _bound("t")
        least, greatest = ("min", "max") if dialect == "sqlite" else ("least", "greatest")
        begun = getattr(func, greatest)(columns.full_at, now)
        full_at: ColumnElement[Any] = getattr(func, least)(begun, now + tolerance)
        may = full_at + interval - tolerance <= now
        # In this order: MariaDB sets one after the other, and the second sees the first.
        changed = [
            ("taken", case((may, 1), else_=0)),
            ("full_at", case((may, full_at + interval), else_=full_at)),
        ]
        row = {"key": bindparam("k"), "full_at": now + interval, "taken": 1}
        if dialect in _MYSQL:
            step: Any = mysql.insert(self.table).values(row).on_duplicate_key_update(changed)
            returns = self._database.engine.dialect.insert_returning
            return step.returning(*self._shown(dialect)) if returns else step
        make: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
        over = make(self.table).values(row)
        over = over.on_conflict_do_update(index_elements=["key"], set_=dict(changed))
        return over.returning(*self._shown(dialect))


def _told(found: tuple[int, int, int], rate: Rate) -> Taken:
    full_at, taken, now = found
    reset = max(0, full_at - now) / 1_000_000
    if not taken:
        early = full_at + rate.interval - rate.tolerance - now
        return Taken(False, 0, max(early, 1) / 1_000_000, reset)
    return Taken(True, max(0, now + rate.tolerance - full_at) // rate.interval, 0, reset)


def _bound(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=BigInteger())


def _now(dialect: str) -> ColumnElement[Any]:
    """Give the present moment in microseconds since 1970, the same all through a statement."""
    if dialect == "postgresql":
        return cast(extract("epoch", func.statement_timestamp()) * 1_000_000, BigInteger)
    if dialect in _MYSQL:
        return cast(func.unix_timestamp(func.now(6)) * 1_000_000, BigInteger)
    return _bound("now")


def _table(name: str, metadata: MetaData) -> Table:
    return own_table(
        name,
        metadata,
        Column("key", ascii_text(64), primary_key=True),
        # Microseconds since 1970, UTC. Without an index: each take would have to write that too.
        Column("full_at", BigInteger, nullable=False),
        Column("taken", SmallInteger, nullable=False),
    )
