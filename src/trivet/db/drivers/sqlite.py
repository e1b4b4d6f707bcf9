"""SQLite: in the same process, so that a short read costs less than asking somebody else for it."""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
import weakref
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from trivet.concurrency import run_in_thread
from trivet.db.drivers.driver import Driver, Statement

__all__ = ["SqliteDriver"]

_BUDGET = 0.002  # seconds that a read may hold up the event loop
_STEPS = 2000  # instructions of SQLite's machine between two looks at the clock
_SETTINGS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=5000",
)


class SqliteDriver(Driver):
    """Reads run inline under a time budget, those that take longer again on a worker thread."""

    has_one_writer = True
    reads_directly = True

    def __init__(self, url: URL) -> None:
        self.file = url.database or ""
        if self.file in ("", ":memory:"):
            self.file = _passing_file(self)
        self.url = url.set(drivername="sqlite+aiosqlite", database=self.file)
        self.options: dict[str, Any] = {}
        self._inline: sqlite3.Connection | None = None
        self._writing: sqlite3.Connection | None = None
        self._until = 0.0

    def prepare(self, engine: AsyncEngine, timeout: float) -> None:
        super().prepare(engine, timeout)

        @event.listens_for(engine.sync_engine, "connect")
        def set_up(connection: Any, record: Any) -> None:
            connection.isolation_level = None  # transactions are begun below, not by the driver
            cursor = connection.cursor()
            for setting in _SETTINGS:
                cursor.execute(setting)
            cursor.close()

        @event.listens_for(engine.sync_engine, "begin")
        def begin(connection: Any) -> None:
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

    async def written(self, statements: Sequence[Statement]) -> list[Sequence[Any]]:
        connection = self._writing
        if connection is None:
            connection = self._writing = self._opened()
            # Inline nobody waits for other processes' writers; the thread below does.
            connection.execute("PRAGMA busy_timeout=0")
            connection.set_progress_handler(self._is_late, _STEPS)
        self._until = perf_counter() + _BUDGET
        try:
            return _transacted(connection, statements)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_BUSY):
                raise
        return await run_in_thread(self._slowly_written, statements)

    def _slowly_written(self, statements: Sequence[Statement]) -> list[Sequence[Any]]:
        connection = self._opened()
        try:
            return _transacted(connection, statements)
        finally:
            connection.close()

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.file, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        for setting in _SETTINGS:
            connection.execute(setting)
        connection.create_function("regexp", 2, _matches, deterministic=True)
        return connection

    async def close(self) -> None:
        for connection in (self._inline, self._writing):
            if connection is not None:
                connection.close()
        self._inline = self._writing = None


def _transacted(
    connection: sqlite3.Connection, statements: Sequence[Statement]
) -> list[Sequence[Any]]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        found: list[Sequence[Any]] = [
            connection.execute(sql, values).fetchall() for sql, values in statements
        ]
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return found


def _matches(pattern: str, value: str | None) -> bool | None:
    return None if value is None else re.search(pattern, value) is not None


def _passing_file(owner: SqliteDriver) -> str:
    """Give a file that goes with the process: one database for all connections, as a memory is."""
    folder = tempfile.TemporaryDirectory(prefix="trivet-")
    weakref.finalize(owner, folder.cleanup)
    return os.path.join(folder.name, "memory.db")
