"""What a list offers to do: with rows that are chosen, with a row, and with the whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from trivet.admin.listing.rows import Found
from trivet.admin.listing.state import ListState
from trivet.admin.plan.actions import ActionPlan
from trivet.admin.plan.model import ModelPlan
from trivet.admin.views import Choice, Link
from trivet.admin.visits import Visit
from trivet.texts import lazy

__all__ = ["list_offers", "row_offers", "undo_offer"]

_FORMATS = (("csv", "CSV"), ("xlsx", "Excel"), ("jsonl", "JSON lines"), ("json", "JSON"))

To = Callable[..., str]
"""Gives the address of a page of the model, by its steps."""


async def list_offers(
    visit: Visit, plan: ModelPlan, state: ListState, found: Found, to: To
) -> dict[str, Any]:
    """Give what stands in the view of a list."""
    actions = [one for one in await _allowed(visit, plan) if one.of_trash == state.is_trash]
    more: dict[str, Any] = {}
    if found.total.number > len(found.rows):
        values = {"count": f"{found.total.number:,}"}
        text = (
            "All %(count)s that match" if found.total.exact else "All that match: about %(count)s"
        )
        more["all_label"] = lazy(text, **values)
    return {
        "actions": [Choice(one.name, one.label) for one in actions if one.on == "rows"],
        "tools": await _tools(visit, plan, state, actions, to),
        "more": more,
    }


async def row_offers(
    visit: Visit, plan: ModelPlan, row: Any, to: To, *, is_page: bool = False
) -> list[Link]:
    """Give the actions of one row; on its page those too that are done with many in the list."""
    found = []
    for one in plan.actions:
        if one.function is None or not (one.on == "row" or (is_page and one.on == "rows")):
            continue
        if await visit.may(one.permission, row):
            said = urlencode([("action", one.name), ("key", plan.keys.written(row))])
            found.append(Link(one.label, f"{to('action')}?{said}"))
    return found


def undo_offer(
    visit: Visit, plan: ModelPlan, keys: list[str], state: ListState
) -> Mapping[str, Any]:
    """Give what takes back what has just gone to the trash."""
    if not plan.is_soft or not keys or state.is_trash:
        return {}
    said = [("action", "restore"), ("kept-trash", "1"), ("confirmed", "yes")]
    return {"undo": said + [("key", one) for one in keys[:50]]}


async def _allowed(visit: Visit, plan: ModelPlan) -> list[ActionPlan]:
    return [one for one in plan.actions if await visit.may(one.permission, plan.model)]


async def _tools(
    visit: Visit, plan: ModelPlan, state: ListState, actions: list[ActionPlan], to: To
) -> list[Link]:
    found = []
    if state.is_trash:
        return [Link(lazy("Out of the trash"), to(""), "back")]
    for one in actions:
        if one.on == "list":
            said = urlencode([("action", one.name), *_kept(state)])
            found.append(Link(one.label, f"{to('action')}?{said}"))
    if await visit.may("export", plan.model):
        for name, label in _FORMATS:
            url = f"{to('export')}?{urlencode([*state.pairs(), ('as', name)])}"
            found.append(Link(lazy("Export as %(what)s", what=label), url, "download"))
    if await _may_import(visit, plan):
        found.append(Link(lazy("Import"), to("import"), "upload"))
    if plan.is_soft and await visit.may("delete", plan.model):
        found.append(Link(lazy("Trash"), f"{to('')}?trash=1", "trash"))
    return found


def _kept(state: ListState) -> list[tuple[str, str]]:
    return [(f"kept-{name}", value) for name, value in state.pairs()]


async def _may_import(visit: Visit, plan: ModelPlan) -> bool:
    if not await visit.may("import", plan.model):
        return False
    return await visit.may("add", plan.model) or await visit.may("change", plan.model)
