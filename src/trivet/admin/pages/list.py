"""The list of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import Response

from trivet.admin.conditions.chips import Sentences, told
from trivet.admin.conditions.fitting import Asking
from trivet.admin.conditions.tree import Where, without
from trivet.admin.editing.cells import PLACE, Cells, among, cells_for, saved_cells
from trivet.admin.kept_views import View as KeptView
from trivet.admin.listing.beside import (
    Beside,
    picked_by_conditions,
    picked_by_filters,
    read_beside,
)
from trivet.admin.listing.cells import cell, drawn_by, image
from trivet.admin.listing.filter_views import FilterViews, hierarchy_options
from trivet.admin.listing.offers import list_offers, row_offers, undo_offer
from trivet.admin.listing.pager import pager_of
from trivet.admin.listing.rows import Found, found_rows
from trivet.admin.listing.seen import Seen
from trivet.admin.listing.state import ListState
from trivet.admin.listing.tabs import begins_with, tabs_of
from trivet.admin.pages.action import ActionPage
from trivet.admin.pages.deleting import UNDO
from trivet.admin.pages.kept_views import SHARING
from trivet.admin.pages.page import ModelPage
from trivet.admin.plan.columns import ColumnPlan
from trivet.admin.plan.model import ModelPlan
from trivet.admin.plan.subjects import Subject
from trivet.admin.showing import Site
from trivet.admin.views import Asked, Choice, Crumb, Head, Row
from trivet.admin.views import ListPage as View
from trivet.admin.visits import Visit
from trivet.errors import HTTPException
from trivet.texts import lazy, nlazy

__all__ = ["ListPage"]


class ListPage(ModelPage):
    """Rows of a model: searched, filtered, sorted, page by page."""

    path = "/{model}/"
    posts = True

    async def get(self, visit: Visit) -> Response:
        """Show the page."""
        plan = self.plan(visit)
        await self.require(visit, "view", plan.model)
        path = self.site.to(visit.request, plan.slug, "")
        asked = visit.request.query_params.multi_items()
        state = ListState.read(path, asked, plan)
        if state.where.problem:
            raise HTTPException(400, state.where.problem)
        if state.is_trash:
            await self.require(visit, "delete", plan.model)
        kept = await self._kept_views(visit, plan)
        if kept and not asked and (first := begins_with(kept, visit, path, plan)):
            return await self.site.go(visit, first)
        view = await self.view(visit, plan, state, kept)
        return await self.site.show(visit, "list", [Crumb(plan.plural)], page=view)

    async def post(self, visit: Visit) -> Response:
        """Do something with the rows that were chosen, or store what was changed in the list."""
        if visit.sent("save") != "cells":
            return await ActionPage(self.site).post(visit)
        plan = self.plan(visit)
        await self.require(visit, "view", plan.model)
        return await self._save(visit, plan)

    async def _save(self, visit: Visit, plan: ModelPlan) -> Response:
        path = self.site.to(visit.request, plan.slug, "")
        state = ListState.read(path, parse_qsl(visit.sent(PLACE) or ""), plan)
        names = [one.name for one in plan.columns if state.shows(one.name)]
        cells = await saved_cells(self.site.plan, visit, plan, names)
        if not cells.is_refused:
            notice, level = _told_saved(cells)
            return await self.site.go(visit, state.here(), notice, level)
        kept = await self._kept_views(visit, plan)
        view = await self.view(visit, plan, state, kept, cells)
        return await self.site.show(visit, "list", [Crumb(plan.plural)], status=422, page=view)

    async def _kept_views(self, visit: Visit, plan: ModelPlan) -> Sequence[KeptView]:
        if self.site.views is None:
            return ()
        found: Sequence[KeptView] = await self.site.views.of(
            plan.slug, visit, self.site.brought.keeping
        )
        return found

    async def view(
        self,
        visit: Visit,
        plan: ModelPlan,
        state: ListState,
        kept: Sequence[KeptView] = (),
        refused: Cells | None = None,
    ) -> View:
        """Give all that the list shows; `refused` is what was posted and could not be stored."""
        seen = Seen(plan, visit)
        offered = [one for one in plan.columns if await seen.anywhere(one.name)]
        shown = [one for one in offered if state.shows(one.name)]
        these = None if refused is None else among(plan, list(refused.rows))
        found = await found_rows(plan, shown, state, visit, seen, self.site.plan.named_by, these)
        cells = refused
        if cells is None and plan.cells is not None and not state.is_trash:
            names = [one.name for one in shown]
            place = state.here().partition("?")[2]
            cells = await cells_for(self.site.plan, visit, plan, names, found.rows, place)
        subjects: Mapping[str, Subject] = {}
        if state.where.root is not None:
            subjects = {one.name: one for one in await Asking(plan, seen, visit).subjects()}
        beside = await self._beside(visit, plan, state, found, subjects)
        pick_url = partial(self._pick_url, visit)
        filters = FilterViews(state, beside.names, pick_url)
        used = [one for one in plan.filters if await seen.anywhere(one.name)]
        chips = [chip for one in plan.all_filters for chip in filters.chips(one)]
        return View(
            title=plan.plural,
            heads=[_head(one, state, found, visit) for one in shown],
            rows=await _rows(self.site, visit, plan, shown, found, cells),
            pager=pager_of(state, found, visit.number),
            path=state.path,
            kept=state.pairs(),
            search=state.search if plan.search is not None else None,
            search_hint="" if plan.search is None else plan.search.hint,
            filters=[filters.filter(one) for one in used],
            chips=chips,
            conditions=_conditions(visit, state, subjects, beside),
            conditions_url=self._conditions_url(visit, plan, state) if plan.subjects else "",
            clear_url=state.url(search="", filters={}, where=Where()) if state.is_narrowed else "",
            columns=[Choice(one.name, one.label, one in shown) for one in offered],
            hierarchy=()
            if plan.hierarchy is None
            else hierarchy_options(plan.hierarchy, state, {**found.sums, **beside.ends}),
            is_dense=state.is_dense,
            views=tabs_of(kept, state, plan) if self.site.views is not None else (),
            **await self._offers(visit, plan, found, state, cells),
        )

    async def _beside(
        self,
        visit: Visit,
        plan: ModelPlan,
        state: ListState,
        found: Found,
        subjects: Mapping[str, Subject],
    ) -> Beside:
        """Ask for what the rows do not tell themselves."""
        root = state.where.root
        asked = () if root is None else picked_by_conditions(subjects.values(), root.conditions())
        picks = [*picked_by_filters(plan, state), *asked]
        # With rows that were counted came the ends of them all.
        with_ends = not found.total.exact
        return await read_beside(
            self.site.plan, visit, plan, picks, found.rows, with_ends=with_ends
        )

    def _conditions_url(self, visit: Visit, plan: ModelPlan, state: ListState) -> str:
        query = state.url().partition("?")[2]
        url = self.site.to(visit.request, plan.slug, "conditions")
        return f"{url}?{query}" if query else url

    async def _more(
        self, visit: Visit, plan: ModelPlan, state: ListState, cells: Cells | None
    ) -> dict[str, Any]:
        """Give what the template knows by names alone."""
        found: dict[str, Any] = {"density_url": state.url(is_dense=not state.is_dense)}
        if self.site.views is not None:
            views = self.site.to(visit.request, plan.slug, "views")
            query = state.url().partition("?")[2]
            found["save_view_url"] = f"{views}?{query}" if query else views
            found["views_url"] = views
            found["can_share"] = await visit.may(SHARING)
        if cells is not None and cells.rows:
            found["save_cells"] = lazy("Save the list")
            if cells.is_refused:
                found["wrong"] = lazy("Nothing is saved yet: see what is wrong in the list.")
        if self.site.brought.live is not None:
            found["live"] = self.site.brought.live.changes.channel(plan)
            found["live_client"] = self.site.brought.live.client_url(visit.request)
        return found

    async def _offers(
        self,
        visit: Visit,
        plan: ModelPlan,
        found: Found,
        state: ListState,
        cells: Cells | None,
    ) -> dict[str, Any]:
        """Give what can be done here, and what is said where there is nothing."""
        can_add = await visit.may("add", plan.model) and not state.is_trash
        to = partial(self.site.to, visit.request, plan.slug)
        offers = await list_offers(visit, plan, state, found, to)
        undone = visit.request.query_params.getlist(UNDO)
        offers["more"] |= undo_offer(visit, plan, undone, state)
        offers["more"] |= await self._more(visit, plan, state, cells)
        if found.problem:
            title, hint = lazy("Nothing is shown"), found.problem
        elif state.is_narrowed:
            title, hint = lazy("Nothing fits"), lazy("Take a filter away, or search for less.")
        else:
            title, hint = lazy("Nothing here yet"), ""
        return {
            **offers,
            "add_url": self.site.to(visit.request, plan.slug, "add") if can_add else "",
            "add_label": lazy("New %(label)s", label=plan.label_within),
            "empty_title": title,
            "empty_hint": hint,
        }

    def _pick_url(self, visit: Visit, target: Any) -> str:
        plan = self.site.plan.of(target)
        return "" if plan is None else self.site.to(visit.request, plan.slug, "pick")


def _conditions(
    visit: Visit, state: ListState, subjects: Mapping[str, Subject], beside: Beside
) -> list[list[Asked]]:
    root = state.where.root
    if root is None:
        return []
    sentences = Sentences(subjects, visit, beside.names)
    return told(root, sentences, lambda one: state.url(where=Where.of(without(root, one))))


async def _rows(
    site: Site,
    visit: Visit,
    plan: ModelPlan,
    columns: Sequence[ColumnPlan],
    found: Found,
    inputs: Cells | None,
) -> list[Row]:
    to = partial(site.to, visit.request, plan.slug)
    base = to("")
    draws = [_drawn(site, visit, plan, column) for column in columns]
    rows = []
    for row, extras in zip(found.rows, found.extras, strict=True):
        key, name = plan.keys.written(row), plan.name_of(row)
        cells: list[Any] = [draw(row, extras) for draw in draws]
        if inputs is not None and key in inputs.rows:
            for place, column in enumerate(columns):
                cells[place] = inputs.input(key, column.name, column.label) or cells[place]
        if getattr(row, "is_deleted", False):
            rows.append(Row(key, "", cells, name))
        else:
            rows.append(Row(key, base + key, cells, name, await row_offers(visit, plan, row, to)))
    return rows


def _drawn(
    site: Site, visit: Visit, plan: ModelPlan, column: ColumnPlan
) -> Callable[[Any, Mapping[str, int]], str]:
    """Give what draws a column's cells, chosen once for all rows of a page."""
    draw, read = drawn_by(column.kind), attrgetter(column.name)
    sees, empty = f"sees_{column.name}", cell("text", None, visit)
    field = plan.form.field(column.name)
    is_file = field is not None and field.is_file  # its page gives the files of fields alone
    to = partial(site.to, visit.request, plan.slug)

    def drawn(row: Any, extras: Mapping[str, int]) -> str:
        if extras and not extras.get(sees, 1):
            return empty
        if column.computed is not None:
            return draw(column.computed.function(plan.admin, row), visit)
        if column.relation is None:
            value = read(row)
            if is_file and (shown := image(value, to(plan.keys.written(row), "file", column.name))):
                return shown
            return draw(value, visit)
        if column.relation.is_many:
            return cell("number", extras[f"count_{column.name}"], visit)
        value = read(row)
        return empty if value is None else cell("text", site.plan.name_of(value), visit)

    return drawn


def _told_saved(cells: Cells) -> tuple[str, str]:
    if cells.gone:
        return lazy("Some rows are not there any more; the others were saved."), "warning"
    if not cells.changed:
        return lazy("Nothing was changed."), "info"
    return nlazy("%(num)s row was saved.", "%(num)s rows were saved.", num=cells.changed), "success"


def _head(column: ColumnPlan, state: ListState, found: Found, visit: Visit) -> Head:
    total = found.sums.get(column.name)
    shown = "" if total is None else cell("number", total, visit)
    kind = "number" if column.kind == "relations" else column.kind  # how many there are
    if column.order is None:
        return Head(column.name, column.label, kind, total=shown)
    names = [one.removeprefix("-") for one in state.orders]
    is_up, is_down = column.name in state.orders, f"-{column.name}" in state.orders
    others = tuple(one for one in state.orders if one.removeprefix("-") != column.name)
    mine = f"-{column.name}" if is_up else column.name
    return Head(
        column.name,
        column.label,
        kind,
        sort_url=state.url(orders=(mine, *others)),
        order="up" if is_up else "down" if is_down else "",
        priority=names.index(column.name) + 1 if column.name in names else 0,
        unsort_url=state.url(orders=others) if is_up or is_down else "",
        total=shown,
    )
