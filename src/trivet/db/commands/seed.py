"""Filling a database with what the application says: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection

from trivet.errors import SetupError

__all__ = ["seedable"]


async def seedable(connection: AsyncConnection, tables: Sequence[Table], *, again: bool) -> None:
    """Raise `SetupError` where tables are missing, or have rows and it is not `again`."""
    there = await connection.run_sync(_names_of, {table.schema for table in tables})
    missing = [table.key for table in tables if (table.schema, table.name) not in there]
    if missing:
        raise SetupError(
            f"the database has no table {', '.join(sorted(missing))}",
            code="db.seed-tables",
            mend="trivet migrate",
        )
    if again:
        return
    filled = [
        table.key
        for table in tables
        if (await connection.execute(select(1).select_from(table).limit(1))).first() is not None
    ]
    if filled:
        raise SetupError(
            f"the database has rows already, in {', '.join(sorted(filled))}",
            code="db.seed-rows",
            mend="trivet seed --again, if what it stores may be stored once more",
        )


def _names_of(connection: Connection, schemas: set[str | None]) -> set[tuple[str | None, str]]:
    """Give the tables that are there, in these schemas alone: others are nobody's business."""
    found = inspect(connection)
    return {(schema, name) for schema in schemas for name in found.get_table_names(schema=schema)}
