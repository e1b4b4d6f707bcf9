"""The log of a site: all that was done, narrowed by who, what, how and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.responses import Response

from trivet.admin.history.keeping import Entry, History
from trivet.admin.history.recording import model_kept
from trivet.admin.history.restoring import can_restore
from trivet.admin.history.telling import (
    ACTIONS,
    Seeing,
    icon_of,
    seeing_of,
    told_action,
    told_who,
)
from trivet.admin.listing.cells import cell
from trivet.admin.pages.history import history_of, number_of
from trivet.admin.pages.page import Page
from trivet.admin.plan.model import ModelPlan
from trivet.admin.showing import LOG
from trivet.admin.views import Choice, Crumb, HistoryEntry, HistoryPage, LogField, Pager
from trivet.admin.visits import Visit
from trivet.auth.errors import NotAllowed
from trivet.texts import lazy

__all__ = ["LogPage", "recent_changes"]

_AT_ONCE = 50
_NAMES = ("who", "model", "action", "from", "to")


class LogPage(Page):
    """What was done on the site, the newest first."""

    path = "/log"

    async def get(self, visit: Visit) -> Response:
        """Show the page."""
        history = history_of(visit)
        if not await visit.may(LOG):
            raise NotAllowed
        plans = await _seen_plans(self, visit)
        query = visit.request.query_params
        given = {name: query.get(name, "").strip()[:200].replace("\0", "") for name in _NAMES}
        after, before = number_of(query.get("after")), number_of(query.get("before"))
        found = await history.found(
            await self._conditions(visit, given, plans),
            before=before,
            after=after,
            limit=_AT_ONCE + 1,
            any_of=_by(history, given["who"]),
        )
        # Going back, the one too many is the newest of them.
        has_more = len(found) > _AT_ONCE
        entries = found[1:] if has_more and after is not None else found[:_AT_ONCE]
        seeing = await seeing_of(self.site, visit, entries)
        view = HistoryPage(
            title=lazy("All changes"),
            entries=[
                await self._entry(visit, one, seeing[one.model])
                for one in entries
                if one.model in seeing and seeing[one.model].sees(one)
            ],
            pager=self._pager(visit, given, entries, before, after, has_more=has_more),
            fields=_fields(given, plans),
        )
        return await self.site.show(visit, "log", [Crumb(lazy("All changes"))], page=view)

    async def _conditions(
        self, visit: Visit, given: dict[str, str], plans: dict[str, ModelPlan]
    ) -> list[Any]:
        assert visit.history is not None, "asked for before"
        columns = visit.history.table.c
        wanted = [one for one in plans.values() if one.slug == given["model"]]
        names = [model_kept(one.model) for one in wanted] if given["model"] else list(plans)
        found: list[Any] = [columns.model.in_(names)]
        if given["action"]:
            found.append(columns.action == given["action"])
        start, end = _moment(given["from"], visit), _moment(given["to"], visit)
        if start is not None:
            found.append(columns.at >= start)
        if end is not None:
            end += timedelta(days=1)
            found.append(columns.at < end)
        return found + await visit.history.ids_around(start, end)

    async def _entry(self, visit: Visit, one: Entry, seeing: Seeing) -> HistoryEntry:
        plan = seeing.plan
        is_there = one.key in seeing.rows
        url = self.site.to(visit.request, plan.slug, one.key) if one.key else ""
        revert_url = ""
        if one.action == "delete" and not is_there and await can_restore(visit, plan, None, one):
            revert_url = self.site.to(visit.request, plan.slug, one.key, "restore", str(one.id))
        return HistoryEntry(
            when=cell("moment", one.at, visit),
            who=told_who(one),
            action=told_action(one),
            icon=icon_of(one),
            label=f"{plan.label} “{one.label}”" if one.key else one.label,
            url=f"{url}/history" if url else "",
            changes=seeing.changes(one, visit),
            revert_url=revert_url,
        )

    def _pager(
        self,
        visit: Visit,
        given: dict[str, str],
        entries: Sequence[Entry],
        before: int | None,
        after: int | None,
        *,
        has_more: bool,
    ) -> Pager:
        path = self.site.to(visit.request, "log")
        kept = {name: text for name, text in given.items() if text}

        def url(**place: Any) -> str:
            said = urlencode(kept | place)
            return f"{path}?{said}" if said else path

        older = entries and (has_more or after is not None)
        newer = entries and (before is not None or (after is not None and has_more))
        return Pager(
            shown="",
            first_url=url() if before or after else "",
            previous_url=url(after=entries[0].id) if newer else "",
            next_url=url(before=entries[-1].id) if older else "",
        )


def _by(history: History, who: str) -> list[Any]:
    """Give what makes a change somebody's, whom one calls by name or by handle."""
    columns = history.table.c
    named = (columns.handle, columns.name, columns.by_handle, columns.by_name)
    return [column == who for column in named] if who else []


async def recent_changes(page: Page, visit: Visit, *, limit: int = 10) -> list[HistoryEntry]:
    """Give the last changes that a visitor may see, for a first page; none without the log."""
    if visit.history is None or not await visit.may(LOG):
        return []
    plans = await _seen_plans(page, visit)
    columns = visit.history.table.c
    found = await visit.history.found([columns.model.in_(list(plans))], limit=limit)
    seeing = await seeing_of(page.site, visit, found)
    return [
        HistoryEntry(
            when=cell("moment", one.at, visit),
            who=told_who(one),
            action=told_action(one),
            icon=icon_of(one),
            label=one.label,
            url=page.site.to(visit.request, seeing[one.model].plan.slug, one.key, "history")
            if one.key
            else "",
        )
        for one in found
        if one.model in seeing and seeing[one.model].sees(one)
    ]


async def _seen_plans(page: Page, visit: Visit) -> dict[str, ModelPlan]:
    """Give the models that a visitor may see, by their names in the history."""
    models = page.site.plan.models.values()
    return {model_kept(one.model): one for one in models if await visit.may("view", one.model)}


def _moment(text: str, visit: Visit) -> datetime | None:
    """Give the beginning of a day in the visitor's time zone, in UTC; None for what is no day."""
    try:
        day = datetime.combine(date.fromisoformat(text), time(), ZoneInfo(visit.time_zone))
        return day.astimezone(UTC)
    except (ValueError, OverflowError, KeyError, OSError):
        return None


def _fields(given: dict[str, str], plans: dict[str, ModelPlan]) -> list[LogField]:
    every = Choice("", lazy("All"), False)
    models = [Choice(one.slug, one.plural, one.slug == given["model"]) for one in plans.values()]
    actions = [Choice(name, text, name == given["action"]) for name, text in ACTIONS.items()]
    return [
        LogField("who", lazy("Who"), given["who"]),
        LogField("model", lazy("What"), given["model"], "select", [every, *models]),
        LogField("action", lazy("Action"), given["action"], "select", [every, *actions]),
        LogField("from", lazy("From"), given["from"], "date"),
        LogField("to", lazy("Until"), given["to"], "date"),
    ]
