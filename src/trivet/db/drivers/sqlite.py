"""SQLite: in the same process, so that a short read costs less than asking somebody else for it."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import tempfile
import weakref
from collections.abc import AsyncGenerator, Sequence
from time import perf_counter
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, Engine
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from trivet.concurrency import run_in_thread
from trivet.db.drivers.driver import Driver
from trivet.db.drivers.lending import Lender, LendingPool, Loan
from trivet.db.drivers.sqlite_decimals import keep_decimals
from trivet.db.drivers.transaction import LentTransaction, Transaction

__all__ = ["SqliteDriver"]

_BUDGET = 0.002  # seconds that a read may hold up the event loop
_STEPS = 2000  # instructions of SQLite's machine between two looks at the clock
_COMMITS = 250  # after so many, what was written is moved from the log into the file
_SETTINGS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
)


class SqliteDriver(Driver):
    """Reads run inline under a time budget, those that take longer again on a worker thread."""

    has_one_writer = True
    reads_directly = True
    begins_directly = True
    sync_name = "sqlite+pysqlite"
    sync_library = "sqlite3"

    def __init__(self, url: URL) -> None:
        self.file = url.database or ""
        if self.file in ("", ":memory:"):
            self.file = _passing_file(self)
        self.url = url.set(drivername="sqlite+aiosqlite", database=self.file)
        self.options: dict[str, Any] = {
            "connect_args": {"check_same_thread": False},  # see `SqliteTransaction`
            "poolclass": LendingPool,
            "pool_reset_on_return": None,  # see `reset`
        }
        self._lender: Lender = Lender(_is_lost)
        self._inline: sqlite3.Connection | None = None
        self._commits = 0
        self._until = 0.0
        self._settings: tuple[str, ...] = _SETTINGS

    def prepare(self, engine: AsyncEngine, timeout: float) -> None:
        super().prepare(engine, timeout)
        # First, as the others may have to wait for another process themselves.
        self._settings = (f"PRAGMA busy_timeout={round(timeout * 1000)}", *_SETTINGS)
        self._lender.attach(engine, timeout)
        self.prepare_sync(engine.sync_engine)

        @event.listens_for(engine.sync_engine.pool, "reset")
        def reset(connection: Any, record: Any, state: Any) -> None:
            # A connection that was lent comes back where nobody can wait, and with nothing open.
            can_wait = state.asyncio_safe and not state.terminate_only
            if can_wait and connection.driver_connection.in_transaction:
                connection.rollback()

    def prepare_sync(self, engine: Engine) -> None:
        keep_decimals(engine.dialect)

        @event.listens_for(engine, "connect")
        def set_up(connection: Any, record: Any) -> None:
            connection.isolation_level = None  # transactions are begun below, not by the driver
            cursor = connection.cursor()
            for setting in self._settings:
                cursor.execute(setting)
            cursor.close()

        @event.listens_for(engine, "begin")
        def begin(connection: Any) -> None:
            if connection.connection.driver_connection.in_transaction:
                return  # it goes on with one of `begin`'s
            writes = connection.get_execution_options().get("trivet_writes")
            # A reader that becomes a writer could find that another was before it.
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    async def rows(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        connection = self._inline
        if connection is None:
            connection = self._inline = self._opened()
            connection.execute("PRAGMA query_only=ON")
            connection.set_progress_handler(self._is_late, _STEPS)
        self._until = perf_counter() + _BUDGET
        try:
            return connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise
        return await run_in_thread(self._slowly, sql, values)

    async def stream(
        self, sql: str, values: Sequence[Any], chunk: int
    ) -> AsyncGenerator[Sequence[Any]]:
        connection = await run_in_thread(self._opened)
        try:
            cursor = await run_in_thread(connection.execute, sql, values)
            while rows := await run_in_thread(cursor.fetchmany, chunk):
                yield rows
        finally:
            connection.close()

    async def rows_on(
        self, connection: AsyncConnection, sql: str, values: Sequence[Any]
    ) -> Sequence[Any]:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        return list(await raw.execute_fetchall(sql, values))

    def _is_late(self) -> bool:
        return perf_counter() > self._until

    def _slowly(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        connection = self._opened()
        try:
            connection.execute("PRAGMA query_only=ON")
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    async def begin(self) -> Transaction:
        loan = self._lender.take() or await self._lender.wait()
        connection: sqlite3.Connection = loan.connection._conn  # SQLite's own, within aiosqlite's
        try:
            # Inline nobody waits: neither for another process that writes, nor for the disk.
            connection.execute("PRAGMA busy_timeout=0")
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                connection.execute(self._settings[0])
                await loan.connection.execute("BEGIN IMMEDIATE")
            else:
                connection.execute(self._settings[0])
        except BaseException:
            self._lender.discard(loan)
            raise
        return SqliteTransaction(self, loan)

    def take_back(self, loan: Loan, error: BaseException | None) -> None:
        """Take a connection back; `error` is what went wrong on it."""
        if error is None:
            self._lender.give_back(loan)
        else:
            self._lender.discard(loan)

    async def committed(self) -> None:
        """Count a commit that was made inline; now and then, move what they have written."""
        self._commits += 1
        if self._commits >= _COMMITS:
            self._commits = 0
            # The next writer waits for it: under one that goes on, the log would only grow.
            await run_in_thread(self._moved)

    def _moved(self) -> None:
        """Move what was written from the log into the file, which waits for the disk."""
        # All is committed by then; what fails here is done by the next one.
        with contextlib.suppress(sqlite3.Error), contextlib.closing(self._opened()) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.file, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        for setting in self._settings:
            connection.execute(setting)
        connection.create_function("regexp", 2, _matches, deterministic=True)
        return connection

    async def close(self) -> None:
        await self._lender.close()
        if self._inline is not None:
            self._inline.close()
            self._inline = None


class SqliteTransaction(LentTransaction):
    """Runs on the event loop, for as long as nothing needs a session.

    A row that is written takes less time than to ask a thread for it: a commit only appends to the
    log, without waiting for the disk (synchronous=NORMAL): 13 to 19 µs, and on a thread about 40.
    """

    def __init__(self, driver: SqliteDriver, loan: Loan) -> None:
        super().__init__(loan, driver.take_back)
        self._driver = driver
        self._connection: sqlite3.Connection = loan.connection._conn

    async def _run(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        return self._connection.execute(sql, values).fetchall()

    async def _commit(self) -> None:
        self._connection.execute("PRAGMA wal_autocheckpoint=0")
        self._connection.execute("COMMIT")
        self._connection.execute("PRAGMA wal_autocheckpoint=1000")

    async def commit(self) -> None:
        await super().commit()
        await self._driver.committed()

    async def _roll_back(self) -> None:
        if self._connection.in_transaction:  # a full disk ends it by itself
            self._connection.execute("ROLLBACK")


def _is_lost(connection: Any) -> bool:
    return False  # nobody but we ends it


def _matches(pattern: str, value: str | None) -> bool | None:
    return None if value is None else re.search(pattern, value) is not None


def _passing_file(owner: SqliteDriver) -> str:
    """Give a file that goes with the process: one database for all connections, as a memory is."""
    folder = tempfile.TemporaryDirectory(prefix="trivet-")
    weakref.finalize(owner, folder.cleanup)
    return os.path.join(folder.name, "memory.db")
