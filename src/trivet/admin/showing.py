"""How a page of the admin is shown: its frame, its headers, the addresses of what it is made with.

No page is kept by anybody, and nothing in it is inline, so that the strictest policy fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from trivet.admin.added import Added
from trivet.admin.brought import Brought
from trivet.admin.files import FileAddresses
from trivet.admin.history.keeping import History
from trivet.admin.kept_views import KeptViews
from trivet.admin.limits import Limited
from trivet.admin.menu import badges, further, grouped
from trivet.admin.plan.site import SitePlan
from trivet.admin.views import Crumb, Entry, Frame, MenuGroup, Visitor
from trivet.admin.visits import Access, Visit
from trivet.admin.writing import let_write
from trivet.auth.pages.pages import POLICY
from trivet.http.mounts import mount_of
from trivet.templates import Templates
from trivet.texts import lazy

__all__ = ["LOG", "Site"]

LOG = "history.view"
"""The permission to read what everybody did."""

_SENT = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"}


@dataclass(frozen=True)
class Site:
    """One admin while it serves: what was declared, who may enter, and how its pages are shown."""

    path: str
    title: str
    access: Access
    added: Added
    """What was said besides the models."""
    history: History | None
    """Where changes are written down; None where nobody keeps them."""
    views: KeptViews | None
    """Keeps views of lists; None where they are not kept."""
    recent: float | None
    """Seconds for which it counts that somebody proved who they are; None for ever."""
    templates: Templates
    files: FileAddresses
    brings: Callable[[Site], Brought]

    @cached_property
    def brought(self) -> Brought:
        """What the application has for the site: found at the start, or with the first request.

        Raises `SetupError`.
        """
        return self.brings(self)

    @property
    def plan(self) -> SitePlan:
        """What was declared of models; raises `SetupError`."""
        return self.brought.plan

    def to(self, request: Request, *steps: str) -> str:
        """Give the address of a page below the site: ``site.to(request, "album", key)``."""
        return "/".join((mount_of(request.scope) + self.path, *steps))

    def address(self, request: Request, written: str) -> str:
        """Give the address that a link of a declaration means: below the site, unless it says more.

        ``order/?f.open=true`` is a page of the site, ``/shop`` one of the application.
        """
        if not written or "://" in written or written.startswith("mailto:"):
            return written
        if written.startswith("/"):
            return mount_of(request.scope) + written
        return self.to(request, written)

    def prepared(self, visit: Visit) -> Visit:
        """Let a visit know what the site brings to it; for pages, and for jobs that go on alone."""
        visit.history = self.history
        visit.may = Limited(visit.may, self.plan, visit)
        if visit.request is not None:
            visit.say = self.saying(visit.request)
            let_write(visit, self.brought.functions)
        return visit

    def saying(self, request: Request) -> Callable[[str], str]:
        """Give what tells texts in the language of a request."""
        return partial(self.templates.told, request=request)

    async def show(
        self,
        visit: Visit,
        name: str,
        crumbs: Sequence[Crumb],
        *,
        status: int = 200,
        **context: Any,  # whatever a template shows
    ) -> Response:
        """Give a page: the template ``admin/<name>.html`` within the frame, or one of the user's.

        The user's extends ``admin/layout.html``, and is named with its ending: ``sales.html``.
        """
        headers = _SENT | {
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }
        return await self.templates.render(
            name if name.endswith(".html") else f"admin/{name}.html",
            request=visit.request,
            status_code=status,
            headers=headers,
            frame=await self._frame(visit, crumbs),
            **context,
        )

    async def go(
        self, visit: Visit, url: str, notice: str = "", level: str = "success"
    ) -> Response:
        """Send a browser on, with a notice for the page that it gets."""
        if notice:
            await self.access.tell(visit.request, notice, level)
        return RedirectResponse(url, 303, _SENT)

    async def _frame(self, visit: Visit, crumbs: Sequence[Crumb]) -> Frame:
        request = visit.request
        files = self.files.of(request)
        account, sign_out = self.access.account_urls(request)
        return Frame(
            title=self.title,
            home=self.to(request, ""),
            menu=await self.menu(visit),
            crumbs=crumbs,
            visitor=Visitor(
                visit.name, account, sign_out, visit.name if visit.impersonator else ""
            ),
            files=files,
            theme_url=files.get("theme.css", ""),
            logo_url=next((url for name, url in files.items() if name.startswith("logo.")), ""),
            palette_url=self.to(request, "palette"),
            notices=[
                {"text": text, "level": level} for text, level in await self.access.notices(request)
            ],
        )

    async def menu(self, visit: Visit) -> list[MenuGroup]:
        """Give the models, pages and links to which the visitor may go, by groups."""
        entries = await self._entries(visit)
        more = self.added
        entries += await further(more.pages, more.links, visit, self.address)
        if visit.history is not None and await visit.may(LOG):
            url = self.to(visit.request, "log")
            is_here = visit.request.url.path == url
            entries.append(("", Entry(lazy("All changes"), url, "history", is_here)))
        return grouped(entries, self.added.groups)

    async def menu_of_models(self, visit: Visit) -> list[MenuGroup]:
        """Give the models that the visitor may see, by groups."""
        return grouped(await self._entries(visit), self.added.groups)

    async def _entries(self, visit: Visit) -> list[tuple[str, Entry]]:
        here = visit.request.url.path
        plans = [one for one in self.plan.models.values() if await visit.may("view", one.model)]
        counts: Mapping[str, str] = await badges(plans, visit, self.brought.keeping)
        found = []
        for plan in plans:
            url = self.to(visit.request, plan.slug, "")
            can_add = await visit.may("add", plan.model)
            entry = Entry(
                plan.plural,
                url,
                plan.icon,
                here.startswith(url),
                add_url=self.to(visit.request, plan.slug, "add") if can_add else "",
                count=counts.get(plan.slug, ""),
                slug=plan.slug,
            )
            found.append((plan.admin.group, entry))
        return found
