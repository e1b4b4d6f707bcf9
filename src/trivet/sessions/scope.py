"""Where a request's session is while the request lasts: in its scope, with who has loaded it."""

from __future__ import annotations

from trivet.http.exchange import Scope
from trivet.http.private import mark_private
from trivet.sessions.session import Session

__all__ = ["loaded", "put"]

_KEY = "trivet.sessions"


def put(scope: Scope, session: Session, owner: object) -> Session:
    """Put a session in; gives the one that another asker has put in meanwhile."""
    known = loaded(scope, owner)
    if known is not None:
        return known
    scope[_KEY] = (session, owner)
    # For what is written for Starlette's `request.session`; another hook's own stays.
    scope.setdefault("session", session)
    mark_private(scope)
    return session


def loaded(scope: Scope, owner: object) -> Session | None:
    """Give the session that `owner` has loaded; a mounted application may have sessions too."""
    found = scope.get(_KEY)
    return found[0] if found is not None and found[1] is owner else None
