"""The database of a command: it has the tables of jobs, or an error says what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from trivet.db import Database
from trivet.db.connecting import connected
from trivet.errors import SetupError
from trivet.jobs.control import missing_tables

__all__ = ["opened", "refuse_without_tables"]


async def refuse_without_tables(database: Database) -> None:
    """Raise `SetupError` where there is no database, or one without the tables of jobs."""
    async with connected(database) as connection:
        missing = await missing_tables(connection, database)
    if missing:
        raise SetupError(
            f"the database has no table {' and no '.join(missing)}, which jobs are kept in",
            code="jobs.no-tables",
            mend="trivet makemigrations && trivet migrate",
        )


@asynccontextmanager
async def opened(database: Database) -> AsyncIterator[Database]:
    """Give the database for one command, and close it; raises `SetupError`."""
    await refuse_without_tables(database)
    try:
        yield database
    finally:
        await database.close()
