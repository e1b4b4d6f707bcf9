"""The statements of one database, compiled once: for reads by key, queries, relations, writes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import Select, bindparam, inspect, select
from sqlalchemy.engine import Dialect

from trivet.db.links import Branches, are_linked
from trivet.db.loading import Loader, Reading
from trivet.db.query import Query
from trivet.db.reading import RowPlan, dictionaries, instances, is_plain, plan_of, tuples
from trivet.db.writing import Writer

__all__ = ["Plans"]

_NONE: Any = object()
_MOST = 2000


class Plans:
    """What is compiled for one dialect; `reads_directly` says whether the driver's rows are taken.

    Where there is no plan for something, SQLAlchemy alone can do it.
    """

    def __init__(self, dialect: Dialect, *, reads_directly: bool) -> None:
        self.loader = Loader(dialect)
        self.writer = Writer(dialect)
        self._dialect = dialect
        self._reads_directly = reads_directly
        self._by_key: dict[type[Any], RowPlan | None] = {}
        self._queries: dict[Any, RowPlan | None] = {}

    def by_key(self, model: type[Any]) -> RowPlan | None:
        """Give the plan that reads `model` by its key, or None."""
        found = self._by_key.get(model, _NONE)
        if found is _NONE:
            mapper: Any = inspect(model)
            binds = [
                bindparam(f"key_{c.key}", type_=c.type, unique=True) for c in mapper.primary_key
            ]
            keys = zip(mapper.primary_key, binds, strict=True)
            by_key = select(model).where(*[column == bind for column, bind in keys])
            found = self._by_key[model] = self._compiled(by_key, binds, mapper)
        plan: RowPlan | None = found
        return plan

    def of(self, query: Query[Any]) -> tuple[RowPlan, list[Any]] | None:
        """Give the plan that makes a query's objects, and its values; or None."""
        if query.branches and not self.follows(inspect(query.model), query.branches):
            return None
        return self._planned(query, None)

    def rows_of(self, query: Query[Any], reading: Reading) -> tuple[RowPlan, list[Any]] | None:
        """Give the plan that makes dictionaries of a query's rows, and its values; or None."""
        # A row that is given once is not the same when it has fewer columns.
        return None if query.is_distinct else self._planned(query, reading)

    def columns_of(
        self, query: Query[Any], names: tuple[str, ...]
    ) -> tuple[RowPlan, list[Any]] | None:
        """Give the plan that makes tuples of some columns of a query's rows, and its values."""
        return self._planned(query.bare_of_loads(), names)

    def follows(self, mapper: Any, branches: Branches) -> bool:
        """Tell whether all these relations can be read directly."""
        return self._reads_directly and are_linked(mapper, branches)

    def _planned(
        self, query: Query[Any], shown: Reading | tuple[str, ...] | None
    ) -> tuple[RowPlan, list[Any]] | None:
        shape = query.shape()
        if shape is None:
            return None
        text, values = shape
        key = text if shown is None else (shown, text)
        found = self._queries.get(key, _NONE)
        if found is _NONE:
            if len(self._queries) >= _MOST:
                self._queries.clear()
            statement, binds = query.binds()
            found = self._compiled(statement, binds, inspect(query.model), shown)
            self._queries[key] = found
        return None if found is None else (found, found.values(values))

    def _compiled(
        self,
        statement: Select[Any],
        binds: Sequence[Any],
        mapper: Any,
        shown: Reading | tuple[str, ...] | None = None,
    ) -> RowPlan | None:
        if not (self._reads_directly and is_plain(mapper)):
            return None
        if shown is None:
            return plan_of(statement, binds, self._dialect, partial(instances, mapper))
        if isinstance(shown, Reading):
            maker: Any = partial(dictionaries, shown.names, kept=shown.kept)
            columns = shown.columns
        else:
            maker = tuples
            columns = [mapper.column_attrs[name].columns[0] for name in shown]
        chosen = statement.with_only_columns(*columns)
        return plan_of(chosen, binds, self._dialect, maker)
