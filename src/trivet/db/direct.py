"""The transaction of a unit of work for as long as it needs no session.

Rows are written and read by single statements on one connection. The first thing that only a
session can do makes one, which goes on with the same transaction. An error of the database ends
it: nothing is written after that, and nothing of what was written before stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncConnection

from trivet.db.drivers.transaction import Transaction
from trivet.db.errors import DatabaseAway, StaleError, UnitFailedError

if TYPE_CHECKING:
    from trivet.db.database import Database

__all__ = ["Direct", "Underway", "begun"]


async def begun(database: Database) -> Direct:
    """Begin a transaction on a borrowed connection; for a writer whose turn it is."""
    try:
        return Direct(database, await database.driver.begin())
    except Exception as error:
        raise database.meaning(error) from error


class Underway:
    """The direct reads of a unit of work that have begun and not ended: ``with underway:``.

    A session that takes over waits for them, so that it knows every object that they make.
    """

    __slots__ = ("_count", "_ended")

    def __init__(self) -> None:
        self._count = 0
        self._ended: asyncio.Event | None = None

    def __bool__(self) -> bool:
        return self._count > 0

    def __enter__(self) -> None:
        self._count += 1

    def __exit__(self, *_: object) -> None:
        self._count -= 1
        if not self._count and self._ended is not None:
            self._ended.set()
            self._ended = None

    async def end(self) -> None:
        """Wait until none is under way; others may have begun when this returns."""
        if self._ended is None:
            self._ended = asyncio.Event()
        await self._ended.wait()


class Direct:
    """A transaction that has begun. It does one thing at a time: its unit sees to that."""

    __slots__ = ("_database", "_failure", "_transaction")

    def __init__(self, database: Database, transaction: Transaction) -> None:
        self._database = database
        self._transaction = transaction
        self._failure: Exception | None = None  # what ended it

    async def run(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """Run one statement, and give the driver's own rows; raises what SQLAlchemy would."""
        self._check()
        try:
            return await self._transaction.run(sql, values)
        except Exception as error:
            self._failure = self._database.meaning(error, sql, values)
            raise self._failure from error

    async def save(self, instance: Any) -> bool:
        """Store what is new or changed of an object; gives False where only a session can."""
        self._check()
        writer = self._database.plans.writer
        write = writer.write_of(instance)
        if write is None:
            return False
        if write.plan is None:
            instance._sa_instance_state._commit_all(instance.__dict__)
            return True
        rows = await self.run(write.plan.sql, write.values)
        try:
            writer.written(write, instance, rows)
        except LookupError as error:
            self._failure = StaleError(f"{instance!r} is not there any more")
            raise self._failure from error
        return True

    def joined(self) -> AsyncConnection:
        """Give the connection to a session, with the transaction that is under way on it."""
        self._check()
        return self._transaction.joined(self._database.engine)

    async def commit(self) -> None:
        """Make what was written last; raises `UnitFailedError` where an error has ended it."""
        if self._failure is not None:
            await self._transaction.roll_back()
            self._check()
        try:
            await self._transaction.commit()
        except Exception as error:
            meant = self._database.meaning(error)
            if isinstance(meant, DatabaseAway):
                meant.is_in_doubt = True
            raise meant from error

    async def roll_back(self) -> None:
        """Take back what was written."""
        await self._transaction.roll_back()

    def _check(self) -> None:
        if self._failure is not None:
            raise UnitFailedError(self._failure) from self._failure
