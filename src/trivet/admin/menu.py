"""The menu of a site: models, pages and links, by groups, for who may go there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from trivet.admin.declared.own_page import MenuLink, OwnPage
from trivet.admin.home.asking import Asked, Failed, Keeping, Piece, all_of, called
from trivet.admin.plan.model import ModelPlan
from trivet.admin.views import Entry, MenuGroup
from trivet.admin.visits import Visit
from trivet.db import Query
from trivet.db.estimates import estimated_count

__all__ = ["badges", "further", "grouped"]

_SECONDS = 30.0  # for which the number beside a model is kept


async def badges(plans: Sequence[ModelPlan], visit: Visit, keeping: Keeping) -> dict[str, str]:
    """Give the numbers of those models that have one, by their slugs."""

    async def number(asked: Asked) -> tuple[str, str]:
        plan: ModelPlan = asked.what
        who = visit.handle or visit.name
        key = f"badge.{plan.slug}.{who}"
        text = await keeping.kept(key, lambda: _told(plan, visit), str, asked.seconds)
        return plan.slug, text

    wanted = [Piece(one.plural, one, seconds=_SECONDS) for one in plans if one.has_badge]
    found = await all_of(visit, wanted, number) if wanted else []
    return dict(one for one in found if not isinstance(one, Failed))


async def _told(plan: ModelPlan, visit: Visit) -> str:
    query = await visit.may.reachable("view", plan.query())
    found = await called(lambda: plan.admin.badge(query), visit)
    if isinstance(found, Query):
        total = await estimated_count(found)
        if not total.number:
            return ""
        return visit.counted(total.number, is_exact=total.exact)
    return "" if not found else str(found)


def grouped(entries: Sequence[tuple[str, Entry]], order: Sequence[str]) -> list[MenuGroup]:
    """Put entries into their groups: those of `order` first, the others as they came."""
    groups: dict[str, list[Entry]] = {}
    for label, entry in entries:
        groups.setdefault(label, []).append(entry)
    names = sorted(groups, key=lambda one: order.index(one) if one in order else len(order))
    return [MenuGroup(name, groups[name]) for name in names]


def _is_here(request: Request, url: str) -> bool:
    """Tell whether a request is for a page or for one below it."""
    path = request.url.path
    return path == url or path.startswith(f"{url.rstrip('/')}/")


async def further(
    pages: Sequence[OwnPage], links: Sequence[MenuLink], visit: Visit, to: Any
) -> list[tuple[str, Entry]]:
    """Give the entries of pages and links; `to` gives the address of what is written in them."""
    found = []
    for page in pages:
        if page.is_in_menu and await _may(visit, page.permission):
            url = to(visit.request, page.path.lstrip("/"))
            entry = Entry(page.label, url, page.icon or "file", _is_here(visit.request, url))
            found.append((page.group, entry))
    for link in links:
        if await _may(visit, link.permission):
            found.append((link.group, Entry(link.label, to(visit.request, link.url), link.icon)))
    return found


async def _may(visit: Visit, permission: str) -> bool:
    return not permission or await visit.may(permission)
