"""Where the views of a list are kept, renamed, shared and deleted."""

from __future__ import annotations

from starlette.responses import Response

from trivet.admin.home.asking import Keeping
from trivet.admin.kept_views import KeptViews, View
from trivet.admin.kept_views.keeping import MOST
from trivet.admin.listing.state import ListState
from trivet.admin.listing.tabs import read_view
from trivet.admin.pages.page import ModelPage
from trivet.admin.plan.model import ModelPlan
from trivet.admin.views import Crumb, KeptView, ViewsPage
from trivet.admin.visits import Visit
from trivet.auth.errors import NotAllowed
from trivet.errors import HTTPException
from trivet.texts import lazy

__all__ = ["SHARING", "KeptViewsPage"]

SHARING = "savedview.share"
"""The permission to keep views for everybody, and to change those of others."""


class KeptViewsPage(ModelPage):
    """The views of a list. What is kept is read from the address, as the list reads it."""

    path = "/{model}/views"
    posts = True

    async def get(self, visit: Visit) -> Response:
        """Show them."""
        plan, kept = await self._at(visit)
        path = self.site.to(visit.request, plan.slug, "")
        can_share = await visit.may(SHARING)
        views = [
            self._shown(one, visit, path, plan)
            for one in await kept.read(plan.slug, visit)
            if can_share or one.handle == visit.handle
        ]
        view = ViewsPage(lazy("Views"), views, path, can_share)
        crumbs = [Crumb(plan.plural, path), Crumb(lazy("Views"))]
        return await self.site.show(visit, "views", crumbs, page=view)

    async def post(self, visit: Visit) -> Response:
        """Keep the list that the address says, or change a view that is kept."""
        plan, kept = await self._at(visit)
        path = self.site.to(visit.request, plan.slug, "")
        action = visit.sent("do") or "keep"
        if action == "keep":
            return await self._keep(visit, plan, kept, path)
        back = self.site.to(visit.request, plan.slug, "views")
        if action == "none":
            await kept.choose(plan.slug, visit, None)
            return await self._gone_on(visit, plan, back, lazy("The list begins with everything."))
        view = await self._one(visit, plan, kept)
        if action == "delete":
            await kept.delete(view.id)
            notice = lazy("“%(name)s” was deleted.", name=view.label)
        elif action == "rename":
            label = (visit.sent("label") or "").replace("\0", "").strip()
            if not label:
                return await self.site.go(visit, back, lazy("A view needs a name."), "error")
            await kept.change(view.id, label=label)
            notice = lazy("“%(name)s” was saved.", name=label)
        elif action == "begin":
            if view.handle != visit.handle:
                raise NotAllowed
            await kept.choose(plan.slug, visit, view.id)
            notice = lazy("The list begins with “%(name)s” now.", name=view.label)
        elif action in ("share", "unshare"):
            if not await visit.may(SHARING):
                raise NotAllowed
            await kept.change(view.id, is_shared=action == "share")
            notice = lazy("“%(name)s” was saved.", name=view.label)
        else:
            raise HTTPException(422, "nothing is known that is done so")
        return await self._gone_on(visit, plan, back, notice)

    async def _keep(self, visit: Visit, plan: ModelPlan, kept: KeptViews, path: str) -> Response:
        state = ListState.read(path, visit.request.query_params.multi_items(), plan)
        label = (visit.sent("label") or "").replace("\0", "").strip()
        if not label:
            return await self.site.go(visit, state.url(), lazy("A view needs a name."), "error")
        is_shared = visit.sent("shared") is not None
        if is_shared and not await visit.may(SHARING):
            raise NotAllowed
        query = state.url().partition("?")[2]
        if not await kept.keep(plan.slug, visit, label, query, is_shared=is_shared):
            text = lazy("There are %(most)s views already; delete one first.", most=MOST)
            return await self.site.go(visit, state.url(), text, "error")
        notice = lazy("The view “%(name)s” is kept.", name=label)
        return await self._gone_on(visit, plan, state.url(), notice)

    async def _gone_on(self, visit: Visit, plan: ModelPlan, url: str, notice: str) -> Response:
        await self._keeping().forget(f"views.{plan.slug}")
        return await self.site.go(visit, url, notice)

    async def _at(self, visit: Visit) -> tuple[ModelPlan, KeptViews]:
        plan = self.plan(visit)
        await self.require(visit, "view", plan.model)
        if self.site.views is None:
            raise HTTPException(404, "Not Found")
        return plan, self.site.views

    def _keeping(self) -> Keeping:
        return self.site.brought.keeping

    async def _one(self, visit: Visit, plan: ModelPlan, kept: KeptViews) -> View:
        """Give the view that is meant; raises a 404, or `NotAllowed` for another's."""
        sent = visit.sent("id") or ""
        views = await kept.read(plan.slug, visit)
        found = next((one for one in views if str(one.id) == sent), None)
        if found is None:
            raise HTTPException(404, "Not Found")
        if found.handle != visit.handle and not await visit.may(SHARING):
            raise NotAllowed
        return found

    def _shown(self, one: View, visit: Visit, path: str, plan: ModelPlan) -> KeptView:
        state = read_view(one, path, plan)
        told = [f"“{state.search}”"] if state.search else []
        labels = {each.name: each.label for each in plan.all_filters}
        for name, values in state.filters.items():
            label = labels.get(name.partition("__")[0], name)
            told.append(f"{label}: {', '.join(values)}")
        titles = {each.name: each.label for each in plan.columns}
        for order in state.orders:
            told.append(
                f"{'↓' if order.startswith('-') else '↑'} {titles[order.removeprefix('-')]}"
            )
        return KeptView(
            one.id,
            one.label,
            state.url(),
            told,
            one.handle == visit.handle,
            one.is_shared,
            one.is_default,
            "" if one.handle == visit.handle else one.owner,
        )
