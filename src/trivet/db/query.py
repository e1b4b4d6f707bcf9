"""Queries: immutable, chained, awaited.

`await` gives a list, `async for` gives one after the other, `first`, `one`, `count`, … what they
say. Each step gives a new query, so that one may be kept and continued in several ways. What is
written is SQLAlchemy's `Select`, which `statement()` gives for anything that has no step here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Sequence
from copy import copy
from operator import neg
from typing import Any, Generic, Self, TypeVar

from sqlalchemy import Select, and_, delete, exists, func, inspect, not_, select, update
from sqlalchemy.orm import joinedload, selectinload

from trivet.db.errors import NotFound, TooManyFound
from trivet.db.lookups import Plain, condition, looked_up
from trivet.db.unit import unit_now

__all__ = ["Query"]

Item = TypeVar("Item")


class Query(Generic[Item]):
    """Rows of one model, and what is asked of them."""

    __slots__ = ("_distinct", "_limit", "_loads", "_offset", "_orders", "_wheres", "model")

    def __init__(self, model: type[Item]) -> None:
        self.model = model
        self._wheres: tuple[Any, ...] = ()
        self._orders: tuple[Any, ...] = ()
        self._loads: tuple[Any, ...] = ()
        self._limit: int | None = None
        self._offset = 0
        self._distinct = False

    # -- steps -----------------------------------------------------------------------------------

    def where(self, *expressions: Any, **lookups: Any) -> Self:
        """Keep rows that fit all expressions and look-ups; raises `LookupError`."""
        made = copy(self)
        found = [looked_up(self.model, name, value) for name, value in lookups.items()]
        made._wheres = (*self._wheres, *expressions, *found)
        return made

    def exclude(self, *expressions: Any, **lookups: Any) -> Self:
        """Leave out the rows that fit all expressions and look-ups together."""
        made = copy(self)
        found = [condition(self.model, name, value) for name, value in lookups.items()]
        unwanted = and_(*expressions, *found)
        made._wheres = (*self._wheres, not_(unwanted))
        return made

    def order_by(self, *orders: Any) -> Self:
        """Order by columns or expressions (`-Post.id` for descending), in place of any before.

        Names are taken as Django's: `"-id"`.
        """
        made = copy(self)
        for order in orders:
            if isinstance(order, str):
                condition(self.model, order.removeprefix("-"), None)  # raises where it is unknown
        made._orders = orders
        return made

    def limit(self, count: int | None) -> Self:
        """Give at most `count` rows."""
        made = copy(self)
        made._limit = count
        return made

    def offset(self, count: int) -> Self:
        """Leave out the first `count` rows."""
        made = copy(self)
        made._offset = count
        return made

    def __getitem__(self, wanted: slice) -> Self:
        """Give a part: `query[20:40]`; steps and counting from the end are refused."""
        if not isinstance(wanted, slice):
            raise TypeError("a query is sliced, not indexed; write await query.offset(n).first()")
        start, stop = wanted.start or 0, wanted.stop
        if wanted.step not in (None, 1) or start < 0 or (stop is not None and stop < start):
            raise ValueError(f"{wanted} is no part of a query; write query[from:to]")
        made = copy(self)
        made._offset = self._offset + start
        room = None if self._limit is None else max(self._limit - start, 0)
        made._limit = room if stop is None else min(stop - start, stop if room is None else room)
        return made

    def distinct(self) -> Self:
        """Give each row once."""
        made = copy(self)
        made._distinct = True
        return made

    def with_(self, *relations: Any) -> Self:
        """Load relations too: to one by a join, to many by one more query.

        SQLAlchemy's own options (`selectinload(Post.tags)`) are taken as they are.
        """
        made = copy(self)
        made._loads = (*self._loads, *[_load(relation) for relation in relations])
        return made

    # -- SQLAlchemy's side -----------------------------------------------------------------------

    def statement(self) -> Select[Any]:
        """Give the whole query as SQLAlchemy's `Select`."""
        made = select(self.model)
        if self._wheres:
            made = made.where(*self._expressions())
        if self._orders:
            made = made.order_by(*[_order(self.model, order) for order in self._orders])
        if self._limit is not None:
            made = made.limit(self._limit)
        if self._offset:
            made = made.offset(self._offset)
        if self._distinct:
            made = made.distinct()
        if self._loads:
            made = made.options(*self._loads)
        return made

    def shape(self) -> tuple[Any, list[Any]] | None:
        """Give what the statement's text depends on, and the values that it is given.

        Two queries of one shape have one text: it is found compiled without being built again.
        None where only the statement itself can tell.
        """
        if self._loads:
            return None
        parts: list[Any] = [self._limit is not None, self._offset > 0, self._distinct]
        values: list[Any] = []
        for part in (*self._wheres, None, *self._orders):
            if type(part) is Plain:
                parts.append(part.name)
                values.append(part.value)
            elif part is None or isinstance(part, str):
                parts.append(part)
            else:
                key = part._generate_cache_key()
                if key is None:
                    return None
                parts.append(key.key)
                values += [bind.effective_value for bind in key.bindparams]
        if self._limit is not None:
            values.append(self._limit)
        if self._offset:
            values.append(self._offset)
        return (self.model, *parts), values

    def binds(self) -> tuple[Select[Any], list[Any]]:
        """Give the statement, and its bound parameters in the order of the shape's values."""
        expressions = self._expressions()
        orders = [_order(self.model, order) for order in self._orders]
        made = copy(self)
        made._wheres, made._orders = tuple(expressions), tuple(orders)
        statement = made.statement()
        found: list[Any] = []
        for part in (*expressions, *orders):
            key = getattr(part, "_generate_cache_key", lambda: None)()
            found += key.bindparams if key is not None else []
        for limit in (statement._limit_clause, statement._offset_clause):
            if limit is not None:
                found.append(limit)
        return statement, found

    def _expressions(self) -> list[Any]:
        return [
            condition(self.model, part.name, part.value) if type(part) is Plain else part
            for part in self._wheres
        ]

    def keys_statement(self) -> Select[Any]:
        """Give the query by its keys alone, to look others up in."""
        return self.statement().with_only_columns(*inspect(self.model).primary_key)

    # -- answers ---------------------------------------------------------------------------------

    def __await__(self) -> Generator[Any, None, list[Item]]:
        return unit_now().fetch(self).__await__()

    async def __aiter__(self) -> AsyncIterator[Item]:
        for item in await self:
            yield item

    async def first(self) -> Item | None:
        """Give the first row, or None; by key where no order was chosen."""
        query = self if self._orders else self.order_by(*inspect(self.model).primary_key)
        found = await query.limit(1)
        return found[0] if found else None

    async def one(self) -> Item:
        """Give the only row; raises `NotFound` or `TooManyFound`."""
        found = await self.limit(2)
        if not found:
            raise NotFound(self.model)
        if len(found) > 1:
            raise TooManyFound(self.model, 2)
        return found[0]

    async def find(self) -> Item | None:
        """Give the only row, or None; raises `TooManyFound`."""
        found = await self.limit(2)
        if len(found) > 1:
            raise TooManyFound(self.model, 2)
        return found[0] if found else None

    async def count(self) -> int:
        """Count the rows."""
        inner = self._bare().subquery()
        found: int = await unit_now().scalar(select(func.count()).select_from(inner))
        return found

    async def exists(self) -> bool:
        """Tell whether there is any row."""
        found: bool = await unit_now().scalar(select(exists(self.limit(1)._bare())))
        return bool(found)

    async def values_list(self, *columns: Any) -> Sequence[Any]:
        """Give rows of these columns alone; the bare values where it is one column."""
        chosen = [_column(self.model, column) for column in columns]
        rows = await unit_now().rows(self.statement().with_only_columns(*chosen))
        return [row[0] for row in rows] if len(chosen) == 1 else [tuple(row) for row in rows]

    async def values(self, *columns: Any) -> list[dict[str, Any]]:
        """Give rows of these columns alone as dictionaries."""
        chosen = [_column(self.model, column) for column in columns]
        rows = await unit_now().rows(self.statement().with_only_columns(*chosen))
        return [dict(row._mapping) for row in rows]

    async def update(self, **values: Any) -> int:
        """Change all rows in one statement; gives how many."""
        statement = update(self.model).where(*self._keys()).values(**values)
        result = await unit_now().execute(statement)
        return int(result.rowcount)

    async def delete(self) -> int:
        """Delete all rows in one statement; gives how many."""
        result = await unit_now().execute(delete(self.model).where(*self._keys()))
        return int(result.rowcount)

    def _bare(self) -> Select[Any]:
        """Give the query by its keys alone."""
        return self.statement().with_only_columns(*inspect(self.model).primary_key).order_by(None)

    def _keys(self) -> tuple[Any, ...]:
        if self._limit is None and not self._offset and not self._distinct:
            return tuple(self._expressions())
        (key,) = inspect(self.model).primary_key
        kept = self.statement().with_only_columns(key).subquery()
        return (key.in_(select(kept)),)


def _column(model: type[Any], column: Any) -> Any:
    return getattr(model, column) if isinstance(column, str) else column


def _order(model: type[Any], order: Any) -> Any:
    if not isinstance(order, str):
        is_negative = getattr(order, "operator", None) is neg
        return order.element.desc() if is_negative else order
    if order.startswith("-"):
        return getattr(model, order[1:]).desc()
    return getattr(model, order)


def _load(relation: Any) -> Any:
    prop = getattr(relation, "property", None)
    if prop is None or not hasattr(prop, "uselist"):
        return relation
    return selectinload(relation) if prop.uselist else joinedload(relation)
