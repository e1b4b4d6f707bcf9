"""A row as it was when somebody asked about it: as it is stored, without what was changed since.

Taken before anything else is asked: a query in between would store what was changed, and who makes
a row theirs and asks then would be told that it is theirs.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, case, inspect, literal, select
from sqlalchemy.sql import visitors

from trivet.db import Database, Query

__all__ = ["Snapshot"]


class Snapshot:
    """One row, and what of it is not stored yet."""

    def __init__(self, row: Any) -> None:
        self.row = row
        self._state: Any = inspect(row)
        self._is_new = self._state.key is None
        self._before: dict[str, Any] = {}
        if not self._is_new and self._state.modified:
            for attribute in self._state.mapper.column_attrs:
                history = self._state.attrs[attribute.key].history
                if history.added:
                    # What was never read has no value before: nothing is equal to NULL.
                    before = history.deleted[0] if history.deleted else None
                    self._before[attribute.key] = before

    async def fits(self, condition: ColumnElement[bool], database: Database) -> bool:
        """Tell whether a condition holds for the row; for a new one, as it is."""
        mapper = self._state.mapper
        if not self._is_new and not self._before:
            keys = zip(mapper.primary_key, self._state.identity, strict=True)
            is_this = and_(*(key == part for key, part in keys))
            return await Query(type(self.row)).where(is_this, condition).exists()
        asked = visitors.replacement_traverse(condition, {}, self._valued)
        session = await database.unit.session()
        return bool(await session.scalar(select(case((asked, 1), else_=0))))

    def _valued(self, element: Any, **_: Any) -> Any:
        """Give the row's value for a column of its table, and None for anything else."""
        table: Any = self._state.mapper.local_table
        owner: Any = getattr(element, "table", None)
        if owner is not table:
            return None
        key = self._state.mapper.get_property_by_column(table.c[element.key]).key
        value = self._before[key] if key in self._before else getattr(self.row, key)
        return literal(value, element.type)
