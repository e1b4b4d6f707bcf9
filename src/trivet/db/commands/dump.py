"""The rows of a database as lines of JSON, one after the other: memory stays as it is.

The first line says what follows, the last how many rows there were: a file that was cut off is
known by it. Between, a line is a row, ``{"table": "post", "row": {…}}``; at the end those columns
that wait for other rows: ``{"table": "person", "key": {"id": 2}, "set": {"boss_id": 1}}``.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from sqlalchemy import Table, or_, select, type_coerce
from sqlalchemy import null as sql_null
from sqlalchemy.ext.asyncio import AsyncConnection

from trivet.db.commands.order import Step, in_order
from trivet.db.commands.tables import Tables
from trivet.db.commands.values import Field
from trivet.errors import SetupError

__all__ = ["FORMAT", "dump"]

FORMAT = 1
_CHUNK = 1000  # rows that are fetched at a time

Tell = Callable[[str, int], None]
"""What is told of a table, and of how many of its rows, while they pass."""


async def dump(
    connection: AsyncConnection,
    tables: Tables,
    names: Sequence[str],
    write: Callable[[str], Any],
    tell: Tell,
) -> int:
    """Write the rows of these models, all for none, and give their number.

    All of it is one state of the database. Raises `SetupError`.
    """
    steps = in_order(tables.chosen(names))
    fields = {step.table: tables.fields(step.table) for step in steps}
    if connection.dialect.name != "sqlite":  # where every transaction sees one state
        await connection.execution_options(isolation_level="REPEATABLE READ")
    write(_line({"dump": FORMAT, "tables": [step.table.key for step in steps]}))
    total = 0
    for step in steps:
        count = 0
        async for row in _rows(connection, step, fields[step.table]):
            write(_line({"table": step.table.key, "row": row}))
            count += 1
            if count % _CHUNK == 0:
                tell(step.table.key, count)
        tell(step.table.key, count)
        total += count
    for step in steps:
        if step.later:
            async for key, values in _later(connection, step, fields[step.table]):
                write(_line({"table": step.table.key, "key": key, "set": values}))
    write(_line({"rows": total}))
    return total


async def _rows(
    connection: AsyncConnection, step: Step, fields: list[Field]
) -> AsyncIterator[dict[str, Any]]:
    """Give the rows, with what is set later left open."""
    now = [field for field in fields if field.column not in step.later]
    later = {field.name: None for field in fields if field.column in step.later}
    statement = select(*_columns(now)).order_by(*step.table.primary_key.columns)
    async for values in _streamed(connection, statement, step.table):
        yield {**_written(now, values), **later}


async def _later(
    connection: AsyncConnection, step: Step, fields: list[Field]
) -> AsyncIterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Give the keys of rows, and what is to be set in them."""
    keys = [field for field in fields if field.column.primary_key]
    later = [field for field in fields if field.column in step.later]
    statement = (
        select(*_columns(keys), *_columns(later))
        .where(or_(*[column.is_not(None) for column in step.later]))
        .order_by(*step.table.primary_key.columns)
    )
    places = len(_columns(keys))
    async for values in _streamed(connection, statement, step.table):
        yield _written(keys, values[:places]), _written(later, values[places:])


def _columns(fields: list[Field]) -> list[Any]:
    """Give what is selected; behind a column of JSON, whether it is NULL."""
    found: list[Any] = []
    for field in fields:
        found.append(type_coerce(field.column, field.type))
        if field.is_json:
            found.append(field.column.is_(sql_null()))
    # Two columns may have one name for SQLAlchemy, which then would give one of them.
    return [column.label(f"c{place}") for place, column in enumerate(found)]


def _written(fields: list[Field], values: Sequence[Any]) -> dict[str, Any]:
    given = iter(values)
    row = {}
    for field in fields:
        value = next(given)
        if field.is_json:
            row[field.name] = None if next(given) else field.written(value)
        else:
            row[field.name] = field.written(value)
    return row


async def _streamed(
    connection: AsyncConnection, statement: Any, table: Table
) -> AsyncIterator[Sequence[Any]]:
    """Give rows as they come; what cannot be read is told with its table."""
    result = await connection.stream(statement, execution_options={"yield_per": _CHUNK})
    try:
        async for row in result:
            yield row
    except (ValueError, LookupError, ArithmeticError) as error:
        raise SetupError(
            f"a row of {table.key} holds what its column cannot: {error}",
            code="db.dump-row",
            mend="correct the row, or the column's type in the model",
        ) from error
    finally:
        await result.close()


def _line(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"
