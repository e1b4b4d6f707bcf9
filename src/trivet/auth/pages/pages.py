"""What all pages of accounts have: how they are shown, where they send people, what they tell.

No page is kept by anybody: each is for one person, and says `no-store`. Nothing in it is inline, so
that the strictest policy fits. Where somebody is to go on, it is a path of this site, or the home.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response

from trivet.auth.pages.refusal import Refusal
from trivet.auth.part import Auth
from trivet.http.mounts import mount_of
from trivet.security.redirects import safe_path
from trivet.templates import Templates

__all__ = ["POLICY", "Account", "Entry", "Pages"]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
_SENT = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A page that who is signed in may go to: what it is called, and its route's name."""

    title: str
    route: str


@dataclass(frozen=True, slots=True)
class Account:
    """What every template may know, also one of the application's own: ``account().title``."""

    title: str
    """What the site is called."""
    home: str
    menu: Sequence[Entry]
    offers: Mapping[str, Any]
    """What a visitor may sign in by, beside a password."""


@dataclass(frozen=True)
class Pages:
    """How the pages of one application's accounts are shown."""

    auth: Auth
    templates: Templates
    path: str
    home: str
    policy: str
    menu: list[Entry] = field(default_factory=list)
    menu_for: list[tuple[Entry, Callable[[Request], Awaitable[bool]]]] = field(default_factory=list)
    """Entries for some, each with what tells of whom."""
    offers: dict[str, Any] = field(default_factory=dict)

    def account(self, request: HTTPConnection | None) -> Account:
        """Give what templates know."""
        mount = "" if request is None else mount_of(request.scope)
        return Account(self.auth.letters.title, mount + self.home, self.menu, self.offers)

    async def show(
        self,
        request: Request,
        name: str,
        refusal: Refusal | None = None,
        *,
        status: int = 200,
        policy: str | None = None,
        **context: Any,  # whatever a template shows
    ) -> Response:
        """Give a page; one with a refusal has its status and headers."""
        await self.auth.identify(request)  # for what templates ask: who is it, who acts as them
        also = [entry for entry, is_for in self.menu_for if await is_for(request)]
        headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": self.policy if policy is None else policy,
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }
        if refusal is not None:
            status = refusal.status
            headers |= refusal.headers
        return await self.templates.render(
            f"account/{name}.html",
            request=request,
            status_code=status,
            headers=headers,
            next=self.next_of(request),
            menu_for_you=also,
            **context,
        )

    async def go(
        self, request: Request, target: str, notice: str | None = None, level: str = "info"
    ) -> Response:
        """Send a browser on, with a notice for the page that it gets."""
        if notice is not None:
            session = await self.auth.sessions.of_request(request)
            session.flash(notice, level)
        return RedirectResponse(target, 303, _SENT)

    def to(self, request: HTTPConnection, page: str, **query: str) -> str:
        """Give the address of a page below `path`."""
        asked = f"?{urlencode(query)}" if query else ""
        return f"{mount_of(request.scope)}{self.path}{page}{asked}"

    def home_of(self, request: HTTPConnection) -> str:
        """Give where people go on whom nothing else led here."""
        return mount_of(request.scope) + self.home

    def next_of(self, request: HTTPConnection) -> str:
        """Give where somebody goes on: `next` of the address, if that is a path of this site."""
        return safe_path(request.query_params.get("next"), self.home_of(request))

    def moment(self, value: datetime, user: Any) -> str:
        """Give a moment as people read it, in the time zone of an account."""
        return _in_zone(value, getattr(user, "time_zone", None)).strftime("%Y-%m-%d %H:%M %Z")


def _in_zone(value: datetime, zone: str | None) -> datetime:
    try:
        return value.astimezone(UTC if zone is None else ZoneInfo(zone))
    except (ValueError, KeyError, OSError):  # an account may have been given any text
        return value.astimezone(UTC)
