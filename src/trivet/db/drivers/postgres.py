"""PostgreSQL by asyncpg."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from types import MappingProxyType
from typing import Any

from asyncpg import PostgresError  # type: ignore[import-untyped]
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from trivet.db.drivers.driver import Driver, Ear
from trivet.db.drivers.lending import Lender, LendingPool, Loan
from trivet.db.drivers.transaction import LentTransaction, Transaction

__all__ = ["PostgresDriver"]

_GRACE = 2.0  # seconds in which the server may answer that it has stopped
_TELL = "SELECT pg_notify(c, p) FROM unnest($1::text[], $2::text[]) AS told(c, p)"


class PostgresDriver(Driver):
    """Reads and short writes go to a connection that is lent for them alone."""

    reads_directly = True
    begins_directly = True
    tells = True
    sync_name = "postgresql+psycopg"
    sync_library = "psycopg"
    sync_options = MappingProxyType({"connect_args": {"options": "-c timezone=UTC"}})

    def __init__(self, url: URL) -> None:
        self.url = url.set(drivername="postgresql+asyncpg")
        # Moments are compared and taken apart in UTC, whatever the server's own zone.
        self.options: dict[str, Any] = {
            "connect_args": {"server_settings": {"timezone": "UTC"}},
            "poolclass": LendingPool,
        }
        self._lender: Lender = Lender(_is_lost)

    def prepare(self, engine: AsyncEngine, timeout: float) -> None:
        super().prepare(engine, timeout)
        self._engine = engine
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

    async def stream(
        self, sql: str, values: Sequence[Any], chunk: int
    ) -> AsyncGenerator[Sequence[Any]]:
        loan = self._lender.take() or await self._lender.wait()
        try:
            async with loan.connection.transaction(readonly=True):
                cursor = await loan.connection.cursor(sql, *values)
                while rows := await cursor.fetch(chunk):
                    yield rows
        except GeneratorExit:  # the transaction has been rolled back
            self._take_back(loan, None)
            raise
        except BaseException as error:
            self._take_back(loan, error)
            raise
        self._take_back(loan, None)

    async def rows_on(
        self, connection: AsyncConnection, sql: str, values: Sequence[Any]
    ) -> Sequence[Any]:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        found: Sequence[Any] = await raw.fetch(sql, *values)
        return found

    async def begin(self) -> Transaction:
        loan = self._lender.take() or await self._lender.wait()
        transaction = loan.connection.transaction()
        try:
            await transaction.start()
        except BaseException as error:
            self._take_back(loan, error)
            raise
        return PostgresTransaction(loan, self._take_back, transaction)

    async def tell(self, channels: Sequence[str], payloads: Sequence[str]) -> None:
        await self.rows(_TELL, (channels, payloads))

    async def ear(self, heard: Callable[[str, str], None], lost: Callable[[], None]) -> Ear:
        held = await self._engine.raw_connection()
        connection: Any = held.driver_connection
        held.detach()  # its place in the pool is for another one
        return PostgresEar(connection, heard, lost)

    def _take_back(self, loan: Loan, error: BaseException | None) -> None:
        """Take a connection back; `error` is what went wrong on it."""
        if error is None:
            self._lender.give_back(loan)
        elif isinstance(error, asyncio.CancelledError):
            self._lender.abandon(loan, _closed(loan.connection))
        elif _is_ready(loan.connection) and isinstance(error, PostgresError | ValueError):
            # The server refused, or a value was not of its column's kind and was not even sent.
            self._lender.give_back(loan)
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


def _is_ready(connection: Any) -> bool:
    return not (connection.is_closed() or connection.is_in_transaction())


class PostgresEar(Ear):
    """A connection that is taken out of the pool for LISTEN."""

    def __init__(
        self, connection: Any, heard: Callable[[str, str], None], lost: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._heard = heard
        connection.add_termination_listener(lambda _: lost())

    def _notified(self, _: Any, __: int, channel: str, payload: str) -> None:
        self._heard(channel, payload)

    @property
    def is_lost(self) -> bool:
        return _is_lost(self._connection)

    async def listen(self, channel: str) -> None:
        await self._connection.add_listener(channel, self._notified)

    async def unlisten(self, channel: str) -> None:
        await self._connection.remove_listener(channel, self._notified)

    async def check(self) -> None:
        await self._connection.fetchval("SELECT 1")

    async def close(self) -> None:
        await _closed(self._connection)


class PostgresTransaction(LentTransaction):
    """Begun as asyncpg's own, which SQLAlchemy's connection goes on with."""

    def __init__(
        self,
        loan: Loan,
        take_back: Callable[[Loan, BaseException | None], None],
        transaction: Any,
    ) -> None:
        super().__init__(loan, take_back)
        self._transaction = transaction

    async def _run(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        found: Sequence[Any] = await self._loan.connection.fetch(sql, *values)
        return found

    async def _commit(self) -> None:
        await self._transaction.commit()

    async def _roll_back(self) -> None:
        await self._transaction.rollback()

    def joined(self, engine: AsyncEngine) -> AsyncConnection:
        # SQLAlchemy's adapter begins a transaction where it knows of none.
        adapter: Any = self._loan.held.dbapi_connection
        adapter._transaction = self._transaction
        return super().joined(engine)


def _is_lost(connection: Any) -> bool:
    is_closed: bool = connection.is_closed()
    return is_closed


async def _closed(connection: Any) -> None:
    """Close a connection once the server has heard that its work was cancelled."""
    with contextlib.suppress(PostgresError, OSError, TimeoutError):
        await connection.close(timeout=_GRACE)
