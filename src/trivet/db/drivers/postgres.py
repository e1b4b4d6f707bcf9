"""PostgreSQL by asyncpg."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from asyncpg import PostgresError  # type: ignore[import-untyped]
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from trivet.db.drivers.driver import Driver, Statement
from trivet.db.drivers.lending import Lender, LendingPool, Loan

__all__ = ["PostgresDriver"]

_GRACE = 2.0  # seconds in which the server may answer that it has stopped


class PostgresDriver(Driver):
    """Reads and short writes go to a connection that is lent for them alone."""

    reads_directly = True

    def __init__(self, url: URL) -> None:
        self.url = url.set(drivername="postgresql+asyncpg")
        # Moments are compared and taken apart in UTC, whatever the server's own zone.
        self.options: dict[str, Any] = {
            "connect_args": {"server_settings": {"timezone": "UTC"}},
            "poolclass": LendingPool,
        }
        self._lender = Lender(_is_lost, _closed)

    def prepare(self, engine: AsyncEngine, timeout: float) -> None:
        super().prepare(engine, timeout)
        self._lender.attach(engine, timeout)

    async def rows(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        # `fetch` keeps prepared statements itself, and mends those that a change of the tables has
        # broken; statements kept here would save 1 µs of 16, and that care would be ours.
        lender = self._lender
        loan = lender.take() or await lender.wait()
        try:
            found: Sequence[Any] = await loan.connection.fetch(sql, *values)
        except BaseException as error:
            self._take_back(loan, error)
            raise
        lender.give_back(loan)
        return found

    async def rows_on(
        self, connection: AsyncConnection, sql: str, values: Sequence[Any]
    ) -> Sequence[Any]:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        found: Sequence[Any] = await raw.fetch(sql, *values)
        return found

    async def written(self, statements: Sequence[Statement]) -> list[Sequence[Any]]:
        if len(statements) == 1:  # a statement alone is a transaction
            ((sql, values),) = statements
            return [await self.rows(sql, values)]
        loan = self._lender.take() or await self._lender.wait()
        connection = loan.connection
        try:
            await connection.execute("BEGIN")
            try:
                found: list[Sequence[Any]] = [
                    await connection.fetch(sql, *values) for sql, values in statements
                ]
                await connection.execute("COMMIT")
            except Exception:
                if not connection.is_closed():
                    await connection.execute("ROLLBACK")
                raise
        except BaseException as error:
            self._take_back(loan, error)
            raise
        self._lender.give_back(loan)
        return found

    def _take_back(self, loan: Loan, error: BaseException) -> None:
        """Take a connection back on which something went wrong."""
        if isinstance(error, asyncio.CancelledError):
            self._lender.abandon(loan)
        elif isinstance(error, PostgresError) and not loan.connection.is_closed():
            self._lender.give_back(loan)  # the server refused, and is ready for the next
        else:
            self._lender.discard(loan)

    def _known(self, error: Exception) -> Exception:
        dbapi: Any = self._dialect.loaded_dbapi
        try:
            AsyncAdapt_asyncpg_connection._handle_exception_no_connection(dbapi, error)
        except Exception as known:  # the dialect raises what it makes of it
            return known

    async def close(self) -> None:
        await self._lender.close()


def _is_lost(connection: Any) -> bool:
    is_closed: bool = connection.is_closed()
    return is_closed


async def _closed(connection: Any) -> None:
    with contextlib.suppress(PostgresError, OSError, TimeoutError):
        await connection.close(timeout=_GRACE)
