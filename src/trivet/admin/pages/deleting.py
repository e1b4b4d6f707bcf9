"""What is asked and said before rows are deleted, one or many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from trivet.admin.acting.chosen import Chosen, reached
from trivet.admin.acting.performing import perform
from trivet.admin.deleting.collecting import MOST, MOST_NAMED, Collected, Kind, collected
from trivet.admin.plan.actions import ActionPlan
from trivet.admin.plan.model import ModelPlan
from trivet.admin.plan.names import titled
from trivet.admin.showing import Site
from trivet.admin.views import Crumb, DeletePage, Node
from trivet.admin.visits import Visit
from trivet.db import NotFound
from trivet.db.estimates import estimated_count
from trivet.texts import lazy

__all__ = ["UNDO", "Deleting"]

UNDO = "undo"
"""What an address of a list says of rows that have just gone to the trash: their keys."""
_MOST_LOOKED_AT = 1000  # rows whose relations are looked up before one is asked
_MOST_UNDONE = 50


class Deleting:
    """Shows what would go, and lets it go."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(
        self,
        visit: Visit,
        plan: ModelPlan,
        action: ActionPlan,
        chosen: Chosen,
        *,
        back: str = "",
        status: int = 200,
    ) -> Response:
        """Show what would go with the rows that were chosen."""
        rows, found = await self._looked_up(visit, plan, action, chosen)
        return await self._page(visit, plan, action, chosen, rows, found, back, status)

    async def do(
        self,
        visit: Visit,
        plan: ModelPlan,
        action: ActionPlan,
        chosen: Chosen,
        *,
        back: str = "",
    ) -> Response:
        """Delete what was chosen, all of it or nothing; shows why not where something holds it."""
        rows, found = await self._looked_up(visit, plan, action, chosen)
        if found is not None and not found.may_go:
            return await self._page(visit, plan, action, chosen, rows, found, back, 409)
        name = plan.name_of(rows[0]) if len(rows) == 1 else ""
        keys = [plan.keys.written(row) for row in rows[: _MOST_UNDONE + 1]]
        done = await perform(self._site.plan, visit, plan, action, chosen)
        url, text = chosen.state.url(), done.text
        if action.name == "delete" and plan.is_soft:
            if len(keys) <= _MOST_UNDONE:
                said = urlencode([(UNDO, key) for key in keys])
                url = f"{url}{'&' if '?' in url else '?'}{said}"
            if name:
                text = lazy("“%(name)s” is in the trash.", name=name)
        elif name and done.level == "success":
            text = lazy("“%(name)s” was deleted.", name=name)
        return await self._site.go(visit, url, text, done.level)

    async def _looked_up(
        self, visit: Visit, plan: ModelPlan, action: ActionPlan, chosen: Chosen
    ) -> tuple[Sequence[Any], Collected | None]:
        query = await reached(plan, visit, chosen, action.permission)
        rows = await query.limit(_MOST_LOOKED_AT)
        if not rows and not chosen.is_all:
            raise NotFound(plan.model, chosen.keys[0] if len(chosen.keys) == 1 else None)
        if action.name == "delete" and plan.is_soft:
            return rows, None
        return rows, await collected(self._site.plan, visit, plan.model, rows)

    async def _page(
        self,
        visit: Visit,
        plan: ModelPlan,
        action: ActionPlan,
        chosen: Chosen,
        rows: Sequence[Any],
        found: Collected | None,
        back: str,
        status: int,
    ) -> Response:
        total = await self._total(visit, plan, action, chosen)
        if len(rows) == 1 and total == "1":
            title = lazy("Delete “%(name)s”?", name=plan.name_of(rows[0]))
        else:
            title = lazy("Delete %(count)s %(what)s?", count=total, what=plan.plural_within)
        back = back or chosen.state.url()
        view = DeletePage(
            title=title,
            back_url=back,
            text=await self._text(visit, plan, action, chosen, rows),
            gone=[*self._rows(visit, plan, rows), *self._kinds(visit, plan, found, "gone")],
            counts=[(self._label(kind), f"{kind.count:,}") for kind in _kinds(found, "gone")],
            kept=self._kinds(visit, plan, found, "kept"),
            protected=self._in_the_way(visit, plan, found),
            hidden=[("action", action.name), *chosen.hidden()],
            is_trash=found is None,
        )
        crumbs = [Crumb(plan.plural, self._site.to(visit.request, plan.slug, ""))]
        if len(rows) == 1:
            crumbs.append(Crumb(plan.name_of(rows[0]), back))
        crumbs.append(Crumb(action.label))
        return await self._site.show(visit, "delete", crumbs, status=status, page=view)

    async def _total(
        self, visit: Visit, plan: ModelPlan, action: ActionPlan, chosen: Chosen
    ) -> str:
        found = await estimated_count(await reached(plan, visit, chosen, action.permission))
        about = "" if found.exact else visit.say(lazy("about")) + " "
        return f"{about}{found.number:,}"

    async def _text(
        self,
        visit: Visit,
        plan: ModelPlan,
        action: ActionPlan,
        chosen: Chosen,
        rows: Sequence[Any],
    ) -> str:
        said = []
        seen = await estimated_count(await reached(plan, visit, chosen))
        own = await estimated_count(await reached(plan, visit, chosen, action.permission))
        left = seen.number - own.number
        if left > 0 and seen.exact and own.exact:
            said.append(lazy("Left out, as you may not delete them: %(n)s.", n=f"{left:,}"))
        if len(rows) == _MOST_LOOKED_AT:
            text = lazy("What hangs on them was looked up for the first %(n)s.", n=f"{len(rows):,}")
            said.append(text)
        return " ".join(map(visit.say, said))

    # -- what hangs on them ----------------------------------------------------------------------

    def _rows(self, visit: Visit, plan: ModelPlan, rows: Sequence[Any]) -> list[Node]:
        named = [self._node(visit, plan, row) for row in rows[:MOST_NAMED]]
        if len(rows) > MOST_NAMED:
            more = f"{len(rows) - MOST_NAMED:,}"
            named.append(Node(lazy("and %(count)s more", count=more)))
        return named

    def _kinds(
        self, visit: Visit, plan: ModelPlan, found: Collected | None, effect: str
    ) -> list[Node]:
        nodes = []
        for kind in _kinds(found, effect):
            known = self._site.plan.of(kind.model)
            children = [self._node(visit, known, row) for row in kind.named]
            rest = kind.count - len(children)
            if rest and children:
                children.append(Node(lazy("and %(count)s more", count=f"{rest:,}")))
            nodes.append(Node(f"{self._label(kind)}: {kind.count:,}", children=children))
        return nodes

    def _in_the_way(self, visit: Visit, plan: ModelPlan, found: Collected | None) -> list[Node]:
        nodes = self._kinds(visit, plan, found, "held")
        if found is None:
            return nodes
        for table, count in found.refused.items():
            label = self._label(found.gone[table])
            text = lazy("%(what)s that you may not delete: %(n)s", what=label, n=f"{count:,}")
            nodes.append(Node(text))
        if found.is_endless:
            text = lazy("More than %(n)s rows hang on this: delete less at once.", n=f"{MOST:,}")
            nodes.append(Node(text))
        return nodes

    def _node(self, visit: Visit, plan: ModelPlan | None, row: Any) -> Node:
        name = self._site.plan.name_of(row)
        if plan is None:
            return Node(name)
        url = self._site.to(visit.request, plan.slug, plan.keys.written(row))
        is_there = not getattr(row, "is_deleted", False)
        return Node(name, url if is_there else "", plan.label)

    def _label(self, kind: Kind) -> str:
        plan = None if kind.model is None else self._site.plan.of(kind.model)
        return str(plan.plural) if plan is not None else titled(kind.table.name)


def _kinds(found: Collected | None, effect: str) -> Sequence[Kind]:
    if found is None:
        return ()
    kinds: Mapping[Any, Kind] = getattr(found, effect)
    return list(kinds.values())
