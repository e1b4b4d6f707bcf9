"""What the present task is at work for, request or job: what a log line can tell of it.

The one context variable of the package, set by a watcher for the rest of the task's context. It is
for log lines and reports; nothing decides anything by it.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from trivet.app.application import App
from trivet.http.exchange import Exchange, Scope
from trivet.watching import Happening

__all__ = ["TRACE", "Present", "present", "request_id_of", "user_id_of", "watch_present"]

TRACE = "trivet.trace"
"""The fact of a request or job that gives the ids of the present trace and span in hexadecimal, or
None: a function, as they change within it. Who makes traces adds it."""

_WORK = frozenset({"request", "websocket", "job"})
_IDENTITY = "trivet.auth.identity"  # where accounts leave in a scope who asks

present: ContextVar[Happening | None] = ContextVar("trivet.observe.present", default=None)
"""The request, WebSocket or job that this task is at work for, and so what it begins; set where
somebody watches who asks for it."""


class Present:
    """A watcher that notes what a task is at work for."""

    def begins(self, happening: Happening) -> None:
        """Note it, for this task and for what it starts."""
        if happening.kind in _WORK:
            present.set(happening)

    def ends(self, happening: Happening) -> None:
        """Nothing: tasks that it has started may still be at work for it."""


def watch_present(app: App) -> None:
    """Let `present` know of the requests and jobs of an application; once, whoever asks."""
    if not any(isinstance(watcher, Present) for watcher in app.watchers):
        app.watch(Present())


def request_id_of(work: Happening) -> str | None:
    """Give the id of a request, where the hook `RequestId` gives ids."""
    scope = _scope_of(work)
    state = None if scope is None else scope.get("state")
    found = state.get("request_id") if isinstance(state, dict) else None
    return found if isinstance(found, str) else None


def user_id_of(work: Happening) -> str | None:
    """Give the id of who asks, where that was found out for this request; it asks nobody."""
    scope = _scope_of(work)
    identity = None if scope is None else scope.get(_IDENTITY)
    user: Any = getattr(identity, "user", None)  # Any: the application's model of accounts
    if user is None:
        return None
    try:
        return str(user.id)
    except Exception:  # an account that is not loaded, or has another key: a line without it
        return None


def _scope_of(work: Happening) -> Scope | None:
    exchange: Exchange | None = work.facts.get("trivet.exchange")
    return work.facts.get("trivet.scope") if exchange is None else exchange.known_scope
