"""Who wants to listen: the visit of a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection, Request

from trivet.admin.visits import SentOn, Visit
from trivet.auth.errors import NotAllowed, NotSignedIn

if TYPE_CHECKING:
    from trivet.admin.showing import Site

__all__ = ["visit_of"]


async def visit_of(site: Site, connection: HTTPConnection) -> Visit | None:
    """Give the visit; None for who may not enter the site, or has to do something else first."""
    # As a page is asked for: a WebSocket has the same cookies, and no method.
    scope = {**connection.scope, "type": "http", "method": "GET"}
    try:
        return await site.access.visit(Request(scope))
    except (NotAllowed, NotSignedIn, SentOn):
        return None
