"""A connection for one command: where there is none, the error says what failed, in words."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from trivet.db.database import Database
from trivet.errors import SetupError

__all__ = ["connected"]


@asynccontextmanager
async def connected(database: Database) -> AsyncIterator[AsyncConnection]:
    """Give a connection, and close it and the database; raises `SetupError` where there is none."""
    logging.getLogger("asyncmy").addFilter(_is_worth_telling)
    try:
        connection = await database.engine.connect()
    except (InterfaceError, OperationalError, OSError) as error:
        shown = database.engine.url.render_as_string(hide_password=True)
        reason = str(getattr(error, "orig", None) or error).splitlines()
        raise SetupError(
            f"no connection to {shown}: {reason[0] if reason else type(error).__name__}",
            code="db.no-connection",
            mend="start the server, or correct the address that Database(...) was given",
        ) from error
    try:
        yield connection
    finally:
        await connection.close()
        await database.close()


def _is_worth_telling(record: logging.LogRecord) -> bool:
    """Leave out what MariaDB says of every table: its primary keys have no names."""
    return "ignored for PRIMARY key" not in record.getMessage()
