"""What all pages have: an address below the site, who visits, and answers to GET and POST."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from trivet.admin.plan.model import ModelPlan
from trivet.admin.showing import Site
from trivet.admin.views import Crumb, MessagePage
from trivet.admin.visits import SentOn, Visit
from trivet.auth.errors import NotAllowed, NotRecent, NotSignedIn
from trivet.binding.bodies import FORM_LIMITS, BodyReader, form_of_request
from trivet.binding.markers import Depends
from trivet.db import NotFound
from trivet.errors import HTTPException
from trivet.forms.bodies import bodies_of
from trivet.routing.options import RouteOptions
from trivet.routing.router import Router
from trivet.schema.field import Field
from trivet.texts import lazy

__all__ = ["ModelPage", "Page", "Refusal"]


class _Nothing(BaseModel):
    """A form whose fields are known at its address alone."""


class _Posted(BodyReader):
    """The form that was sent, whatever is in it; its files are closed after the answer."""

    bodies: Mapping[str, Field] = bodies_of(_Nothing)

    async def __call__(self, request: Request) -> AsyncGenerator[list[tuple[str, Any]], None]:
        received = await form_of_request(request, request.scope.get(FORM_LIMITS, {}))
        try:
            yield received.multi_items()
        finally:
            await received.close()


PostedItems = Annotated[list[tuple[str, Any]], Depends(_Posted())]


_REFUSALS = {
    403: (lazy("You may not do this"), lazy("Ask somebody who may, or go back.")),
    404: (lazy("There is nothing here"), lazy("It was deleted, or is not for you to see.")),
}


class Refusal(Exception):
    """A page that says no: raised, so that nothing is stored of what was begun."""

    def __init__(self, page: Response) -> None:
        self.page = page
        super().__init__(page.status_code)


class Page:
    """One page. `path` is below the site's; `get` and `post` answer."""

    path: ClassVar[str]
    posts: ClassVar[bool] = False
    """True where a form is sent to it."""
    options: ClassVar[RouteOptions] = {}
    """Of the route that a form is sent to."""
    is_dangerous: ClassVar[bool] = False
    """True where who they are is proved again, if the site asks for that."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.address = getattr(type(self), "path", "")
        self.takes_form = self.posts

    async def get(self, visit: Visit) -> Response:
        """Show the page."""
        raise NotImplementedError

    async def post(self, visit: Visit) -> Response:
        """Do what a form of the page asks for."""
        raise NotImplementedError

    def add_to(self, router: Router) -> None:
        """Add the page's routes."""

        @router.get(self.address)
        async def admin_page(request: Request) -> Response:
            try:
                visit = await self._visit(request)
            except SentOn as sent:
                return await self._sent_on(request, sent)
            return await self._answered(visit, self.get)

        if self.takes_form:

            @router.post(self.address, **self.options)
            async def admin_form(request: Request, items: PostedItems) -> Response:
                try:
                    visit = await self._visit(request)
                except SentOn as sent:
                    return await self._sent_on(request, sent)
                visit.posted = items
                return await self._answered(visit, self.post)

    async def _visit(self, request: Request) -> Visit:
        visit = await self.site.access.visit(request)
        if self.is_dangerous:
            self.require_recent(visit)
        return self.site.prepared(visit)

    async def _answered(
        self, visit: Visit, answer: Callable[[Visit], Awaitable[Response]]
    ) -> Response:
        """Answer; what is refused is a page for who asks for pages, and as ever for scripts."""
        try:
            return await answer(visit)
        except (HTTPException, NotFound) as error:
            wants_page = "text/html" in visit.request.headers.get("accept", "")
            if isinstance(error, NotSignedIn | NotRecent) or not wants_page:
                raise
            status = error.status_code if isinstance(error, HTTPException) else 404
            title, text = _REFUSALS.get(status, (lazy("This does not work"), ""))
            if status not in _REFUSALS and isinstance(getattr(error, "detail", None), str):
                text = error.detail  # type: ignore[union-attr]  # it was asked for
            view = MessagePage(title, text, str(status), "lock" if status == 403 else "warn")
            crumbs = [Crumb(title)]
            page = await self.site.show(visit, "message", crumbs, status=status, page=view)
            raise Refusal(page) from error

    def require_recent(self, visit: Visit) -> None:
        """Raise `NotRecent` where the visitor has not proved of late who they are."""
        recent = self.site.recent
        if recent is not None and not visit.is_recent(recent):
            raise NotRecent

    async def _sent_on(self, request: Request, sent: SentOn) -> Response:
        """Lead a browser to what it has to do first; tell a script that it may not."""
        if "text/html" not in request.headers.get("accept", "text/html"):
            raise NotAllowed
        await self.site.access.tell(request, sent.notice, "warning")
        return RedirectResponse(sent.url, 303, {"Cache-Control": "no-store"})


class ModelPage(Page):
    """A page of one model, named by a step of its address."""

    def plan(self, visit: Visit) -> ModelPlan:
        """Give the model's plan; raises a 404 where the site has no such model."""
        slug = visit.request.path_params["model"]
        found = self.site.plan.models.get(slug)
        if found is None:
            raise HTTPException(404, "Not Found")
        return found

    async def require(self, visit: Visit, action: str, what: Any) -> None:
        """Raise `NotAllowed` where the visitor may not."""
        if not await visit.may(action, what):
            raise NotAllowed

    async def row(
        self, visit: Visit, plan: ModelPlan, action: str = "view", *, query: Any = None
    ) -> Any:
        """Give the row that the address names, among those that the visitor may see.

        Raises `NotFound` where there is none of them, and `NotAllowed` where they may see it and
        do no more.
        """
        text = visit.request.path_params["key"]
        values = plan.keys.read(text)
        if values is None:
            raise NotFound(plan.model, text)
        reachable = await visit.may.reachable("view", plan.query() if query is None else query)
        found = await reachable.where(*plan.keys.conditions(values)).first()
        if found is None:
            raise NotFound(plan.model, text)
        if action != "view":
            await self.require(visit, action, found)
        return found
