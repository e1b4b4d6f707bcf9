"""MariaDB and MySQL by asyncmy.

Sessions have connections that begin a transaction by themselves, with whatever is first said. A
read on one of those would leave a transaction behind, and with it the state of the data as it was
at that moment, for all later reads. So a connection that is lent is set to commit each statement;
it stays so while it is lent again and again, and is set back when a session gets it.
"""

from __future__ import annotations

import weakref
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from asyncmy.cursors import SSCursor
from asyncmy.errors import Error
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from trivet.db.drivers.driver import Driver
from trivet.db.drivers.lending import Lender, LendingPool, Loan
from trivet.db.drivers.transaction import LentTransaction, Transaction

__all__ = ["MySqlDriver"]

_IS_SET = "trivet_autocommit"  # in the notes on a connection: it was set for lending
_STATEMENTS = 100  # that a connection keeps prepared
# Numbers of errors that the client makes up itself, when it could not talk with the server.
_CLIENTS = range(2000, 3000)


class MySqlDriver(Driver):
    """Reads and short writes go to a connection that is lent for them alone."""

    reads_directly = True
    begins_directly = True

    sync_library = "pymysql"

    def __init__(self, url: URL) -> None:
        self.url = url.set(drivername=f"{url.get_backend_name()}+asyncmy")
        self.sync_name = f"{url.get_backend_name()}+pymysql"
        self.options: dict[str, Any] = {
            # A read by key takes 14 µs with a statement that is prepared, 41 without. Sessions use
            # the same, so that both paths give the same values.
            "connect_args": {"stmt_cache_size": _STATEMENTS},
            "poolclass": LendingPool,
            "pool_reset_on_return": None,  # see `reset`
        }
        self._lender: Lender = Lender(_is_lost)

    def prepare(self, engine: AsyncEngine, timeout: float) -> None:
        super().prepare(engine, timeout)
        self._lender.attach(engine, timeout)
        pool = engine.sync_engine.pool
        seen = weakref.ref(self._lender)  # the pool outlives it

        @event.listens_for(pool, "connect")
        def made(connection: Any, *_: Any) -> None:
            # MariaDB gives rows that come in bulk keys with gaps, up to as many as there are rows.
            # asyncmy has no setting for this; drop it when there is one.
            connection.driver_connection._bulk_supported = False

        @event.listens_for(pool, "reset")
        def reset(connection: Any, record: Any, state: Any) -> None:
            # Where nothing is open, there is nothing to ask the server for; and a connection that
            # was lent comes back where nobody can wait.
            if (
                state.asyncio_safe
                and not state.terminate_only
                and not state.transaction_was_reset
                and connection.driver_connection.get_transaction_status()
            ):
                connection.rollback()

        @event.listens_for(pool, "checkout")
        def set_back(connection: Any, record: Any, *_: Any) -> None:
            lender = seen()
            is_direct = lender is not None and lender.takes_directly
            if not is_direct and record.info.pop(_IS_SET, False):
                connection.autocommit(False)

    async def rows(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        lender = self._lender
        loan = lender.take() or await lender.wait()
        connection = loan.connection
        try:
            if not connection.get_autocommit():
                await _set(loan)
            cursor = connection.cursor()
            await cursor.execute(sql, values)
            found: Sequence[Any] = await cursor.fetchall()
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
            if not loan.connection.get_autocommit():
                await _set(loan)
            cursor = loan.connection.cursor(SSCursor)
            await cursor.execute(sql, values)
            while rows := await cursor.fetchmany(chunk):
                yield rows
            await cursor.close()
        except BaseException:
            # Whoever leaves early leaves rows on their way, which would be the next one's answer.
            self._lender.discard(loan)
            raise
        self._lender.give_back(loan)

    async def rows_on(
        self, connection: AsyncConnection, sql: str, values: Sequence[Any]
    ) -> Sequence[Any]:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        cursor = raw.cursor()
        await cursor.execute(sql, values)
        found: Sequence[Any] = await cursor.fetchall()
        return found

    async def begin(self) -> Transaction:
        loan = self._lender.take() or await self._lender.wait()
        try:
            await loan.connection.begin()
        except BaseException as error:
            self._take_back(loan, error)
            raise
        return MySqlTransaction(loan, self._take_back)

    def _take_back(self, loan: Loan, error: BaseException | None) -> None:
        """Take a connection back; `error` is what went wrong on it."""
        if error is None:
            self._lender.give_back(loan)
            return
        connection = loan.connection
        if (
            isinstance(error, Error)
            and _is_from_server(error)
            and not connection.get_transaction_status()
            and not _is_lost(connection)
        ):
            self._lender.give_back(loan)  # the server refused, and is ready for the next
        else:
            # After a cancelled read, too: its answer may still be under way.
            self._lender.discard(loan)

    async def close(self) -> None:
        await self._lender.close()


class MySqlTransaction(LentTransaction):
    """Begun by its word, whether or not the connection commits each statement otherwise."""

    async def _run(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        cursor = self._loan.connection.cursor()
        await cursor.execute(sql, values)
        found: Sequence[Any] = await cursor.fetchall()
        return found

    async def _commit(self) -> None:
        await self._loan.connection.commit()

    async def _roll_back(self) -> None:
        await self._loan.connection.rollback()


async def _set(loan: Loan) -> None:
    """Let a connection commit each statement, until a session gets it."""
    await loan.connection.autocommit(True)
    loan.held.info[_IS_SET] = True


def _is_from_server(error: Error) -> bool:
    number = error.args[0] if error.args else None
    return isinstance(number, int) and number > 0 and number not in _CLIENTS


def _is_lost(connection: Any) -> bool:
    # asyncmy's own pool asks this; `connected` says only whether we have closed it ourselves.
    is_broken: bool = connection._stream_broken
    return is_broken
