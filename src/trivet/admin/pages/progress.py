"""How far an action is that goes on as a job, for who has begun it."""

from __future__ import annotations

from starlette.responses import JSONResponse, RedirectResponse, Response

from trivet.admin.pages.page import ModelPage
from trivet.admin.views import Crumb
from trivet.admin.views import ProgressPage as View
from trivet.admin.visits import Visit
from trivet.errors import HTTPException
from trivet.texts import lazy

__all__ = ["ProgressPage"]

_SENT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class ProgressPage(ModelPage):
    """A bar, until it is over; then what it has to say, on the list."""

    path = "/{model}/progress"

    async def get(self, visit: Visit) -> Response:
        """Show it, or give it as JSON with ``as=json``."""
        plan = self.plan(visit)
        await self.require(visit, "view", plan.model)
        query = visit.request.query_params
        number, action = query.get("job", ""), plan.action(query.get("action", ""))
        is_number = number.isascii() and number.isdecimal() and len(number) < 19
        if self.site.brought.background is None or not is_number or action is None:
            raise HTTPException(404, "Not Found")
        told = await self.site.brought.background.told(visit, int(number))
        if told is None:
            raise HTTPException(404, "Not Found")
        if query.get("as") == "json":
            said = {"over": told.is_over, "share": told.share, "note": told.note}
            return JSONResponse(said, headers=_SENT)
        back = self.site.to(visit.request, plan.slug, "")
        if told.is_over:
            failed = lazy(
                "“%(action)s” has failed, and nothing of it was kept.", action=action.label
            )
            text, level = (told.text, told.level) if told.text else (failed, "error")
            await self.site.access.tell(visit.request, text, level)
            return RedirectResponse(back, 303, _SENT)
        view = View(
            title=action.label,
            back_url=back,
            status_url=f"{visit.request.url.path}?{visit.request.url.query}&as=json",
            share=told.share,
            note=told.note,
            text=lazy("This goes on without you: you may leave the page and come back."),
        )
        crumbs = [Crumb(plan.plural, back), Crumb(action.label)]
        return await self.site.show(visit, "progress", crumbs, page=view)
