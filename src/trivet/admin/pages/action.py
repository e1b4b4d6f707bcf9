"""What is done with rows: asked for, done, or let go on as a job.

A list posts here what was chosen in it; a row's page and its menu lead here by links. A link alone
changes nothing: it shows what would be done.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel
from starlette.responses import Response

from trivet.admin.acting.chosen import Chosen, chosen_by, reached
from trivet.admin.acting.performing import Done, perform
from trivet.admin.pages.deleting import Deleting
from trivet.admin.pages.page import ModelPage
from trivet.admin.plan.actions import ActionPlan
from trivet.admin.plan.model import ModelPlan
from trivet.admin.views import ActionPage as View
from trivet.admin.views import Crumb, Link
from trivet.admin.visits import Visit
from trivet.db import NotFound
from trivet.db.estimates import estimated_count
from trivet.errors import HTTPException
from trivet.forms import Form
from trivet.forms.plan import plan_of
from trivet.texts import lazy

__all__ = ["MOST_AT_ONCE", "ActionPage"]

MOST_AT_ONCE = 1000
"""Rows with which something is done while a visitor waits; beyond, it is a job."""
_MOST_WITHOUT_JOBS = 10_000
_MOST_NAMED = 20


class ActionPage(ModelPage):
    """Asks before something is done with rows, and does it."""

    path = "/{model}/action"
    posts = True

    async def get(self, visit: Visit) -> Response:
        """Show what would be done, with the rows that the address names."""
        plan = self.plan(visit)
        pairs = visit.request.query_params.multi_items()
        action, chosen = await self._asked(visit, plan, pairs)
        if action.is_dangerous and action.function is None:
            return await Deleting(self.site).show(visit, plan, action, chosen)
        form = None if action.form is None else await _form(action.form)
        return await self._show(visit, plan, action, chosen, form)

    async def post(self, visit: Visit) -> Response:
        """Do it, or ask for it first."""
        self.require_recent(visit)
        plan = self.plan(visit)
        items = visit.posted
        action, chosen = await self._asked(visit, plan, items)
        if not (chosen.keys or chosen.is_all or action.on == "list"):
            text = lazy("Choose some rows first.")
            return await self.site.go(visit, self._back(visit, plan, chosen), text, "warning")
        is_confirmed = visit.sent("confirmed") == "yes"
        if action.is_dangerous and action.function is None:
            if not is_confirmed:
                return await Deleting(self.site).show(visit, plan, action, chosen)
            if not await self._is_job(visit, plan, action, chosen):
                return await Deleting(self.site).do(visit, plan, action, chosen)
            return await self._start(visit, plan, action, chosen, None)
        if not is_confirmed and (action.asks or chosen.is_all):
            form = None if action.form is None else await _form(action.form)
            return await self._show(visit, plan, action, chosen, form)
        return await self._do(visit, plan, action, chosen)

    # -- what is asked for -----------------------------------------------------------------------

    async def _asked(
        self, visit: Visit, plan: ModelPlan, pairs: Sequence[tuple[str, Any]]
    ) -> tuple[ActionPlan, Chosen]:
        await self.require(visit, "view", plan.model)
        names = [value for name, value in pairs if name == "action" and isinstance(value, str)]
        action = plan.action(names[-1]) if names else None
        if action is None:
            raise HTTPException(404, "Not Found")
        chosen = chosen_by(self.site.to(visit.request, plan.slug, ""), pairs, plan)
        if action.of_trash != chosen.state.is_trash:
            raise HTTPException(404, "Not Found")
        await self.require(visit, action.permission, plan.model)
        if action.on == "list":
            return action, Chosen(chosen.state, is_all=True)
        if action.on == "row" and (chosen.is_all or len(chosen.keys) > 1):
            raise HTTPException(404, "Not Found")
        return action, chosen

    def _back(self, visit: Visit, plan: ModelPlan, chosen: Chosen) -> str:
        return chosen.state.url()

    async def _show(
        self,
        visit: Visit,
        plan: ModelPlan,
        action: ActionPlan,
        chosen: Chosen,
        form: Form[Any] | None,
        *,
        status: int = 200,
    ) -> Response:
        back = self._back(visit, plan, chosen)
        view = View(
            title=action.label,
            button=action.label,
            back_url=back,
            kind="danger" if action.is_dangerous else "first",
            hidden=[("action", action.name), *chosen.hidden()],
            **await self._counted(visit, plan, action, chosen),
        )
        crumbs = [Crumb(plan.plural, back), Crumb(action.label)]
        return await self.site.show(visit, "action", crumbs, status=status, page=view, form=form)

    async def _counted(
        self, visit: Visit, plan: ModelPlan, action: ActionPlan, chosen: Chosen
    ) -> dict[str, Any]:
        """Say how many rows they are, which, and how many are left out."""
        if action.on == "list":
            return {"text": action.confirm}
        seen = await estimated_count(await reached(plan, visit, chosen))
        query = await reached(plan, visit, chosen, action.permission)
        rows = await query.limit(_MOST_NAMED)
        own = await estimated_count(query)
        if not rows and not chosen.is_all and seen.number == 0:
            raise NotFound(plan.model, chosen.keys[0] if len(chosen.keys) == 1 else None)
        said = [action.confirm] if action.confirm else []
        about = "" if own.exact else visit.say(lazy("about")) + " "
        count = f"{about}{own.number:,}"
        said.append(lazy("Rows: %(count)s.", count=count))
        left = seen.number - own.number
        if left > 0 and own.exact and seen.exact:
            said.append(lazy("Left out, as you may not do it with them: %(n)s.", n=f"{left:,}"))
        links = [
            Link(plan.name_of(row), self.site.to(visit.request, plan.slug, plan.keys.written(row)))
            for row in rows
        ]
        rest = own.number - len(rows)
        more = lazy("and %(count)s more", count=f"{about}{rest:,}") if rest > 0 else ""
        return {"text": " ".join(map(visit.say, said)), "rows": links, "more": more}

    # -- doing -----------------------------------------------------------------------------------

    async def _do(
        self, visit: Visit, plan: ModelPlan, action: ActionPlan, chosen: Chosen
    ) -> Response:
        values = None
        if action.form is not None:
            form = await _read(action.form, visit)
            if not form.is_valid:
                status = 200 if form.is_action else 422
                return await self._show(visit, plan, action, chosen, form, status=status)
            values = form.value
        if await self._is_job(visit, plan, action, chosen):
            return await self._start(visit, plan, action, chosen, values)
        done: Done = await perform(self.site.plan, visit, plan, action, chosen, values)
        if done.response is not None:
            return done.response
        back = self._back(visit, plan, chosen)
        return await self.site.go(visit, back, done.text, done.level)

    async def _is_job(
        self, visit: Visit, plan: ModelPlan, action: ActionPlan, chosen: Chosen
    ) -> bool:
        """Tell whether it is too much to wait for; refuses what is, where there are no jobs."""
        can = self.site.brought.background is not None
        if action.in_background:
            return can
        if not chosen.is_all or action.on == "list":
            return False
        query = await reached(plan, visit, chosen, action.permission)
        found = await estimated_count(query)
        if found.exact and found.number <= MOST_AT_ONCE:
            return False
        if not can and not (found.exact and found.number <= _MOST_WITHOUT_JOBS):
            raise HTTPException(
                413,
                f"That is more than {_MOST_WITHOUT_JOBS:,} rows at once: narrow the list, or let"
                " the application have jobs, app.use(Jobs(db)), for what takes longer",
            )
        return can

    async def _start(
        self, visit: Visit, plan: ModelPlan, action: ActionPlan, chosen: Chosen, values: Any
    ) -> Response:
        number = await self.site.brought.background.start(visit, plan, action, chosen, values)
        query = urlencode([("job", number), ("action", action.name)])
        url = self.site.to(visit.request, plan.slug, "progress")
        return await self.site.go(visit, f"{url}?{query}")


async def _picks(model: type[BaseModel]) -> dict[Any, Any]:
    leaves = [one for one in plan_of(model).leaves() if one.pick is not None]
    return {one: await one.pick.choices() for one in leaves if one.pick is not None}


async def _form(model: type[BaseModel]) -> Form[Any]:
    form: Form[Any] = Form(model)
    form.offer(await _picks(model))
    return form


async def _read(model: type[BaseModel], visit: Visit) -> Form[Any]:
    return Form.read(model, visit.posted, picks=await _picks(model))
