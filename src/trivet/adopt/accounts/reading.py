"""The tables of `django.contrib.auth` and of the admin's log, read as rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, MetaData, Table, inspect, select
from sqlalchemy.exc import NoSuchTableError

from trivet.db import Database
from trivet.db.connecting import connected
from trivet.errors import SetupError

__all__ = ["DjangoTables", "Rows", "read_tables"]

Rows = list[dict[str, Any]]  # Any: values of columns


@dataclass(frozen=True, slots=True)
class DjangoTables:
    """What stands in Django's tables; a table that is not there has no rows."""

    user_table: str
    users: Rows
    groups: Rows
    memberships: list[tuple[Any, Any]]
    """Keys of accounts and of groups."""
    user_permissions: list[tuple[Any, Any]]
    group_permissions: list[tuple[Any, Any]]
    permissions: Rows
    content_types: Rows
    log: Rows


async def read_tables(source: Database, *, user_table: str = "auth_user") -> DjangoTables:
    """Read Django's accounts; moments without a zone are in UTC.

    `user_table` is that of the model of accounts. Raises `SetupError` where it is not there.
    """
    async with connected(source) as connection:
        return await connection.run_sync(_read, user_table)


def _read(connection: Connection, user_table: str) -> DjangoTables:
    if not inspect(connection).has_table(user_table):
        raise SetupError(
            f"there is no table {user_table!r} in {connection.engine.url!r}",
            code="adopt.no-accounts",
            mend="--from the address of Django's database, and --user-table for a model of one's"
            " own: accounts_user",
        )
    label, _, model = user_table.partition("_")
    key = f"{model}_id" if label and model else "user_id"
    return DjangoTables(
        user_table=user_table,
        users=_rows(connection, user_table),
        groups=_rows(connection, "auth_group"),
        memberships=_pairs(connection, f"{user_table}_groups", key, "group_id"),
        user_permissions=_pairs(connection, f"{user_table}_user_permissions", key, "permission_id"),
        group_permissions=_pairs(connection, "auth_group_permissions", "group_id", "permission_id"),
        permissions=_rows(connection, "auth_permission"),
        content_types=_rows(connection, "django_content_type"),
        log=_rows(connection, "django_admin_log"),
    )


def _rows(connection: Connection, name: str) -> Rows:
    try:
        table = Table(name, MetaData(), autoload_with=connection, resolve_fks=False)
    except NoSuchTableError:
        return []
    key = next(iter(table.primary_key.columns), None)
    statement = select(table) if key is None else select(table).order_by(key)
    return [
        {name: _aware(value) for name, value in row._mapping.items()}
        for row in connection.execute(statement)
    ]


def _aware(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def _pairs(connection: Connection, name: str, first: str, second: str) -> list[tuple[Any, Any]]:
    return [(row[first], row[second]) for row in _rows(connection, name)]
