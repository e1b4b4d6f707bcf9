"""What few queries need: locks, columns left out, sets of queries, streams, the database's plan."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from sqlalchemy import Executable, Select, inspect, select, tuple_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import operators
from sqlalchemy.sql.expression import ClauseElement

from trivet.db.errors import RowLocked
from trivet.db.faults import Fault, fault_of
from trivet.db.portions import bind_of, parts
from trivet.db.present import unit_now
from trivet.db.unit import Unit

if TYPE_CHECKING:
    from trivet.db.query import Query

__all__ = ["Special"]

Item = TypeVar("Item")
_MANY = 500  # keys in one list, well below what any database takes


@dataclass(frozen=True)
class Special:
    """What sends a query by SQLAlchemy's own path."""

    is_locking: bool = False
    skips_locked: bool = False
    is_impatient: bool = False
    is_partial: bool = False

    def applied(self, statement: Select[Any], model: type[Any]) -> Select[Any]:
        """Give the statement with its lock."""
        if not self.is_locking:
            return statement
        locking = statement.with_for_update(
            nowait=self.is_impatient, skip_locked=self.skips_locked, of=model
        )
        # What is locked is read as it is now, also where it was read before.
        return locking.execution_options(populate_existing=True)

    async def fetch(self, query: Query[Item]) -> list[Item]:
        """Give the rows of a query that has this."""
        unit = unit_now(query.model)
        statement = query.statement()
        if not self.is_locking:
            return await parts(unit, statement)
        try:
            result = await unit.execute(statement)
        except DBAPIError as error:
            if self.is_impatient and fault_of(error) is Fault.LOCKED:
                raise RowLocked(query.model) from error
            raise
        return list(result.scalars().unique())


def keyed_by(model: type[Any]) -> Any:
    """Give the key of a model as one expression, which other keys may be compared with."""
    columns = inspect(model).primary_key
    return columns[0] if len(columns) == 1 else tuple_(*columns)


def among(model: type[Any], *queries: Query[Any], by: Literal["or", "and", "not"]) -> Any:
    """Give the condition that a row is in one, in all, or in the first alone of these queries."""
    found = []
    for query in queries:
        # A part of a query is a table of its own: databases take no LIMIT in a list.
        rows = query.keys_statement().subquery()
        found.append(keyed_by(model).in_(select(rows)))
    first, *rest = found
    for condition in rest:
        if by == "or":
            first = first | condition
        elif by == "and":
            first = first & condition
        else:
            first = first & ~condition
    return first


def turned(order: Any) -> Any:
    """Give an order the other way round."""
    if isinstance(order, str):
        return order[1:] if order.startswith("-") else f"-{order}"
    modifier = getattr(order, "modifier", None)
    if modifier is operators.desc_op:
        return order.element.asc()
    if modifier is operators.asc_op:
        return order.element.desc()
    if modifier is operators.nulls_first_op:
        return turned(order.element).nulls_last()
    if modifier is operators.nulls_last_op:
        return turned(order.element).nulls_first()
    return (
        order.element.asc() if getattr(order, "operator", None) is operators.neg else order.desc()
    )


async def in_bulk(query: Query[Item], keys: Iterable[Any]) -> dict[Any, Item]:
    """Give the objects with these keys, by key; those that are not there are left out."""
    wanted = list(dict.fromkeys(keys))
    key, found = keyed_by(query.model), {}
    for start in range(0, len(wanted), _MANY):
        for item in await query.where(key.in_(wanted[start : start + _MANY])):
            state: Any = inspect(item)
            identity = state.identity
            found[identity[0] if len(identity) == 1 else tuple(identity)] = item
    return found


async def streamed(query: Query[Item], chunk: int) -> AsyncGenerator[Item]:
    """Give the rows one after the other, of which only `chunk` are in memory at a time."""
    unit = unit_now(query.model)
    is_direct = unit.reads_directly and not (unit.is_writing or query.branches)
    planned = unit.database.plans.of(query) if is_direct else None
    if planned is not None:
        plan, values = planned
        async with aclosing(unit.reader.stream(plan.sql, values, chunk)) as chunks:
            async for rows in chunks:
                for item in plan.make(rows, {}):  # known to this chunk alone
                    yield item
        return
    statement = query.statement().execution_options(yield_per=chunk)
    bind = await bind_of(unit)
    async with AsyncSession(bind, expire_on_commit=False, autoflush=False) as reader:
        if unit.is_writing and bind.dialect.name in ("mysql", "mariadb"):
            # One connection cannot stream and do something else: its rows are fetched first.
            whole = (await reader.scalars(query.statement())).unique().all()
            reader.expunge_all()
            for item in whole:
                yield item
            return
        result = await reader.stream_scalars(statement)
        try:
            async for items in result.partitions(chunk):
                for item in items:
                    reader.expunge(item)
                    yield item
        finally:
            await result.close()


class Explain(Executable, ClauseElement):
    """The question how a statement would be run."""

    inherit_cache = False

    def __init__(self, statement: Select[Any], *, analyze: bool) -> None:
        self.statement = statement
        self.analyze = analyze


@compiles(Explain)
def _explain(element: Any, compiler: Any, **options: Any) -> str:
    word = "EXPLAIN ANALYZE" if element.analyze else "EXPLAIN"
    return f"{word} {compiler.process(element.statement, **options)}"


@compiles(Explain, "sqlite")
def _explain_query_plan(element: Any, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN QUERY PLAN {compiler.process(element.statement, **options)}"


@compiles(Explain, "mariadb")
def _analyze(element: Any, compiler: Any, **options: Any) -> str:
    word = "ANALYZE" if element.analyze else "EXPLAIN"
    return f"{word} {compiler.process(element.statement, **options)}"


async def explained(unit: Unit, statement: Select[Any], *, analyze: bool) -> str:
    """Give the database's plan of a statement, in the database's words."""
    rows: Sequence[Any] = await unit.rows(Explain(statement, analyze=analyze))
    if unit.database.driver.url.get_backend_name() == "sqlite":
        return "\n".join(str(row[-1]) for row in rows)
    lines = [" | ".join("" if value is None else str(value) for value in row) for row in rows]
    if rows and len(rows[0]) > 1:
        lines.insert(0, " | ".join(rows[0]._mapping))
    return "\n".join(lines)
