"""The history of one row, also of one that is gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from trivet.admin.history.keeping import Entry, History
from trivet.admin.history.recording import key_kept, model_kept
from trivet.admin.history.restoring import can_restore
from trivet.admin.history.telling import (
    Seeing,
    icon_of,
    seeing_of,
    sees_all,
    told_action,
    told_who,
)
from trivet.admin.listing.cells import cell
from trivet.admin.pages.page import ModelPage
from trivet.admin.plan.model import ModelPlan
from trivet.admin.views import Crumb, HistoryEntry, HistoryPage, Pager
from trivet.admin.visits import Visit
from trivet.db import NotFound
from trivet.errors import HTTPException
from trivet.texts import lazy

__all__ = ["RowHistoryPage", "history_of"]

_AT_ONCE = 50
_MOST_DIGITS = 18  # of an id; a larger one is none


class RowHistoryPage(ModelPage):
    """What was done with a row, the newest first."""

    path = "/{model}/{key}/history"

    async def get(self, visit: Visit) -> Response:
        """Show the page."""
        plan = self.plan(visit)
        history = history_of(visit)
        row, key = await self._found(visit, plan)
        before = number_of(visit.request.query_params.get("before"))
        found = await history.of_row(
            model_kept(plan.model), key_kept(key), before=before, limit=_AT_ONCE + 1
        )
        if row is None and not (found or before):
            raise NotFound(plan.model, key)
        entries = found[:_AT_ONCE]
        seeing = (await seeing_of(self.site, visit, entries)).get(model_kept(plan.model))
        title = plan.name_of(row) if row is not None else found[0].label if found else key
        here = self.site.to(visit.request, plan.slug, key, "history")
        back = self.site.to(visit.request, plan.slug, *([""] if row is None else [key]))
        view = HistoryPage(
            title=lazy("History of “%(name)s”", name=title),
            back_url=back,
            entries=[
                await self._entry(visit, plan, row, key, one, seeing)
                for one in entries
                if seeing is not None and seeing.sees(one)
            ],
            pager=pager_of(here, found, before),
        )
        crumbs = [
            Crumb(plan.plural, self.site.to(visit.request, plan.slug, "")),
            Crumb(title, "" if row is None else back),
            Crumb(lazy("History")),
        ]
        return await self.site.show(visit, "history", crumbs, page=view)

    async def _found(self, visit: Visit, plan: ModelPlan) -> tuple[Any, str]:
        """Give the row, or None where it is gone and may be known of; and its key as a text."""
        try:
            row = await self.row(visit, plan)
        except NotFound:
            values = plan.keys.read(visit.request.path_params["key"])
            if values is None or not await sees_all(visit, plan):
                raise
            return None, visit.request.path_params["key"]
        return row, plan.keys.written(row)

    async def _entry(
        self, visit: Visit, plan: ModelPlan, row: Any, key: str, one: Entry, seeing: Seeing
    ) -> HistoryEntry:
        url = ""
        if await can_restore(visit, plan, row, one):
            url = self.site.to(visit.request, plan.slug, key, "restore", str(one.id))
        return HistoryEntry(
            when=cell("moment", one.at, visit),
            who=told_who(one),
            action=told_action(one),
            icon=icon_of(one),
            changes=seeing.changes(one, visit),
            revert_url=url,
        )


def history_of(visit: Visit) -> History:
    """Give the history of the site; raises a 404 where it keeps none."""
    if visit.history is None:
        raise HTTPException(404, "Not Found")
    return visit.history


def number_of(text: str | None) -> int | None:
    """Read an id of a change; None for what is none."""
    is_one = text is not None and text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if is_one and text is not None else None


def pager_of(here: str, found: Sequence[Entry], before: int | None) -> Pager | None:
    """Give where one goes on from changes, of which there is one more than is shown."""
    has_more = len(found) > _AT_ONCE
    if not has_more and before is None:
        return None
    return Pager(
        shown="",
        first_url="" if before is None else here,
        previous_url="" if before is None else here,
        next_url=f"{here}?before={found[_AT_ONCE - 1].id}" if has_more else "",
    )
