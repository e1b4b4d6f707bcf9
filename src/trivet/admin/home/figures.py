"""The figures of cards: queries are counted, and only what their visitor may see."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from trivet.admin.declared.dashboard import Card, Figure
from trivet.admin.home.asking import called
from trivet.admin.visits import Visit
from trivet.auth.errors import NotAllowed
from trivet.db import Query
from trivet.db.estimates import estimated_count

__all__ = ["figure_of"]


async def figure_of(card: Card, visit: Visit) -> Figure:
    """Compute what a card shows; raises `NotAllowed` where the visitor may see nothing of it."""
    found = await called(card.what, visit)
    if isinstance(found, Query):
        return Figure(await _count(found, visit))
    if isinstance(found, Figure):
        return found
    if isinstance(found, Decimal):
        return Figure(float(found))
    return Figure(found if isinstance(found, int | float) else str(found))


async def _count(query: Query[Any], visit: Visit) -> int | str:
    if not await visit.may("view", query.model):
        raise NotAllowed
    total = await estimated_count(await visit.may.reachable("view", query))
    return total.number if total.exact else visit.counted(total.number, is_exact=False)
