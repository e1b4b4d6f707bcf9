"""Whether a request's answer is for the one who asks alone, so that it must not be shared.

Whoever finds out who is asking marks the request: a session that is read, a user that is looked up.
"""

from __future__ import annotations

from trivet.http.exchange import Scope

__all__ = ["is_private", "mark_private"]

_MARK = "trivet.private"


def mark_private(scope: Scope) -> None:
    """Say that a request's answer depends on who is asking: ``mark_private(request.scope)``."""
    scope[_MARK] = True


def is_private(scope: Scope) -> bool:
    """Tell whether somebody has marked a request, has read its session, or is signed in."""
    if _MARK in scope:
        return True
    # A session that is read only when it is asked for says whether it was; another one may be.
    session = scope.get("session")
    if session is not None and getattr(session, "is_loaded", True):
        return True
    return bool(getattr(scope.get("user"), "is_authenticated", False))
