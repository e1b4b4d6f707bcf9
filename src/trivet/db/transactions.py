"""Transactions of their own: begun and ended, isolated more or less, reading alone, tried again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from trivet.concurrency import to_the_end
from trivet.db.belonging import unit_of
from trivet.db.errors import UnitOverError
from trivet.db.faults import is_worth_another_try
from trivet.db.present import current
from trivet.db.tenants import apart_like
from trivet.db.unit import Unit
from trivet.errors import SetupError

if TYPE_CHECKING:
    from trivet.db.database import Database

__all__ = ["Isolation", "SpecialUnit", "own_transaction", "retrying", "transaction_outside"]

Isolation = Literal["read committed", "repeatable read", "serializable"]
Given = ParamSpec("Given")
Result = TypeVar("Result")
_FIRST_PAUSE = 0.01  # seconds, doubled with each try


class SpecialUnit(Unit):
    """A unit of work whose one transaction begins at once, and sees one state of the data."""

    __slots__ = ("_held", "_is_reading_only", "_isolation")

    def __init__(self, database: Database, isolation: Isolation | None, *, read_only: bool) -> None:
        super().__init__(database)
        self._isolation = isolation
        self._is_reading_only = read_only
        self._held: Any = None  # SQLite's own connection, while it refuses to write

    async def session(self) -> AsyncSession:
        """Give the session of the transaction, begun as it was asked for."""
        if not self._is_writing:
            if self.is_over:
                raise UnitOverError
            backend = self.database.driver.url.get_backend_name()
            # Of a transaction that is under way, nothing can be chosen any more.
            chooses = not self.database.driver.is_within
            # Who only reads waits for no writer, and must not end another one's turn.
            if not self._is_reading_only:
                await self.database.begin_writing()
            self._is_writing = True
            options: dict[str, Any] = {"trivet_writes": not self._is_reading_only}
            # SQLite knows one kind.
            if self._isolation is not None and chooses and backend != "sqlite":
                options["isolation_level"] = self._isolation.upper()
            if self._is_reading_only and chooses and backend.startswith("postgres"):
                options["postgresql_readonly"] = True
            connection = await self._attached().connection(execution_options=options)
            if self._is_reading_only and backend == "sqlite":
                await connection.exec_driver_sql("PRAGMA query_only=ON")
                self._held = (await connection.get_raw_connection()).driver_connection
            elif self._is_reading_only and chooses and backend in ("mysql", "mariadb"):
                await connection.exec_driver_sql("START TRANSACTION READ ONLY")
        assert self._session is not None, "attached above"
        return self._session

    async def _end(self) -> None:
        if not self._is_reading_only:
            await super()._end()
            return
        session, self._session = self._session, None
        held, self._held = self._held, None
        self._is_writing = False
        try:
            if held is not None:  # past the session, which may have failed
                await (await held.execute("PRAGMA query_only=OFF")).close()
        finally:
            if session is not None:
                await session.close()


@asynccontextmanager
async def own_transaction(
    database: Database, isolation: Isolation | None = None, *, read_only: bool = False
) -> AsyncIterator[Unit]:
    """Open a unit of work that is no part of another one, committed at the end."""
    if isolation is None and not read_only:
        unit = database.unit_kind(database)
    else:
        unit = SpecialUnit(database, isolation, read_only=read_only)
    unit.beside = current.get()
    outer = unit_of(unit.beside, database)
    if outer is not None:
        apart_like(unit, outer)
    token = current.set(unit)
    try:
        if isinstance(unit, SpecialUnit):
            await unit.session()
        yield unit
    except Exception:
        await unit.roll_back()
        raise
    except BaseException:  # who cancels once may do it again
        await to_the_end(unit.roll_back())
        raise
    else:
        await unit.commit()
    finally:
        unit.is_over = True
        current.reset(token)


@asynccontextmanager
async def transaction_outside(database: Database) -> AsyncIterator[Unit]:
    """Open a transaction of its own, outside the present unit of work: its tenant stays there."""
    token = current.set(None)
    try:
        async with own_transaction(database) as unit:
            yield unit
    finally:
        current.reset(token)


def refuse_inside(database: Database, what: str) -> None:
    """Raise `SetupError` where a transaction is under way, which cannot be changed any more."""
    outer = unit_of(current.get(), database)
    if outer is not None and outer.is_writing:
        raise SetupError(
            f"{what} needs a transaction of its own, and one is under way here, of which it would"
            " be a part",
            code="db.transaction-inside",
            mend="begin it before the first write, or leave the options out: it is a savepoint",
        )


def retrying(
    database: Database, retries: int, isolation: Isolation | None
) -> Callable[[Callable[Given, Awaitable[Result]]], Callable[Given, Awaitable[Result]]]:
    """Give the decorator that runs a function in a transaction, again where it lost a race."""

    def decorate(
        function: Callable[Given, Awaitable[Result]],
    ) -> Callable[Given, Awaitable[Result]]:
        @wraps(function)
        async def attempt(*args: Given.args, **values: Given.kwargs) -> Result:
            refuse_inside(database, f"{getattr(function, '__name__', 'a function')}, tried again,")
            pause = _FIRST_PAUSE
            for left in range(retries, -1, -1):
                try:
                    async with own_transaction(database, isolation):
                        return await function(*args, **values)
                except Exception as error:
                    if not (left and is_worth_another_try(error)):
                        raise
                database.retries += 1
                # Two that met once would meet again, if both waited equally long.
                await asyncio.sleep(pause * (0.5 + random.random()))
                pause *= 2
            raise AssertionError("the last try returns or raises")

        return attempt

    return decorate
