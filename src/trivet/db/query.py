"""Queries: immutable, chained, awaited.

`await` gives a list, `async for` gives one after the other, `first`, `one`, `count`, … what they
say. Each step gives a new query, so that one may be kept and continued in several ways. What is
written is SQLAlchemy's `Select`, which `statement()` gives for anything that has no step here.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Sequence
from dataclasses import replace
from operator import neg
from typing import Any, Generic, Self, TypeVar, get_args, overload

from pydantic import GetCoreSchemaHandler
from sqlalchemy import Select, and_, exists, func, inspect, not_, select
from sqlalchemy.orm import InstrumentedAttribute

from trivet.db.aggregates import RowQuery
from trivet.db.branches import branched, is_option, options_of
from trivet.db.bulk import write_all
from trivet.db.deferral import all_but, nothing_but
from trivet.db.errors import NotFound, TooManyFound
from trivet.db.links import Branches
from trivet.db.lookups import Plain, check_name, condition, looked_up
from trivet.db.pages import CursorPage, Page, continued, numbered
from trivet.db.portions import streamed_tuples, tuples
from trivet.db.present import unit_now
from trivet.db.shapes import key_of
from trivet.db.special import Special, among, explained, in_bulk, keyed_by, streamed, turned

__all__ = ["Query"]

Item = TypeVar("Item")
First = TypeVar("First")
Second = TypeVar("Second")
Third = TypeVar("Third")


class Query(Generic[Item]):
    """Rows of one model, and what is asked of them."""

    __slots__ = (
        "_branches",
        "_distinct",
        "_limit",
        "_loads",
        "_offset",
        "_orders",
        "_special",
        "_wheres",
        "model",
    )

    def __init__(self, model: type[Item]) -> None:
        self.model = model
        self._wheres: tuple[Any, ...] = ()
        self._orders: tuple[Any, ...] = ()
        self._branches: Branches = {}
        self._loads: tuple[Any, ...] = ()
        self._limit: int | None = None
        self._offset = 0
        self._distinct = False
        self._special: Special | None = None

    def _copied(self) -> Self:
        # By hand: `copy` would take four times as long, and each step makes one.
        made = object.__new__(type(self))
        made.model = self.model
        made._wheres, made._orders, made._loads = self._wheres, self._orders, self._loads
        made._limit, made._offset, made._distinct = self._limit, self._offset, self._distinct
        made._branches, made._special = self._branches, self._special
        return made

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> Any:
        """Show a query by the list of its rows, where it stands as an annotation."""
        (item,) = get_args(source) or (Any,)
        return handler.generate_schema(list[item])  # type: ignore[valid-type]

    @property
    def conditions(self) -> tuple[Any, ...]:
        """What its rows fit, as far as it was said here: a step that narrows it adds to these."""
        return self._wheres

    # -- steps -----------------------------------------------------------------------------------

    def where(self, *expressions: Any, **lookups: Any) -> Self:
        """Keep rows that fit all expressions and look-ups; raises `LookupError`."""
        made = self._copied()
        found = [looked_up(self.model, name, value) for name, value in lookups.items()]
        made._wheres = (*self._wheres, *expressions, *found)
        return made

    def exclude(self, *expressions: Any, **lookups: Any) -> Self:
        """Leave out the rows that fit all expressions and look-ups together."""
        made = self._copied()
        found = [condition(self.model, name, value) for name, value in lookups.items()]
        unwanted = and_(*expressions, *found)
        made._wheres = (*self._wheres, not_(unwanted))
        return made

    def order_by(self, *orders: Any) -> Self:
        """Order by columns or expressions (`-Post.id` for descending), in place of any before.

        Names are taken as Django's: `"-id"`.
        """
        made = self._copied()
        model: Any = self.model
        for order in orders:
            if isinstance(order, str):
                check_name(model, order.removeprefix("-"))
        made._orders = orders
        return made

    def limit(self, count: int | None) -> Self:
        """Give at most `count` rows."""
        made = self._copied()
        made._limit = count
        return made

    def offset(self, count: int) -> Self:
        """Leave out the first `count` rows."""
        made = self._copied()
        made._offset = count
        return made

    def __getitem__(self, wanted: slice) -> Self:
        """Give a part: `query[20:40]`; steps and counting from the end are refused."""
        if not isinstance(wanted, slice):
            raise TypeError("a query is sliced, not indexed; write await query.offset(n).first()")
        start, stop = wanted.start or 0, wanted.stop
        if wanted.step not in (None, 1) or start < 0 or (stop is not None and stop < start):
            raise ValueError(f"{wanted} is no part of a query; write query[from:to]")
        made = self._copied()
        made._offset = self._offset + start
        room = None if self._limit is None else max(self._limit - start, 0)
        made._limit = room if stop is None else min(stop - start, stop if room is None else room)
        return made

    def distinct(self) -> Self:
        """Give each row once."""
        made = self._copied()
        made._distinct = True
        return made

    def with_(self, *relations: Any) -> Self:
        """Load relations too: ``Post.author``, ``Author.company`` below it, or ``"tags__owner"``.

        One more query for each, by the keys of all rows; where SQLAlchemy loads them, those to one
        come by a join. Its own options (`selectinload(Post.tags)`) are taken as they are. Raises
        `LookupError` for a name that is no relation.
        """
        made = self._copied()
        for relation in relations:
            if is_option(relation):
                made._loads = (*made._loads, relation)
            else:
                made._branches = branched(self.model, made._branches, relation)
        return made

    def only(self, *columns: Any) -> Self:
        """Read the keys and these columns alone; to read another one of a row is an error."""
        made = self._specially(is_partial=True)
        made._loads = (*self._loads, nothing_but(self._attributes(columns)))
        return made

    def defer(self, *columns: Any) -> Self:
        """Leave these columns out; to read one of a row is an error."""
        made = self._specially(is_partial=True)
        made._loads = (*self._loads, *all_but(self._attributes(columns)))
        return made

    def for_update(self, *, skip_locked: bool = False, nowait: bool = False) -> Self:
        """Hold the rows until the transaction ends, so that nobody else changes them.

        Rows that others hold are waited for; `skip_locked` leaves them out, `nowait` raises
        `RowLocked`. SQLite has one writer at a time, who holds everything.
        """
        return self._specially(is_locking=True, skips_locked=skip_locked, is_impatient=nowait)

    def reverse(self) -> Self:
        """Turn the order round; by key, from the last, where none was chosen."""
        made = self._copied()
        made._orders = tuple(turned(order) for order in self._ordered()._orders)
        return made

    def union(self, *others: Query[Item]) -> Self:
        """Give the rows that are in this query or in any of the others, each once."""
        return self._among(others, "or")

    def intersect(self, *others: Query[Item]) -> Self:
        """Give the rows that are in this query and in all of the others."""
        return self._among(others, "and")

    def except_(self, *others: Query[Item]) -> Self:
        """Give the rows of this query that are in none of the others."""
        return self._among(others, "not")

    def annotate(self, **expressions: Any) -> RowQuery:
        """Give rows of the object and computed values: ``for post, likes in await …``."""
        return RowQuery(self).annotate(**expressions)

    def group_by(self, *columns: Any) -> RowQuery:
        """Give one row of all that have the same values; what is counted follows by `annotate`."""
        return RowQuery(self).group_by(*columns)

    def _specially(self, **changes: bool) -> Self:
        made = self._copied()
        made._special = replace(self._special or Special(), **changes)
        return made

    def _among(self, others: tuple[Query[Item], ...], by: Any) -> Self:
        made = self._copied()
        made._wheres = (among(self.model, self, *others, by=by),)
        made._limit, made._offset, made._distinct = None, 0, False
        return made

    def _attributes(self, columns: tuple[Any, ...]) -> tuple[Any, ...]:
        model: Any = self.model
        for column in columns:
            if isinstance(column, str):
                check_name(model, column)
        return tuple(_column(model, column) for column in columns)

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
        if self._branches:
            made = made.options(*options_of(self.model, self._branches))
        return made if self._special is None else self._special.applied(made, self.model)

    def shape(self) -> tuple[Any, list[Any]] | None:
        """Give what the statement's text depends on, and the values that it is given.

        Two queries of one shape have one text: it is found compiled without being built again.
        None where only the statement itself can tell.
        """
        if self._loads or self._special is not None:
            return None
        parts: list[Any] = [self._limit is not None, self._offset > 0, self._distinct]
        values: list[Any] = []
        mapper: Any = inspect(self.model)
        for part in (*self._wheres, None, *self._orders):
            if type(part) is Plain:
                parts.append(part.name)
                values.append(part.value)
            elif part is None or isinstance(part, str):
                parts.append(part)
            else:
                found = key_of(part, mapper)
                if found is None:
                    return None
                parts.append(found[0])
                values += found[1]
        if self._limit is not None:
            values.append(self._limit)
        if self._offset:
            values.append(self._offset)
        return (self.model, *parts), values

    def binds(self) -> tuple[Select[Any], list[Any]]:
        """Give the statement, and its bound parameters in the order of the shape's values."""
        expressions = self._expressions()
        orders = [_order(self.model, order) for order in self._orders]
        made = self._copied()
        made._wheres, made._orders = tuple(expressions), tuple(orders)
        made._branches = {}
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
        # Attributes, not columns: they know which table and rows belong to a class that inherits.
        mapper: Any = inspect(self.model)
        names = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
        keys = [getattr(self.model, name) for name in names]
        return self.bare_of_loads().statement().with_only_columns(*keys)

    @property
    def branches(self) -> Branches:
        """The relations that are loaded, and what is loaded below them."""
        return self._branches

    @property
    def is_distinct(self) -> bool:
        """True where each row comes once."""
        return self._distinct

    @property
    def orders(self) -> tuple[Any, ...]:
        """What the rows are ordered by."""
        return self._orders

    def ordered(self, order: Any) -> Any:
        """Give one order, which may be a name, as an expression."""
        return _order(self.model, order)

    def bare_of_loads(self) -> Self:
        """Give the query of the same rows, with nothing loaded besides and nothing held."""
        made = self._copied()
        made._loads, made._branches, made._special = (), {}, None
        return made

    def _ordered(self) -> Self:
        return self if self._orders else self.order_by(*inspect(self.model).primary_key)

    # -- answers ---------------------------------------------------------------------------------

    def __await__(self) -> Generator[Any, None, list[Item]]:
        if self._special is not None:
            return self._special.fetch(self).__await__()
        return unit_now(self.model).fetch(self).__await__()

    async def __aiter__(self) -> AsyncIterator[Item]:
        for item in await self:
            yield item

    async def first(self) -> Item | None:
        """Give the first row, or None; by key where no order was chosen."""
        found = await self._ordered().limit(1)
        return found[0] if found else None

    async def last(self) -> Item | None:
        """Give the last row, or None; by key where no order was chosen."""
        return await self.reverse().first()

    async def get(self, key: Any) -> Item:
        """Give the row with this key, if it is one of these; raises `NotFound`."""
        found = await self.where(keyed_by(self.model) == key).limit(1)
        if not found:
            raise NotFound(self.model, key)
        return found[0]

    async def in_bulk(self, keys: Iterable[Any]) -> dict[Any, Item]:
        """Give the rows with these keys, by key; those that are not there are left out."""
        return await in_bulk(self, keys)

    async def page(self, number: int = 1, size: int = 20) -> Page[Item]:
        """Give one page, from 1, and how many there are; raises `ValueError` below 1."""
        return await numbered(self, number, size)

    async def cursor_page(self, after: str | None = None, size: int = 20) -> CursorPage[Item]:
        """Give the rows behind a cursor, and the cursor of what follows; raises `BadCursor`."""
        return await continued(self, after, size)

    def iterate(self, chunk: int = 1000) -> AsyncGenerator[Item]:
        """Give one row after the other, with `chunk` of them in memory, for however many.

        The objects belong to no unit of work: what is changed in them is stored by `save` alone.
        Who leaves the loop early closes it: ``async with aclosing(query.iterate()) as rows``.
        """
        return streamed(self, chunk)

    def iterate_values(self, *columns: Any, chunk: int = 1000) -> AsyncGenerator[tuple[Any, ...]]:
        """Give tuples of these columns alone, one after the other: a third of what objects cost."""
        chosen = [_column(self.model, column) for column in columns]
        return streamed_tuples(self, chosen, chunk)

    async def explain(self, *, analyze: bool = False) -> str:
        """Give the database's plan for the query; `analyze` runs it and measures."""
        return await explained(unit_now(self.model), self.statement(), analyze=analyze)

    async def aggregate(self, **expressions: Any) -> dict[str, Any]:
        """Give values computed of all the rows: ``total=func.sum(Post.views)``."""
        named = [value.label(name) for name, value in expressions.items()]
        wanted = select(*named).select_from(self.model).where(*self._keys())
        rows = await unit_now(self.model).rows(wanted)
        return dict(rows[0]._mapping)

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
        found: int = await unit_now(self.model).scalar(select(func.count()).select_from(inner))
        return found

    async def exists(self) -> bool:
        """Tell whether there is any row."""
        found: bool = await unit_now(self.model).scalar(select(exists(self.limit(1)._bare())))
        return bool(found)

    @overload
    async def values_list(self, one: InstrumentedAttribute[First], /) -> list[First]: ...

    @overload
    async def values_list(
        self, one: InstrumentedAttribute[First], two: InstrumentedAttribute[Second], /
    ) -> list[tuple[First, Second]]: ...

    @overload
    async def values_list(
        self,
        one: InstrumentedAttribute[First],
        two: InstrumentedAttribute[Second],
        three: InstrumentedAttribute[Third],
        /,
    ) -> list[tuple[First, Second, Third]]: ...

    @overload
    async def values_list(self, *columns: Any) -> list[Any]: ...

    async def values_list(self, *columns: Any) -> Sequence[Any]:
        """Give rows of these columns alone; the bare values where it is one column."""
        rows = await tuples(self, [_column(self.model, column) for column in columns])
        return [row[0] for row in rows] if len(columns) == 1 else rows

    async def values(self, *columns: Any) -> list[dict[str, Any]]:
        """Give rows of these columns alone as dictionaries."""
        chosen = [_column(self.model, column) for column in columns]
        names = [column.key for column in chosen]
        return [dict(zip(names, row, strict=True)) for row in await tuples(self, chosen)]

    async def update(self, **values: Any) -> int:
        """Change all rows in one statement; gives how many."""
        return await write_all(self.model, self._keys(), "update", values)

    async def delete(self) -> int:
        """Delete all rows in one statement; gives how many. Soft deletion marks them."""
        return await write_all(self.model, self._keys(), "delete", {})

    def _bare(self) -> Select[Any]:
        """Give the query by its keys alone."""
        return self.keys_statement().order_by(None)

    def _keys(self) -> tuple[Any, ...]:
        if self._limit is None and not self._offset and not self._distinct:
            return tuple(self._expressions())
        return (among(self.model, self, by="or"),)


def _column(model: type[Any], column: Any) -> Any:
    return getattr(model, column) if isinstance(column, str) else column


def _order(model: type[Any], order: Any) -> Any:
    if not isinstance(order, str):
        is_negative = getattr(order, "operator", None) is neg
        return order.element.desc() if is_negative else order
    if order.startswith("-"):
        return getattr(model, order[1:]).desc()
    return getattr(model, order)
