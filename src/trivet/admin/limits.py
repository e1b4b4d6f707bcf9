"""What a `ModelAdmin` denies, asked with every question that a page asks of a visitor's rights.

It stands between pages and the rules: a page cannot forget it, and it can allow nothing.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, false

from trivet.admin.plan.site import SitePlan
from trivet.admin.visits import Asking, Visit
from trivet.db import Query

__all__ = ["Limited"]

_READING = frozenset({"view", "export"})


class Limited:
    """Rights as the rules say, without what the site itself denies."""

    def __init__(self, may: Asking, site: SitePlan, visit: Visit) -> None:
        self._may = may
        self._site = site
        self._visit = visit
        self.identity = getattr(may, "identity", None)

    async def __call__(self, action: str, what: Any = None, field: str | None = None) -> bool:
        """Tell whether they may do `action` with a model, a row, or a field of it."""
        if not await self._may(action, what, field):
            return False
        if what is None:
            return True
        model = what if isinstance(what, type) else type(what)
        plan = self._site.of(model)
        if plan is None:
            return True
        if plan.admin.is_fixed and action not in _READING:
            return False
        row = None if what is model else what
        return await plan.admin.permits(self._visit, action, row, field)

    async def reachable(self, action: str, query: Query[Any]) -> Query[Any]:
        """Give the rows of a query on which they may."""
        plan = self._site.of(query.model)
        if plan is None:
            return await self._may.reachable(action, query)
        if plan.admin.is_fixed and action not in _READING:
            return query.where(false())
        reached = await self._may.reachable(action, query)
        return plan.admin.reachable(self._visit, action, reached)

    async def where_field(self, action: str, model: Any, field: str) -> ColumnElement[bool] | bool:
        """Give on which rows they may do it with a field; True for all, False for none."""
        found = await self._may.where_field(action, model, field)
        plan = self._site.of(model)
        if plan is None or found is False:
            return found
        if plan.admin.is_fixed and action not in _READING:
            return False
        if not await plan.admin.permits(self._visit, action, None, field):
            return False
        return found
