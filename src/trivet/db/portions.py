"""Some columns of a query's rows, as plain tuples: read directly where they are the model's own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, inspect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from trivet.db.present import unit_now
from trivet.db.unit import Unit

if TYPE_CHECKING:
    from trivet.db.query import Query

__all__ = ["bind_of", "parts", "streamed_tuples", "tuples"]


async def parts(unit: Unit, statement: Select[Any]) -> list[Any]:
    """Give objects that lack some of their columns.

    They are not known to later reads, which would give them for whole ones.
    """
    async with AsyncSession(await bind_of(unit), expire_on_commit=False) as reader:
        found = list((await reader.scalars(statement)).unique())
        reader.expunge_all()
        return found


async def bind_of(unit: Unit) -> AsyncEngine | AsyncConnection:
    """Give what a reader of its own reads from: the transaction, with all that was changed."""
    if unit.reads_directly and not unit.is_writing:
        return unit.reader.engine
    session = await unit.session()
    await session.flush()
    return await session.connection()


async def tuples(query: Query[Any], columns: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Give the values of these columns of all rows."""
    unit = unit_now(query.model)
    names = _names(query.model, columns) if unit.reads_directly else None
    planned = None if names is None else unit.database.plans.columns_of(query, names)
    if planned is not None:
        plan, values = planned
        with unit.underway:
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
