"""Some columns of a query's rows, as plain tuples: read directly where they are the model's own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncSession

from trivet.db.present import unit_now

if TYPE_CHECKING:
    from trivet.db.query import Query

__all__ = ["streamed_tuples", "tuples"]


async def tuples(query: Query[Any], columns: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Give the values of these columns of all rows."""
    unit = unit_now(query.model)
    names = _names(query.model, columns) if unit.reads_directly else None
    planned = None if names is None else unit.database.plans.columns_of(query, names)
    if planned is not None:
        plan, values = planned
        found: list[tuple[Any, ...]] = plan.make(await unit.read(plan.sql, values))
        return found
    rows = await unit.rows(query.bare_of_loads().statement().with_only_columns(*columns))
    return [tuple(row) for row in rows]


async def streamed_tuples(
    query: Query[Any], columns: Sequence[Any], chunk: int
) -> AsyncGenerator[tuple[Any, ...]]:
    """Give the values of these columns, of which only `chunk` rows are in memory at a time."""
    unit = unit_now(query.model)
    is_direct = unit.reads_directly and not unit.is_writing
    names = _names(query.model, columns) if is_direct else None
    planned = None if names is None else unit.database.plans.columns_of(query, names)
    if planned is not None:
        plan, values = planned
        async with aclosing(unit.reader.stream(plan.sql, values, chunk)) as chunks:
            async for rows in chunks:
                for row in plan.make(rows):
                    yield row
        return
    statement = query.bare_of_loads().statement().with_only_columns(*columns)
    if unit.is_writing:  # its connection cannot stream and do something else
        for row in await unit.rows(statement):
            yield tuple(row)
        return
    async with AsyncSession(unit.reader.engine) as reader:
        result = await reader.stream(statement.execution_options(yield_per=chunk))
        try:
            async for row in result:
                yield tuple(row)
        finally:
            await result.close()


def _names(model: type[Any], columns: Sequence[Any]) -> tuple[str, ...] | None:
    """Give the names of the columns; None where one is an expression, or comes twice."""
    mapper: Any = inspect(model)
    own: Any = mapper.column_attrs
    names = [
        column.key
        for column in columns
        if getattr(column, "parent", None) is mapper and column.key in own
    ]
    return tuple(names) if len(set(names)) == len(columns) else None
