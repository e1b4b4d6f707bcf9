"""A database for each test: rolled back, or emptied, when the test is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import URL

from trivet.db import Database
from trivet.testing.held import Held
from trivet.testing.present import under_test

__all__ = ["create_database", "drop_database", "emptied", "rolled_back"]

_PATIENCE = 5  # seconds that PostgreSQL waits for others to let go of a table


@asynccontextmanager
async def rolled_back(database: Database) -> AsyncIterator[Database]:
    """Keep one connection in a transaction for all units of work, and roll it back at the end.

    What is committed inside is seen by everybody inside, and gone afterwards. No unit of work may
    be open at either end, and all must be on this event loop. Raises `SetupError` at the end where
    something was committed past the units of work.
    """
    async with database.engine.connect() as connection:
        await connection.execution_options(trivet_writes=True)
        await connection.begin()
        raw: Any = (await connection.get_raw_connection()).dbapi_connection
        held = Held(database, connection, raw)
        await held.begin()
        try:
            with database.connected_by(held.driver, held.engine), under_test(database):
                yield database
        finally:
            try:
                await held.roll_back()
            finally:
                await connection.rollback()


@asynccontextmanager
async def emptied(database: Database) -> AsyncIterator[Database]:
    """Let everything be committed as ever, and empty all tables of the models at the end.

    What was in them before is gone too; counters of keys begin anew.
    """
    try:
        with under_test(database):
            yield database
    finally:
        async with database.engine.connect() as connection:
            await connection.execution_options(trivet_writes=True)
            async with connection.begin():
                await connection.run_sync(_empty, database)


def _empty(connection: Connection, database: Database) -> None:
    inspector = inspect(connection)
    tables = [
        table
        for table in reversed(database.metadata.sorted_tables)
        if inspector.has_table(table.name, schema=table.schema)
    ]
    if not tables:
        return
    preparer = connection.dialect.identifier_preparer
    names = [preparer.format_table(table) for table in tables]
    kind = connection.dialect.name
    if kind == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}s'"))
        connection.execute(text(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE"))
    elif kind == "sqlite":
        connection.execute(text("PRAGMA defer_foreign_keys=ON"))
        for table in tables:
            connection.execute(table.delete())
        if inspector.has_table("sqlite_sequence"):
            connection.execute(text("DELETE FROM sqlite_sequence"))
    else:
        connection.execute(text("SET FOREIGN_KEY_CHECKS=0"))
        try:
            for name in names:
                connection.execute(text(f"TRUNCATE TABLE {name}"))
        finally:
            connection.execute(text("SET FOREIGN_KEY_CHECKS=1"))


async def create_database(url: URL, name: str) -> URL:
    """Make an empty database on a server, in place of one that has this name; gives its address."""
    await drop_database(url, name)
    await _on_server(url, f"CREATE DATABASE {name}")
    return url.set(database=name)


async def drop_database(url: URL, name: str) -> None:
    """Take a database away, and whoever is connected to it."""
    force = " WITH (FORCE)" if url.get_backend_name().startswith("postgres") else ""
    await _on_server(url, f"DROP DATABASE IF EXISTS {name}{force}")


async def _on_server(url: URL, statement: str) -> None:
    # PostgreSQL takes no connection without a database, and this one is always there.
    first = "postgres" if url.get_backend_name().startswith("postgres") else ""
    server = Database(
        url.set(database=first).render_as_string(hide_password=False), isolation_level="AUTOCOMMIT"
    )
    try:
        async with server.engine.connect() as connection:
            await connection.execute(text(statement))
    finally:
        await server.close()
