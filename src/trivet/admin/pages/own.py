"""A page that somebody wrote for a site: their function, within our frame."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from trivet.admin.declared.own_page import OwnPage
from trivet.admin.pages.page import Page
from trivet.admin.showing import Site
from trivet.admin.views import Crumb
from trivet.admin.visits import Visit
from trivet.auth.errors import NotAllowed
from trivet.errors import SetupError, place_of

__all__ = ["UsersPage"]


class UsersPage(Page):
    """What the function gives: a response, or a mapping that its template shows."""

    def __init__(self, site: Site, declared: OwnPage) -> None:
        super().__init__(site)
        self._declared = declared
        self.address = declared.path
        self.takes_form = declared.posts

    async def get(self, visit: Visit) -> Response:
        """Ask the function."""
        one = self._declared
        if one.permission and not await visit.may(one.permission):
            raise NotAllowed
        found = await one.function(visit)
        if isinstance(found, Response):
            return found
        if not isinstance(found, Mapping) or not one.template:
            place = place_of(one.function)
            raise SetupError(
                f"The page {one.path!r} of the admin gave {type(found).__name__!r}"
                + ("" if one.template else ", and has no template to show anything by"),
                code="admin.page-answer",
                where=f"{place['file']}:{place['line']}" if "file" in place else None,
                mend='a response, or a mapping and @admin.page(…, template="reports/sales.html")',
            )
        crumbs = found.get("crumbs") or [Crumb(one.label)]
        rest = {name: value for name, value in found.items() if name != "crumbs"}
        return await self.site.show(visit, one.template, crumbs, **rest)

    async def post(self, visit: Visit) -> Response:
        """Ask the function, which finds the form in `visit.posted`."""
        return await self.get(visit)
