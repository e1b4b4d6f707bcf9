"""The page that brings back what was there before a change: the form, with the values of then.

It is stored as any form is: by the same validation, the same permissions, and beside others who
change the row meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from starlette.responses import Response

from trivet.admin.editing.filling import blind_of, initial_of
from trivet.admin.editing.saving import Saving
from trivet.admin.editing.sheets import prints_of, sheet_of
from trivet.admin.editing.standing import Standing, standing_of, with_relations
from trivet.admin.history.keeping import Entry
from trivet.admin.history.recording import key_kept, model_kept
from trivet.admin.history.restoring import Restored, can_restore, restored_row, values_before
from trivet.admin.history.telling import sees_all
from trivet.admin.pages.form import FormPages
from trivet.admin.pages.form_view import Draft, FormView
from trivet.admin.pages.history import history_of, number_of
from trivet.admin.plan.model import ModelPlan
from trivet.admin.plan.readers import Shape
from trivet.admin.showing import Site
from trivet.admin.views import Fact, FormPage
from trivet.admin.visits import Visit
from trivet.auth.errors import NotAllowed
from trivet.db import NotFound
from trivet.errors import HTTPException
from trivet.forms import Form
from trivet.texts import lazy

__all__ = ["RestorePage"]

_MOST = 500  # changes that are gone back over


class RestorePage(FormPages):
    """The values of a row as they were before a change, or a row that was deleted."""

    path = "/{model}/{key}/restore/{change}"
    is_dangerous = True

    async def get(self, visit: Visit) -> Response:
        """Show the form."""
        plan = self.plan(visit)
        row = await self._row(visit, plan, is_held=False)
        entry, past = await self._wanted(visit, plan, row)
        pages = _Restoring(self.site, past, entry)
        if row is None:
            shape = await pages.shape(visit, plan, None)
            return await pages.show(visit, await pages.draft(visit, plan, None, past.initial))
        standing = await standing_of(self.site.plan, visit, plan.form, row)
        shape = await pages.shape(visit, plan, standing)
        now = initial_of(self.site.plan, standing, shape)
        theirs = sheet_of(plan.form, Form(plan.form.readers(shape), initial=now))
        then = {name: one for name, one in past.initial.items() if name in shape.names}
        draft = await pages.draft(visit, plan, standing, now | then)
        draft.prints = prints_of(theirs, blind_of(standing))
        return await pages.show(visit, draft)

    async def post(self, visit: Visit) -> Response:
        """Store what was brought back."""
        plan = self.plan(visit)
        row = await self._row(visit, plan, is_held=True)
        entry, past = await self._wanted(visit, plan, row)
        return await _Restoring(self.site, past, entry).answer(visit, plan, row)

    async def _row(self, visit: Visit, plan: ModelPlan, *, is_held: bool) -> Any:
        """Give the row, or None where it is gone and may be known of."""
        query = with_relations(plan.form, plan.query())
        try:
            return await self.row(visit, plan, query=query.for_update() if is_held else query)
        except NotFound:
            if not await sees_all(visit, plan):
                raise
            return None

    async def _wanted(self, visit: Visit, plan: ModelPlan, row: Any) -> tuple[Entry, Restored]:
        """Give the change that the address names, and what was there before it."""
        history = history_of(visit)
        id = number_of(visit.request.path_params["change"])
        entry = None if id is None else await history.one(id)
        key = visit.request.path_params["key"]
        key = key if row is None else plan.keys.written(row)
        is_ours = entry is not None and (entry.model, entry.key) == (
            model_kept(plan.model),
            key_kept(key),
        )
        if entry is None or not is_ours:
            raise HTTPException(404, "Not Found")
        if not await can_restore(visit, plan, row, entry):
            raise NotAllowed
        if row is None:
            return entry, restored_row(plan, entry)
        later = await history.of_row(entry.model, entry.key, after=entry.id - 1, limit=_MOST)
        return entry, values_before(plan, later)


class _Restoring(FormPages):
    """The form of one request: with the fields that are brought back, and no others."""

    recorded_as: ClassVar[str] = "restore"
    refused_status: ClassVar[int] = 409

    def __init__(self, site: Site, past: Restored, entry: Entry) -> None:
        super().__init__(site)
        self._past = past
        self._entry = entry

    async def shape(self, visit: Visit, plan: ModelPlan, standing: Standing | None) -> Shape:
        """Give the fields that are brought back, as far as the visitor may fill them in."""
        whole = await super().shape(visit, plan, standing)
        if standing is None:
            self._refuse_parts(plan, whole)
        names = tuple(one for one in whole.names if one in self._past.initial)
        return replace(whole, names=names, inlines=())

    def _refuse_parts(self, plan: ModelPlan, whole: Shape) -> None:
        """Raise a 409 where a row that is gone cannot be there again as it was."""
        if self._past.lost:
            names = ", ".join(
                one if (known := plan.form.field(one)) is None else str(known.label)
                for one in self._past.lost
            )
            raise HTTPException(409, f"Not everything of this row was kept: {names}")
        if set(self._past.initial) - set(whole.names):
            raise NotAllowed

    def saving(self, visit: Visit, draft: Draft, found: Any) -> Saving:
        """Give what stores the form, with the key that the row had."""
        made = super().saving(visit, draft, found)
        if draft.standing is None:
            made.besides = self._past.besides
        return made

    async def view(self, visit: Visit, draft: Draft, *, is_copy: bool) -> FormPage:
        """Give the form, and beside it what is stored now."""
        view = await super().view(visit, draft, is_copy=is_copy)
        name = self._entry.label
        title = lazy("Bring back “%(name)s”", name=name)
        facts: list[Fact] = []
        if draft.standing is not None:
            fields = [one for one in draft.plan.form.fields if one.name in draft.shape.names]
            facts = await FormView(self.site, visit).stored(draft.standing, fields)
        return replace(
            view,
            title=title,
            delete_url="",
            actions=(),
            facts=facts,
            facts_label=lazy("Stored now") if facts else "",
        )

    def next_url(self, visit: Visit, plan: ModelPlan, row: Any) -> str:
        """Go on to the history."""
        return self.site.to(visit.request, plan.slug, plan.keys.written(row), "history")
