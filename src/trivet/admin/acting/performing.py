"""An action, done: with the rows that were chosen, as far as the visitor may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from trivet.admin.acting.chosen import Chosen, reached
from trivet.admin.deleting.doing import delete_rows, restore_rows
from trivet.admin.history import recorded
from trivet.admin.history.recording import recorded_all
from trivet.admin.plan.actions import ActionPlan
from trivet.admin.plan.model import ModelPlan
from trivet.admin.plan.site import SitePlan
from trivet.admin.visits import Visit
from trivet.texts import lazy

__all__ = ["Done", "perform"]

_MOST_WRITTEN_DOWN = 1000  # rows that the history names one by one


@dataclass(frozen=True)
class Done:
    """What an action has to say."""

    text: str
    level: str = "success"
    response: Response | None = None


async def perform(
    site: SitePlan,
    visit: Visit,
    plan: ModelPlan,
    action: ActionPlan,
    chosen: Chosen,
    values: Any = None,
) -> Done:
    """Do it with the rows on which the visitor may do it."""
    if action.function is None:
        done: Done = await _BUILT_IN[action.name](site, visit, plan, chosen)
        return done
    rows = await reached(plan, visit, chosen, action.permission)
    told: list[Any] = []
    if action.on != "list":
        told = list(await rows.limit(_MOST_WRITTEN_DOWN + 1))
    answer = await action.function(plan.admin, rows, values, visit)
    if len(told) > _MOST_WRITTEN_DOWN or action.on == "list":
        await recorded(visit, plan, None, action.name)
    else:
        await recorded_all(visit, plan, [(row, {}) for row in told], action.name)
    if isinstance(answer, Response):
        return Done("", response=answer)
    text = str(answer) if answer else lazy("%(action)s: done.", action=str(action.label))
    return Done(text)


async def _delete(site: SitePlan, visit: Visit, plan: ModelPlan, chosen: Chosen) -> Done:
    rows = await reached(plan, visit, chosen, "delete")
    return await _gone(site, visit, plan, rows, erases=False)


async def _erase(site: SitePlan, visit: Visit, plan: ModelPlan, chosen: Chosen) -> Done:
    rows = await reached(plan, visit, chosen, "erase")
    return await _gone(site, visit, plan, rows, erases=True)


async def _gone(site: SitePlan, visit: Visit, plan: ModelPlan, rows: Any, *, erases: bool) -> Done:
    found = await delete_rows(site, visit, plan, rows, erases=erases)
    count = f"{found.count:,}"
    if plan.is_soft and not erases:
        said = [lazy("To the trash: %(count)s.", count=count)]
    else:
        said = [lazy("Deleted: %(count)s.", count=count)]
    if found.held:
        held = f"{found.held:,}"
        said.append(lazy("Left where they are, as others need them: %(count)s.", count=held))
    if found.is_more:
        said.append(lazy("There are more; do it again."))
    return Done(
        " ".join(map(visit.say, said)), "warning" if found.held or found.is_more else "success"
    )


async def _restore(site: SitePlan, visit: Visit, plan: ModelPlan, chosen: Chosen) -> Done:
    rows = await reached(plan, visit, chosen, "delete")
    count = await restore_rows(visit, plan, rows)
    return Done(lazy("Restored: %(count)s.", count=f"{count:,}"))


_BUILT_IN: dict[str, Callable[..., Any]] = {
    "delete": _delete,
    "restore": _restore,
    "erase": _erase,
}
