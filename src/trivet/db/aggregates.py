"""Rows that are more, or less, than objects: annotated, grouped, and counted together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from copy import copy
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Row, Select, func, inspect, select

from trivet.db.present import unit_now
from trivet.errors import SetupError

if TYPE_CHECKING:
    from trivet.db.query import Query

__all__ = ["RowQuery", "related"]


class RowQuery:
    """A query whose rows hold computed values: awaited, a list of SQLAlchemy's `Row`.

    Without `group_by`, a row begins with the object itself: ``for post, likes in await …``. With
    it, with what it was grouped by. Values have their names: ``row.likes``.
    """

    __slots__ = ("_groups", "_havings", "_named", "_orders", "_query")

    def __init__(self, query: Query[Any]) -> None:
        self._query = query
        self._named: dict[str, Any] = {}
        self._groups: tuple[Any, ...] = ()
        self._havings: tuple[Any, ...] = ()
        self._orders: tuple[Any, ...] = ()

    def where(self, *expressions: Any, **lookups: Any) -> Self:
        """Keep rows that fit, before they are grouped; raises `LookupError`."""
        made = copy(self)
        made._query = self._query.where(*expressions, **lookups)
        return made

    def annotate(self, **expressions: Any) -> Self:
        """Add values by name."""
        made = copy(self)
        made._named = {**self._named, **expressions}
        return made

    def group_by(self, *columns: Any) -> Self:
        """Make one row of all that have the same values in these columns."""
        made = copy(self)
        made._groups = (*self._groups, *[self._column(column) for column in columns])
        return made

    def having(self, *conditions: Any) -> Self:
        """Keep groups that fit."""
        made = copy(self)
        made._havings = (*self._havings, *conditions)
        return made

    def order_by(self, *orders: Any) -> Self:
        """Order by columns, expressions, or the names of what was added: `"-likes"`."""
        made = copy(self)
        made._orders = orders
        return made

    def limit(self, count: int | None) -> Self:
        """Give at most `count` rows."""
        made = copy(self)
        made._query = self._query.limit(count)
        return made

    def offset(self, count: int) -> Self:
        """Leave out the first `count` rows."""
        made = copy(self)
        made._query = self._query.offset(count)
        return made

    def statement(self) -> Select[Any]:
        """Give the whole query as SQLAlchemy's `Select`."""
        named = {name: value.label(name) for name, value in self._named.items()}
        if self._groups:
            made = self._query.bare_of_loads().statement()
            made = made.with_only_columns(*self._groups, *named.values()).group_by(*self._groups)
        else:
            made = self._query.statement().add_columns(*named.values())
        if self._havings:
            made = made.having(*self._havings)
        if self._orders:
            made = made.order_by(None)
            made = made.order_by(*[self._order(order, named) for order in self._orders])
        return made

    def __await__(self) -> Generator[Any, None, list[Row[*tuple[Any, ...]]]]:
        return self._rows().__await__()

    async def __aiter__(self) -> AsyncIterator[Row[*tuple[Any, ...]]]:
        for row in await self:
            yield row

    async def values(self) -> list[dict[str, Any]]:
        """Give the rows as dictionaries."""
        return [dict(row._mapping) for row in await self]

    async def first(self) -> Row[*tuple[Any, ...]] | None:
        """Give the first row, or None."""
        found = await self.limit(1)
        return found[0] if found else None

    async def _rows(self) -> list[Row[*tuple[Any, ...]]]:
        return list(await unit_now(self._query.model).rows(self.statement()))

    def _column(self, column: Any) -> Any:
        return getattr(self._query.model, column) if isinstance(column, str) else column

    def _order(self, order: Any, named: dict[str, Any]) -> Any:
        if not isinstance(order, str):
            return self._query.ordered(order)
        name = order.removeprefix("-")
        if name not in named:
            return self._query.ordered(order)
        return named[name].desc() if order.startswith("-") else named[name]


def related(relation: Any, expression: Any = None, *conditions: Any) -> Any:
    """Give a value computed of related rows, as a sub-query: their count where none is named.

    ``Author.all().annotate(posts=related(Author.posts), views=related(Author.posts,
    func.sum(Post.views)))``. Conditions choose among the related rows. Raises `SetupError` for a
    relation of a model to itself.
    """
    prop = relation.property
    target = prop.mapper.class_
    if prop.mapper.local_table is prop.parent.local_table:
        raise SetupError(
            f"{relation} leads from a table to itself, so that its columns would mean both sides",
            code="db.related-to-itself",
            mend="other = aliased(Model); select(...).where(...).scalar_subquery()",
        )
    made = select(func.count() if expression is None else expression).select_from(target)
    if prop.secondary is not None:
        made = made.join(prop.secondary, prop.secondaryjoin)
    made = made.where(prop.primaryjoin, *conditions)
    return made.correlate(inspect(prop.parent.class_).local_table).scalar_subquery()
