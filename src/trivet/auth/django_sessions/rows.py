"""Django's rows, in the database that has them: sessions, and the accounts that they are of.

Within the present unit of work on that database, so that what a refused request has deleted is
back.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    MetaData,
    String,
    Table,
    Text,
    delete,
    inspect,
    select,
)
from sqlalchemy.exc import NoSuchTableError

from trivet.db import Database, Unit
from trivet.errors import SetupError

__all__ = ["DjangoRows"]

_SESSIONS = Table(
    "django_session",
    MetaData(),
    Column("session_key", String(40), primary_key=True),
    Column("session_data", Text),
    Column("expire_date", DateTime(timezone=True)),
)
_WANTED = ("username", "email", "password", "is_active")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_LENGTH_OF_HEX = 32  # how Django keeps a UUID where the database has none


class DjangoRows:
    """Reads and deletes what it is asked for; `user_table` is that of Django's accounts."""

    def __init__(self, database: Database, user_table: str) -> None:
        self.database = database
        self._user_table = user_table
        self._accounts: Table | None = None

    async def check(self) -> None:
        """Look for both tables; raises `SetupError` where one is not there."""
        async with self.database.engine.connect() as connection:
            self._accounts = await connection.run_sync(self._found)

    async def data_of(self, key: str) -> str | None:
        """Give the signed data of a session that has not ended; moments without zone are in UTC."""
        statement = select(_SESSIONS).where(_SESSIONS.c.session_key == key)
        async with self._unit() as unit:
            found = await unit.rows(statement)
        if not found:
            return None
        ends: datetime = found[0].expire_date
        if ends.tzinfo is None:
            ends = ends.replace(tzinfo=UTC)
        return None if ends <= datetime.now(UTC) else str(found[0].session_data)

    async def delete(self, key: str) -> bool:
        """Delete a session; False where it is gone. Of two who ask at once, one is told True."""
        statement = delete(_SESSIONS).where(_SESSIONS.c.session_key == key)
        async with self._unit() as unit:
            return bool((await unit.execute(statement)).rowcount)

    async def account(self, key: str) -> Mapping[str, Any] | None:  # Any: values of columns
        """Give the row of an account by the text of its key in a session, or None.

        Its key is in it as ``id``, whatever its column is called.
        """
        if self._accounts is None:
            await self.check()
        table = self._accounts
        assert table is not None, "it was found, or an error was raised"
        column = next(iter(table.primary_key.columns))
        value = _as_key(column, key)
        if value is None:
            return None
        wanted = [table.c[name] for name in _WANTED if name in table.c]
        statement = select(column.label("id"), *wanted).where(column == value)
        async with self._unit() as unit:
            found = await unit.rows(statement)
        return dict(found[0]._mapping) if found else None

    @asynccontextmanager
    async def _unit(self) -> AsyncIterator[Unit]:
        unit = self.database.open_unit
        if unit is not None:
            yield unit
            return
        async with self.database.own_transaction() as own:
            yield own

    def _found(self, connection: Connection) -> Table:
        if not inspect(connection).has_table(_SESSIONS.name):
            raise self._missing(_SESSIONS.name)
        try:
            return Table(self._user_table, MetaData(), autoload_with=connection, resolve_fks=False)
        except NoSuchTableError as error:
            raise self._missing(self._user_table) from error

    def _missing(self, name: str) -> SetupError:
        shown = self.database.engine.url.render_as_string(hide_password=True)
        return SetupError(
            f"DjangoSessions found no table {name!r} in {shown}",
            code="auth.no-django-tables",
            mend='DjangoSessions(auth, database=…, user_table="accounts_user") names others;'
            " where Django's tables are gone for good, take the part away",
        )


def _as_key(column: Column[Any], text: str) -> Any:
    """Give the key that a session names, as its column has it; None for what cannot be one."""
    kind = column.type.python_type
    if issubclass(kind, str):
        is_hex = getattr(column.type, "length", None) == _LENGTH_OF_HEX
        value = _as_uuid(text) if is_hex else None
        return text if value is None else value.hex
    if issubclass(kind, UUID):
        return _as_uuid(text)
    return int(text) if _WHOLE.fullmatch(text) else None


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
