"""What the command palette finds: pages, things to do, and rows, for the words that were typed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from trivet.admin.editing.relations import found_by_text
from trivet.admin.home.asking import Asked, Failed, Piece, all_of
from trivet.admin.pages.page import Page
from trivet.admin.plan.model import ModelPlan
from trivet.admin.views import Entry, MenuGroup
from trivet.admin.visits import Visit
from trivet.texts import lazy

__all__ = ["PalettePage"]

_LEAST = 2  # characters for which rows are looked up
_LONGEST = 100
_MOST_MODELS = 8  # whose rows are looked up: a statement for each
_MOST_ROWS = 5  # of one model
_MOST_ENTRIES = 20

Found = dict[str, str]


class PalettePage(Page):
    """As JSON: ``[{label, hint, url, group}]``."""

    path = "/palette"

    async def get(self, visit: Visit) -> Response:
        """Give it."""
        text = visit.request.query_params.get("q", "").replace("\0", "").strip()[:_LONGEST]
        menu = await self.site.menu(visit)
        words = text.lower().split()
        found = [*_pages(menu, words, visit)][:_MOST_ENTRIES]
        if words:
            found += await self._actions(visit, words)
        if len(text) >= _LEAST:
            found += await self._rows(visit, text)
        return JSONResponse(found, headers={"Cache-Control": "no-store"})

    async def _actions(self, visit: Visit, words: Sequence[str]) -> list[Found]:
        """Give what can be done with whole lists, in which each word is found."""
        found: list[Found] = []
        for plan in self.site.plan.models.values():
            for one in plan.actions:
                label, group = visit.say(one.label), visit.say(plan.plural)
                if one.on != "list" or not _fits(words, group, label):
                    continue
                if await visit.may("view", plan.model) and await visit.may(
                    one.permission, plan.model
                ):
                    url = f"{self.site.to(visit.request, plan.slug, 'action')}?action={one.name}"
                    found.append({"label": label, "hint": group, "url": url, "group": group})
        return found[:_MOST_ENTRIES]

    async def _rows(self, visit: Visit, text: str) -> list[Found]:
        plans = [
            one
            for one in self.site.plan.models.values()
            if one.is_in_palette and await visit.may("view", one.model)
        ]

        async def rows(asked: Asked) -> Sequence[Found]:
            plan: ModelPlan = asked.what
            query = await visit.may.reachable("view", plan.query())
            narrowed = await found_by_text(self.site.plan, visit, query, text)
            if narrowed is None:
                return ()
            return [self._row(visit, plan, row) for row in await narrowed.limit(_MOST_ROWS)]

        found = await all_of(visit, [Piece(one.plural, one) for one in plans[:_MOST_MODELS]], rows)
        return [row for some in found if not isinstance(some, Failed) for row in some]

    def _row(self, visit: Visit, plan: ModelPlan, row: Any) -> Found:
        return {
            "label": plan.name_of(row),
            "hint": visit.say(plan.label),
            "url": self.site.to(visit.request, plan.slug, plan.keys.written(row)),
            "group": visit.say(plan.plural),
        }


def _pages(menu: Sequence[MenuGroup], words: Sequence[str], visit: Visit) -> Iterator[Found]:
    """Give the entries of the menu, and what can be added, in which each word is found."""
    for group in menu:
        for entry in group.entries:
            label = visit.say(entry.label)
            heading = visit.say(group.label) if group.label else ""
            if _fits(words, heading, label):
                yield {"label": label, "hint": "", "url": entry.url, "group": heading}
    for group in menu:
        for entry in group.entries:
            if entry.add_url:
                label = _told_new(entry, visit)
                if _fits(words, label):
                    heading = visit.say(lazy("To do"))
                    yield {"label": label, "hint": "", "url": entry.add_url, "group": heading}


def _told_new(entry: Entry, visit: Visit) -> str:
    return visit.say(lazy("Add: %(what)s", what=visit.say(entry.label)))


def _fits(words: Sequence[str], *texts: str) -> bool:
    text = " ".join(texts).lower()
    return all(word in text for word in words)
