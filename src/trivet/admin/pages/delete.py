"""The page that asks before a row is deleted."""

from __future__ import annotations

from starlette.responses import Response

from trivet.admin.acting.chosen import Chosen
from trivet.admin.listing.state import ListState
from trivet.admin.pages.deleting import Deleting
from trivet.admin.pages.page import ModelPage
from trivet.admin.plan.actions import ActionPlan
from trivet.admin.plan.model import ModelPlan
from trivet.admin.visits import Visit

__all__ = ["DeletePage"]


class DeletePage(ModelPage):
    """What goes with a row, and the button."""

    path = "/{model}/{key}/delete"
    posts = True
    is_dangerous = True

    async def get(self, visit: Visit) -> Response:
        """Show what would be deleted."""
        plan = self.plan(visit)
        action, chosen, back = await self._row(visit, plan)
        return await Deleting(self.site).show(visit, plan, action, chosen, back=back)

    async def post(self, visit: Visit) -> Response:
        """Delete the row."""
        plan = self.plan(visit)
        action, chosen, back = await self._row(visit, plan)
        return await Deleting(self.site).do(visit, plan, action, chosen, back=back)

    async def _row(self, visit: Visit, plan: ModelPlan) -> tuple[ActionPlan, Chosen, str]:
        row = await self.row(visit, plan, "delete")
        action = plan.action("delete")
        assert action is not None, "every model has it"
        key = plan.keys.written(row)
        state = ListState.read(self.site.to(visit.request, plan.slug, ""), (), plan)
        return action, Chosen(state, (key,)), self.site.to(visit.request, plan.slug, key)
