"""One row, found or held: who may not see it is told that it is not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trivet.db import NotFound, Query
from trivet.errors import HTTPException
from trivet.resources.access import Asking
from trivet.resources.plan import Plan

__all__ = ["check_parent", "held", "one_of"]


def one_of(plan: Plan, query: Query[Any], path: Mapping[str, Any]) -> Query[Any]:
    """Give the query of the one row that a path names."""
    wanted = {column.name: path[column.name] for column in plan.keys}
    if plan.parent is not None:
        wanted[plan.parent.column] = path[plan.parent.column]
    return query.where(**wanted)


async def held(
    plan: Plan, asking: Asking, query: Query[Any], path: Mapping[str, Any], action: str
) -> Any:
    """Give a row that is not changed by others until this request is through.

    Raises `NotFound` for one that may not be seen, and 403 for one that may not be acted on.
    """
    visible = await asking.reachable("view", one_of(plan, query, path))
    row = await visible.for_update().find()
    if row is None:
        raise NotFound(plan.model)
    await asking.require(action, row)
    return row


async def check_parent(plan: Plan, asking: Asking, path: Mapping[str, Any]) -> None:
    """Raise 404 where the row that a nested resource stands below is not there, or not seen."""
    parent = plan.parent
    if parent is None:
        return
    query = parent.model.where(**{parent.key: path[parent.column]})
    if not await (await asking.reachable("view", query)).exists():
        raise HTTPException(404, "Not Found")
