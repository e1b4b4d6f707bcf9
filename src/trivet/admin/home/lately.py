"""What happened lately to rows that a visitor may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, or_

from trivet.admin.history.keeping import Entry
from trivet.admin.history.recording import model_kept
from trivet.admin.listing.cells import cell
from trivet.admin.plan.model import ModelPlan
from trivet.admin.showing import Site
from trivet.admin.views import Recent
from trivet.admin.visits import Visit
from trivet.texts import lazy

__all__ = ["lately"]

_LOOKED_AT = 40  # changes, of which some are shown
_SHOWN = 10
_MOST_MODELS = 5  # whose rows are looked up: a query for each

_TOLD = {
    "add": lazy("added"),
    "change": lazy("changed"),
    "delete": lazy("deleted"),
    "restore": lazy("restored"),
    "import": lazy("imported"),
    "export": lazy("exported"),
}


async def lately(site: Site, visit: Visit) -> Sequence[Recent]:
    """Give the latest changes of rows that are there and that the visitor may see."""
    history = site.history
    if history is None:
        return ()
    plans = {
        model_kept(plan.model): plan
        for plan in site.plan.models.values()
        if await visit.may("view", plan.model)
    }
    if not plans:
        return ()
    models = history.table.c.model.in_(list(plans))
    entries = [one for one in await history.found([models], limit=_LOOKED_AT) if one.key]
    seen: dict[str, set[str]] = {}
    for name in list(dict.fromkeys(one.model for one in entries))[:_MOST_MODELS]:
        keys = {one.key for one in entries if one.model == name}
        seen[name] = await _seen(plans[name], keys, visit)
    shown = [one for one in entries if one.key in seen.get(one.model, ())]
    return [_recent(site, visit, plans[one.model], one) for one in shown[:_SHOWN]]


async def _seen(plan: ModelPlan, keys: set[str], visit: Visit) -> set[str]:
    read = [values for key in keys if (values := plan.keys.read(key)) is not None]
    if not read:
        return set()
    query = await visit.may.reachable("view", plan.query())
    rows: Sequence[Any] = await query.where(
        or_(*(and_(*plan.keys.conditions(values)) for values in read))
    )
    return {plan.keys.written(row) for row in rows}


def _recent(site: Site, visit: Visit, plan: ModelPlan, entry: Entry) -> Recent:
    return Recent(
        label=entry.label,
        url=site.to(visit.request, plan.slug, entry.key),
        action=_TOLD.get(entry.action, entry.action),
        who=entry.name,
        when=cell("moment", entry.at, visit),
        icon=plan.icon,
    )
