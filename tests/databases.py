"""A clean database for a test: the one place where one comes from.

A database costs PostgreSQL more than a second to make and drop, a table costs MariaDB 60 ms. So a
process of tests makes few, keeps them, and cleans one when it gives it out again: its rows go where
the next one wants the same tables, everything in it goes otherwise. All are dropped at the end.

Tests that look at what a server does with whole databases make their own.
"""

from __future__ import annotations

import os
import sqlite3
import warnings
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from sqlalchemy import (
    Connection,
    Dialect,
    Engine,
    MetaData,
    Table,
    create_engine,
    delete,
    make_url,
    text,
    update,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateIndex, CreateTable, sort_tables

from trivet.db import Database
from trivet.db.mistakes import configured

__all__ = ["clean_database", "drop_all", "emptied", "own_database", "own_url"]


@asynccontextmanager
async def own_database(url: str, **options: Any) -> AsyncIterator[Database]:
    """Give an empty database that nobody else uses; the options are those of `Database`."""
    async with clean_database(url, (), **options) as database:
        yield database


@asynccontextmanager
async def clean_database(
    url: str, tables: MetaData | Iterable[Table], **options: Any
) -> AsyncIterator[Database]:
    """Give a database that nobody else uses, with these tables and nothing in them.

    Whatever a test adds to it is gone for the next one, and whatever it takes away is back. On
    SQLite it is a file of its own.
    """
    wanted = tuple(tables.tables.values() if isinstance(tables, MetaData) else tables)
    if make_url(url).get_backend_name() == "sqlite":
        database = Database(url, **options)
        try:
            await _make_in_file(database, wanted)
            yield database
        finally:
            await database.close()
        return
    server = _server(url)
    with server.lent(wanted) as kept:
        database = Database(kept.url.render_as_string(hide_password=False), **options)
        try:
            if kept.traits is None:
                await _make(database, wanted)
                kept.traits = server.traits(kept)
            yield database
        finally:
            await database.close()


@contextmanager
def own_url(url: str) -> Iterator[str]:
    """Give the address of an empty database on a server, that nobody else uses."""
    with _server(url).lent(()) as kept:
        yield kept.url.render_as_string(hide_password=False)


async def emptied(database: Database, tables: Iterable[Table]) -> None:
    """Delete all rows of some tables, those first that refer to others."""
    wanted = set(tables)
    async with database.own_transaction() as unit:
        for table in reversed(database.metadata.sorted_tables):
            if table not in wanted:
                continue
            for column in table.columns:  # rows of it may refer to each other
                if column.nullable and any(
                    key.column.table is table for key in column.foreign_keys
                ):
                    await unit.execute(update(table).values({column: None}))
            await unit.execute(delete(table))


def drop_all() -> None:
    """Drop all databases that this process of tests has made."""
    for server in _SERVERS.values():
        server.close()
    _SERVERS.clear()


async def _make(database: Database, tables: tuple[Table, ...]) -> None:
    if tables:
        configured(database.models)
        async with database.engine.begin() as connection:
            await connection.run_sync(tables[0].metadata.create_all, tables=list(tables))


async def _make_in_file(database: Database, tables: tuple[Table, ...]) -> None:
    """Make tables in a database of SQLite; the second time, they are a copy of the first."""
    configured(database.models)
    file = Path(database.engine.url.database or "")
    shape = frozenset(_made_by(table, database.engine.dialect) for table in tables)
    if shape in _FILES:
        file.write_bytes(_FILES[shape])  # noqa: ASYNC240  # nobody waits for it
        return
    await _make(database, tables)
    if tables:
        with closing(sqlite3.connect(file)) as made:
            _FILES[shape] = made.serialize()


def _sorted(tables: Iterable[Table]) -> list[Table]:
    """Give tables with those first that refer to others; those of a circle as they come."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Cannot correctly sort tables")
        return list(reversed(sort_tables(list(tables))))


@dataclass(eq=False)
class _Kept:
    """A database that was made."""

    url: URL
    engine: Engine
    # The statements that make its tables: others may describe the same ones anew for each test.
    shape: frozenset[str] = frozenset()
    # What its tables looked like when they were new; None before there are any.
    traits: frozenset[str] | None = None


class _Kind(Protocol):
    """What differs between servers."""

    library: str  # of SQLAlchemy, without asyncio: it serves every event loop
    options: dict[str, Any]  # of each connection
    first: str  # the database that is always there

    def drop(self, name: str) -> str: ...

    def traits(self, connection: Connection) -> frozenset[str]:
        """Tell everything that makes a difference between two sets of tables."""

    def wipe(self, connection: Connection) -> None:
        """Leave nothing."""

    def clear(self, connection: Connection, tables: list[Table]) -> None:
        """Leave no rows, and let keys begin anew."""

    def leave_alone(self, connection: Connection) -> None:
        """End the connections that the test before has forgotten."""


class _Postgres:
    library = "postgresql+psycopg"
    options: dict[str, Any] = {}  # noqa: RUF012
    first = "postgres"

    def drop(self, name: str) -> str:
        return f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"

    def traits(self, connection: Connection) -> frozenset[str]:
        return _texts(connection, _POSTGRES_TRAITS)

    def wipe(self, connection: Connection) -> None:
        schemas = _texts(connection, _POSTGRES_SCHEMAS)
        for schema in sorted(schemas | {"public"}):
            connection.execute(text(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'))
        connection.execute(text("CREATE SCHEMA public"))
        connection.execute(text("GRANT USAGE ON SCHEMA public TO PUBLIC"))

    def clear(self, connection: Connection, tables: list[Table]) -> None:
        written = _written(connection, tables)
        try:
            with connection.begin_nested():
                for table in written:
                    connection.execute(text(f"DELETE FROM {_name(connection, table)}"))
        except IntegrityError:  # tables that refer to each other in a ring
            names = ", ".join(_name(connection, table) for table in written)
            connection.execute(text(f"TRUNCATE {names} CASCADE"))
        connection.execute(text(_POSTGRES_COUNTERS))

    def leave_alone(self, connection: Connection) -> None:
        connection.execute(text(_POSTGRES_OTHERS))


class _MariaDb:
    library = "mysql+pymysql"
    # Reading the system's certificates for each connection takes 60 ms.
    options: dict[str, Any] = {"ssl_disabled": True}  # noqa: RUF012
    first = ""

    def drop(self, name: str) -> str:
        return f"DROP DATABASE IF EXISTS {name}"

    def traits(self, connection: Connection) -> frozenset[str]:
        return _texts(connection, _MARIADB_TRAITS)

    def wipe(self, connection: Connection) -> None:
        name = connection.engine.url.database
        connection.execute(text(f"DROP DATABASE {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
        connection.execute(text(f"USE {name}"))

    def clear(self, connection: Connection, tables: list[Table]) -> None:
        counted = _texts(connection, _MARIADB_COUNTED)
        connection.execute(text("SET FOREIGN_KEY_CHECKS=0"))
        for table in _written(connection, tables):
            if table.name not in counted:
                connection.execute(text(f"DELETE FROM {_name(connection, table)}"))
        for name in sorted(counted):
            # Eight times as dear as DELETE, but it alone lets keys begin anew.
            connection.execute(text(f"TRUNCATE TABLE `{name}`"))
        connection.execute(text("SET FOREIGN_KEY_CHECKS=1"))

    def leave_alone(self, connection: Connection) -> None:
        for number in sorted(_texts(connection, _MARIADB_OTHERS)):
            with suppress(OperationalError):  # it has just gone by itself
                connection.execute(text(f"KILL {number}"))


_KINDS: dict[str, _Kind] = {
    "postgresql": _Postgres(),
    "mysql": _MariaDb(),
    "mariadb": _MariaDb(),
}


@dataclass
class _Server:
    url: URL
    kind: _Kind
    free: list[_Kept] = field(default_factory=list)
    made: list[_Kept] = field(default_factory=list)

    @contextmanager
    def lent(self, tables: tuple[Table, ...]) -> Iterator[_Kept]:
        """Give a database that has these tables without rows, or nothing at all."""
        kept = self._taken(tables)
        try:
            yield kept
        finally:
            self.free.append(kept)

    def traits(self, kept: _Kept) -> frozenset[str]:
        with kept.engine.connect() as connection:
            return self.kind.traits(connection)

    def close(self) -> None:
        for kept in self.made:
            kept.engine.dispose()
            self._run(self.kind.drop(str(kept.url.database)))
        self.made.clear()
        self.free.clear()

    def _taken(self, tables: tuple[Table, ...]) -> _Kept:
        shape = frozenset(_made_by(table, self.url.get_dialect()()) for table in tables)
        alike = [kept for kept in self.free if kept.shape == shape]
        if alike:
            kept = alike[-1]
        elif self.free:
            kept = self.free[0]
        else:
            kept = self._new()
            kept.shape = shape
            return kept
        self.free.remove(kept)
        with kept.engine.begin() as connection:
            self.kind.leave_alone(connection)
            is_alike = kept.shape == shape and bool(shape) and kept.traits is not None
            if is_alike and self.kind.traits(connection) == kept.traits:
                self.kind.clear(connection, _sorted(tables))
            else:
                self.kind.wipe(connection)
                kept.shape, kept.traits = shape, None
        return kept

    def _new(self) -> _Kept:
        # Runs that share a server, and workers of one run, each have their own.
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        name = f"trivet_{worker}_{os.getpid()}_{len(self.made)}"
        self._run(self.kind.drop(name), f"CREATE DATABASE {name}")
        url = self.url.set(database=name)
        kept = _Kept(url, self._engine(name))
        self.made.append(kept)
        return kept

    def _run(self, *statements: str) -> None:
        engine = self._engine(self.kind.first).execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def _engine(self, database: str) -> Engine:
        url = self.url.set(drivername=self.kind.library, database=database)
        # No connection stays open: there are tests that count or end those of their database.
        return create_engine(url, connect_args=self.kind.options, poolclass=NullPool)


_SERVERS: dict[str, _Server] = {}
_FILES: dict[frozenset[str], bytes] = {}


def _server(url: str) -> _Server:
    if url not in _SERVERS:
        found = make_url(url)
        _SERVERS[url] = _Server(found, _KINDS[found.get_backend_name()])
    return _SERVERS[url]


def _made_by(table: Table, dialect: Dialect) -> str:
    """Give the statements that make a table."""
    made = _MADE_BY.setdefault(table, {})
    if dialect.name not in made:
        parts = [CreateTable(table), *(CreateIndex(index) for index in table.indexes)]
        made[dialect.name] = "".join(sorted(str(part.compile(dialect=dialect)) for part in parts))
    return made[dialect.name]


_MADE_BY: WeakKeyDictionary[Table, dict[str, str]] = WeakKeyDictionary()


def _name(connection: Connection, table: Table) -> str:
    return connection.dialect.identifier_preparer.format_table(table)


def _texts(connection: Connection, statement: str) -> frozenset[str]:
    return frozenset(str(row[0]) for row in connection.execute(text(statement)))


def _written(connection: Connection, tables: list[Table]) -> list[Table]:
    """Give the tables that have rows, in the same order; one question for all of them."""
    asked = " UNION ALL ".join(
        f"SELECT {number} FROM (SELECT 1 FROM {_name(connection, table)} LIMIT 1) AS t{number}"
        for number, table in enumerate(tables)
    )
    found = {row[0] for row in connection.execute(text(asked))}
    return [table for number, table in enumerate(tables) if number in found]


_POSTGRES_SCHEMAS = r"""
SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND nspname != 'information_schema'
"""
_POSTGRES_TRAITS = rf"""
WITH own AS (SELECT oid, nspname FROM pg_namespace WHERE nspname IN ({_POSTGRES_SCHEMAS}))
SELECT 'schema ' || nspname FROM own
UNION ALL
SELECT concat_ws(' ', 'column', c.relkind, own.nspname, c.relname, a.attname, a.attnum,
                 a.atttypid, a.atttypmod, a.attnotnull, a.atthasdef, c.relrowsecurity)
FROM own JOIN pg_class c ON c.relnamespace = own.oid
     LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
UNION ALL
SELECT concat_ws(' ', 'constraint', k.conname, k.conrelid, k.contype, k.convalidated)
FROM own JOIN pg_constraint k ON k.connamespace = own.oid
UNION ALL
SELECT 'type ' || t.typname FROM own JOIN pg_type t ON t.typnamespace = own.oid
UNION ALL
SELECT 'function ' || p.proname FROM own JOIN pg_proc p ON p.pronamespace = own.oid
UNION ALL
SELECT concat_ws(' ', 'trigger', tgrelid, tgname) FROM pg_trigger
UNION ALL
SELECT concat_ws(' ', 'policy', polrelid, polname) FROM pg_policy
UNION ALL
SELECT 'extension ' || extname FROM pg_extension
"""
_POSTGRES_COUNTERS = """
SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false)
FROM pg_sequences WHERE last_value IS NOT NULL
"""
_POSTGRES_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid != pg_backend_pid()
"""
_MARIADB_TRAITS = """
SELECT concat_ws(' ', 'column', table_name, column_name, ordinal_position, column_type, is_nullable,
                 column_default, extra)
FROM information_schema.columns WHERE table_schema = database()
UNION ALL
SELECT concat_ws(' ', 'index', table_name, index_name, column_name, non_unique)
FROM information_schema.statistics WHERE table_schema = database()
UNION ALL
SELECT concat_ws(' ', 'constraint', table_name, constraint_name, constraint_type)
FROM information_schema.table_constraints WHERE table_schema = database()
UNION ALL
SELECT concat_ws(' ', 'trigger', trigger_name) FROM information_schema.triggers
WHERE trigger_schema = database()
UNION ALL
SELECT concat_ws(' ', 'routine', routine_name) FROM information_schema.routines
WHERE routine_schema = database()
"""
_MARIADB_COUNTED = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = database() AND auto_increment > 1
"""
_MARIADB_OTHERS = """
SELECT id FROM information_schema.processlist WHERE db = database() AND id != connection_id()
"""
