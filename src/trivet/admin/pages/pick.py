"""Rows for a picker: what fits what was typed, as JSON.

``/album/pick?q=…`` are rows of the model itself, ``/album/pick?of=artist&q=…`` those that may be
picked in a field of its form, and ``?of=tracks.artist`` in one of rows within it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from trivet.admin.editing.relations import MOST_OFFERED, found_by_text, pickable
from trivet.admin.pages.page import ModelPage
from trivet.admin.plan.form import FieldPlan, FormPlan
from trivet.admin.plan.model import ModelPlan
from trivet.admin.visits import Visit
from trivet.db import Query
from trivet.errors import HTTPException

__all__ = ["PickPage"]


class PickPage(ModelPage):
    """The first rows that fit, of those that the visitor may see."""

    path = "/{model}/pick"

    async def get(self, visit: Visit) -> Response:
        """Give them."""
        plan = self.plan(visit)
        await self.require(visit, "view", plan.model)
        of = visit.request.query_params.get("of", "")
        if of:
            query = await self._of_field(visit, plan.form, of.split("."))
        else:
            query = await self._of_model(visit, plan)
        text = visit.request.query_params.get("q", "")[:200]
        found = await found_by_text(self.site.plan, visit, query, text)
        rows: Sequence[Any] = () if found is None else await found.limit(MOST_OFFERED)
        choices = [self.site.plan.choice_of(row) for row in rows]
        return JSONResponse(
            [{"value": one.text, "label": one.label} for one in choices],
            headers={"Cache-Control": "no-store"},
        )

    async def _of_model(self, visit: Visit, plan: ModelPlan) -> Query[Any]:
        return await visit.may.reachable("view", plan.query())

    async def _of_field(self, visit: Visit, form: FormPlan, steps: list[str]) -> Query[Any]:
        field = _field(form, steps)
        if field is None or not await visit.may("view", _model(form, steps), field.name):
            raise HTTPException(404, "Not Found")
        return await pickable(self.site.plan, visit, field)


def _model(form: FormPlan, steps: Sequence[str]) -> Any:
    for step in steps[:-1]:
        inline = form.inline(step)
        assert inline is not None, "its field was found"
        form = inline.form
    return form.model


def _field(form: FormPlan, steps: Sequence[str]) -> FieldPlan | None:
    for step in steps[:-1]:
        inline = form.inline(step)
        if inline is None:
            return None
        form = inline.form
    found = form.field(steps[-1])
    return found if found is not None and found.relation is not None else None
