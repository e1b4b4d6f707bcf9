"""What is attacked: an application with all parts of accounts, and its endpoints as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.auth.organisations.team import ROLES, Team
from tests.auth.site import OTHER_PASSWORD, PASSWORD, site_on
from trivet import Request
from trivet.auth import Impersonation, MagicLinks
from trivet.auth.organisations import Organisations
from trivet.db import Database

Body = dict[str, Any]
Endpoint = tuple[str, str, Body]

# Endpoints that take a body, with one that they take as far as its form goes.
OPEN: tuple[Endpoint, ...] = (
    ("POST", "/auth/sign-up", {"email": "new@example.org", "password": PASSWORD}),
    ("POST", "/auth/sign-in", {"log_in": "ann@example.org", "password": PASSWORD}),
    ("POST", "/auth/confirm-email", {"token": "x"}),
    ("POST", "/auth/ask-for-reset", {"email": "ann@example.org"}),
    ("POST", "/auth/reset-password", {"token": "x", "password": OTHER_PASSWORD}),
    ("POST", "/auth/ask-for-link", {"email": "ann@example.org"}),
    ("POST", "/auth/sign-in/link", {"token": "x"}),
    ("POST", "/auth/invitations/look", {"token": "x"}),
    ("POST", "/auth/invitations/sign-up", {"token": "x", "password": PASSWORD}),
)
OWN: tuple[Endpoint, ...] = (
    ("PATCH", "/auth/me", {"name": "Ann"}),
    ("POST", "/auth/confirm-identity", {"password": PASSWORD}),
    ("POST", "/auth/change-password", {"present": PASSWORD, "new": OTHER_PASSWORD}),
    ("POST", "/auth/organisations", {"name": "Acme"}),
    ("POST", "/auth/invitations/accept", {"token": "x"}),
    ("POST", "/auth/impersonation", {"handle": "x"}),
)
IN_ONE: tuple[Endpoint, ...] = (
    ("PATCH", "", {"name": "Acme"}),
    ("POST", "/transfer", {"to": "x", "role": "guest"}),
    ("PATCH", "/members/x", {"role": "guest"}),
    ("POST", "/invitations", {"email": "x@example.org", "role": "guest"}),
)


class Always:
    """A second factor of every account whose name asks for it."""

    name = "always"

    async def has(self, user: Any) -> bool:
        return str(user.email).startswith("two@")


@dataclass
class Target(Team):
    """The application; its accounts are made by `make`."""


def target_on(database: Database, **options: Any) -> Target:
    """Make the application over a database."""
    site = site_on(database, **options)
    organisations = site.app.use(Organisations(site.auth, ROLES))
    site.app.use(MagicLinks(site.auth))
    site.app.use(Impersonation(site.auth))
    signing_in = site.auth.signing_in
    signing_in.factors.append(Always())

    @site.app.post("/second")
    async def second(request: Request, code: str = "") -> str:
        user = await signing_in.pending(request)
        if code != "right":
            return "wrong"
        await signing_in.finish(request, user, factor="always")
        return "right"

    return Target(site.app, site.auth, site.letters, organisations)
