"""Rows deleted, put into the trash, and brought back: some hundred at a time, each written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trivet.admin.acting.chosen import by_keys
from trivet.admin.deleting.collecting import Collected, collected
from trivet.admin.history import new_batch, snapshot_of
from trivet.admin.history.recording import recorded_all
from trivet.admin.plan.model import ModelPlan
from trivet.admin.plan.site import SitePlan
from trivet.admin.visits import Visit
from trivet.db import ForeignKeyViolation, Query
from trivet.db.present import unit_now

__all__ = ["MOST_AT_ONCE", "Deleted", "delete_rows", "restore_rows"]

MOST_AT_ONCE = 100_000
"""Rows that one action takes; what is beyond is said to be left."""
_CHUNK = 200


@dataclass
class Deleted:
    """What became of rows."""

    count: int = 0
    held: int = 0
    """Rows that others need, or on which something hangs that the visitor may not delete."""
    is_more: bool = False


async def keys_of(plan: ModelPlan, query: Query[Any]) -> list[str]:
    """Give the keys of rows, in their order, of at most one more than is done at once."""
    names = plan.keys.names
    columns = [getattr(plan.model, name) for name in names]
    rows = await query.order_by(*columns).limit(MOST_AT_ONCE + 1).values(*names)
    return [plan.keys.written(_Named(row)) for row in rows]


class _Named:
    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)


async def delete_rows(
    site: SitePlan, visit: Visit, plan: ModelPlan, query: Query[Any], *, erases: bool = False
) -> Deleted:
    """Delete rows on which the visitor may; those of a model with a trash go there first.

    What others need is left where it is, and counted.
    """
    is_trash = plan.is_soft and not erases
    found = Deleted()
    keys = await keys_of(plan, query)
    found.is_more = len(keys) > MOST_AT_ONCE
    keys = keys[:MOST_AT_ONCE]
    batch = new_batch() if len(keys) > 1 else None
    for start in range(0, len(keys), _CHUNK):
        some = by_keys(plan, query, keys[start : start + _CHUNK])
        rows = await some.for_update()
        if is_trash:
            await _trash(visit, plan, rows, batch)
            found.count += len(rows)
        else:
            for group in await _that_may_go(site, visit, plan, rows):
                count = await _erase(visit, plan, group, batch)
                found.count += count
            found.held += len(rows)
        visit.progress(start / len(keys), f"{start:,} / {len(keys):,}")
    found.held = 0 if is_trash else found.held - found.count
    return found


async def restore_rows(visit: Visit, plan: ModelPlan, query: Query[Any]) -> int:
    """Bring rows back from the trash; gives how many."""
    keys = (await keys_of(plan, query))[:MOST_AT_ONCE]
    batch = new_batch() if len(keys) > 1 else None
    count = 0
    for start in range(0, len(keys), _CHUNK):
        rows = await by_keys(plan, query, keys[start : start + _CHUNK]).for_update()
        for row in rows:
            await row.restore()
        await recorded_all(visit, plan, [(row, {}) for row in rows], "restore", batch=batch)
        count += len(rows)
        visit.progress(start / len(keys), f"{start:,} / {len(keys):,}")
    return count


async def _trash(visit: Visit, plan: ModelPlan, rows: Sequence[Any], batch: str | None) -> None:
    for row in rows:
        await row.delete()
    await recorded_all(visit, plan, [(row, {}) for row in rows], "delete", batch=batch)


async def _that_may_go(
    site: SitePlan, visit: Visit, plan: ModelPlan, rows: Sequence[Any]
) -> list[Sequence[Any]]:
    """Give the rows that nothing holds; they are asked about one by one where something does."""
    if not rows:
        return []
    whole: Collected = await collected(site, visit, plan.model, rows)
    if whole.may_go:
        return [rows]
    if len(rows) == 1:
        return []
    # Halves find the few that are held among many with few questions.
    half = len(rows) // 2
    first = await _that_may_go(site, visit, plan, rows[:half])
    return first + await _that_may_go(site, visit, plan, rows[half:])


async def _erase(visit: Visit, plan: ModelPlan, rows: Sequence[Any], batch: str | None) -> int:
    unit = unit_now(plan.model)
    told = [(row, snapshot_of(row)) for row in rows]
    try:
        async with unit.database.transaction():
            await recorded_all(visit, plan, told, "delete", batch=batch)
            for row in rows:
                await unit.delete(row)
    except ForeignKeyViolation:  # somebody has named one of them meanwhile
        return 0
    return len(rows)
