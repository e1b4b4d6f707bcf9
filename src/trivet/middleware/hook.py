"""What a native middleware may do around a request.

A hook is a value: it is constructed once, with keyword arguments, and keeps nothing of a request.
The application asks `hooked` once, at build time, which methods a hook has, and compiles only those
into the routes that need them; a method that is left out costs nothing.

For hooks in the order in which they were declared, the rules are those of an onion:

- `before` runs from the first hook to the last, once the request is matched. The first that gives
  an answer ends the request; that hook and those behind it do not see the answer again.
- `after` (ready answers) and `wrap` (streamed ones) run from the last hook to the first, so that
  the first hook sees the answer as the client will. For one answer only one of the two is called.
- Where a `before` or the route raised, the answer to the error goes through all of them, so that
  `after` and `wrap` must not count on their own hook's `before`.
- `wants_body` is asked when the request is matched, and before all of these.
- `connect` runs, in the order of `before`, for the opening request of a WebSocket.

Hooks must run for refusals (404, 405, 413, 422 …) as for routes: a CORS preflight is an OPTIONS
request that no route serves. An answer that is given to `after` may be shared with other requests:
a hook returns a new one instead of changing it. All methods are safe to call from any thread.

The costs that the hooks' docstrings name are CPU time of CPython 3.11 on a small virtual machine,
where making one `Answer` takes 0.5 µs: good to compare them with one another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple

from trivet.http.exchange import Answer, Exchange, Scope, Send

__all__ = ["After", "Before", "Connect", "Hook", "HookMethods", "WantsBody", "Wrap", "hooked"]

Before = Callable[[Exchange], Answer | None]
After = Callable[[Exchange, Answer], Answer]
Wrap = Callable[[Exchange, Send], Send]
Connect = Callable[[Scope], Answer | None]
WantsBody = Callable[[Exchange], bool]


class Hook:
    """What a native middleware may do around a request; each method may be left out."""

    __slots__ = ()

    name: ClassVar[str] = "hook"
    """What `trivet explain` and error messages call it."""

    def wants_body(self, exchange: Exchange) -> bool:
        """Tell whether the whole body is to be read first, so that `before` has `exchange.body`.

        Asked when only the headers are there. A body that is larger than the route takes is refused
        (413), and so is one of more than 16 MiB where the route has no limit.
        """
        return False

    def before(self, exchange: Exchange) -> Answer | None:
        """Refuse early with a ready answer, or note something and return None. Must not block."""
        return None

    def after(self, exchange: Exchange, answer: Answer) -> Answer:
        """Give the answer that is to be sent in place of `answer`, which must not be changed."""
        return answer

    def wrap(self, exchange: Exchange, send: Send) -> Send:
        """Give an ASGI send that passes what it is given on to `send`, changed where needed."""
        return send

    def connect(self, scope: Scope) -> Answer | None:
        """Look at a WebSocket's opening request; an answer refuses it, None lets it through."""
        return None


class HookMethods(NamedTuple):
    """The methods that one hook really has; None where it has none."""

    name: str
    before: Before | None
    after: After | None
    wrap: Wrap | None
    connect: Connect | None
    wants_body: WantsBody | None = None


def hooked(hook: Hook) -> HookMethods:
    """Find the methods that `hook` defines beyond those of `Hook`, which do nothing."""
    kind = type(hook)
    return HookMethods(
        name=hook.name,
        before=hook.before if kind.before is not Hook.before else None,
        after=hook.after if kind.after is not Hook.after else None,
        wrap=hook.wrap if kind.wrap is not Hook.wrap else None,
        connect=hook.connect if kind.connect is not Hook.connect else None,
        wants_body=hook.wants_body if kind.wants_body is not Hook.wants_body else None,
    )
