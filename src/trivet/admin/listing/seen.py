"""What a visitor may see of a model's columns: on all rows, on some of them, or nowhere.

By what one may not see one may not filter, search or sort either, or one could find it out: where a
column is seen on some rows alone, these are kept then.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement

from trivet.admin.plan.model import ModelPlan
from trivet.admin.visits import Visit

__all__ = ["Seen"]


class Seen:
    """The columns and relations that somebody may see; asked once for each name."""

    def __init__(self, plan: ModelPlan, visit: Visit) -> None:
        self._plan = plan
        self._visit = visit
        self._found: dict[str, ColumnElement[bool] | bool] = {}

    async def where(self, name: str) -> ColumnElement[bool] | bool:
        """Give on which rows a column is seen; True for all, False for none."""
        found = self._found.get(name)
        if found is None:
            found = await self._visit.may.where_field("view", self._plan.model, name)
            self._found[name] = found
        return found

    async def anywhere(self, name: str) -> bool:
        """Tell whether a column is seen on any row."""
        return await self.where(name) is not False

    async def limits(self, names: Iterable[str]) -> dict[str, Any]:
        """Give the conditions of the columns that are seen on some rows alone."""
        found = {name: await self.where(name) for name in names}
        return {name: one for name, one in found.items() if not isinstance(one, bool)}
