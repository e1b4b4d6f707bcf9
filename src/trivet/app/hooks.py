"""Hooks folded into one chain: what is done before a route, to its answer, and to its stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from trivet.adapters.asgi import AsgiExchange
from trivet.http.exchange import Answer, Exchange, Scope, Send
from trivet.middleware.headers import SecureHeaders
from trivet.middleware.hook import After, Hook, hooked

__all__ = ["HookChain", "secure_headers_of", "with_secure_headers"]

Dressing = Callable[[Exchange, Answer], Answer]


class HookChain:
    """The hooks of an application, outermost first; `is_empty` chains are never called."""

    def __init__(self, hooks: Sequence[Hook]) -> None:
        self._hooks = tuple(hooks)
        self.methods = [hooked(hook) for hook in hooks]
        afters = [method.after for method in self.methods]
        # Each `before` with the `after`s of the hooks outside it: they see its refusal.
        self._befores = [
            (method.before, [a for a in reversed(afters[:index]) if a is not None])
            for index, method in enumerate(self.methods)
            if method.before is not None
        ]
        self._afters: list[After] = [after for after in reversed(afters) if after is not None]
        self._wraps = [m.wrap for m in reversed(self.methods) if m.wrap is not None]
        self._connects = [
            (method.connect, [a for a in reversed(afters[:index]) if a is not None])
            for index, method in enumerate(self.methods)
            if method.connect is not None
        ]
        self.wants_body = [m.wants_body for m in self.methods if m.wants_body is not None]
        self.is_empty = not self.methods
        # Where nothing is done but to give heads more headers, each head has a twin with them.
        alone = hooks[0] if len(hooks) == 1 else None
        is_fixed = isinstance(alone, SecureHeaders) and alone.is_fixed
        self.dress: Dressing | None = alone.put_on if is_fixed else None  # type: ignore[union-attr]

    def around(self, hook: Hook) -> HookChain:
        """Give these hooks with one more inside them."""
        return HookChain((*self._hooks, hook))

    def before(self, exchange: Exchange) -> Answer | None:
        """Run what stands before the route; an answer ends the request."""
        for before, outer in self._befores:
            answer = before(exchange)
            if answer is not None:
                for after in outer:
                    answer = after(exchange, answer)
                return answer
        return None

    def after(self, exchange: Exchange, answer: Answer) -> Answer:
        """Give the answer as the hooks want it sent."""
        background = answer.background
        for after in self._afters:
            answer = after(exchange, answer)
        answer.background = background
        return answer

    def send(self, exchange: Exchange) -> Send:
        """Give the exchange's ASGI send with the hooks around it."""
        send = exchange.send
        for wrap in self._wraps:
            send = wrap(exchange, send)
        return send

    def connect(self, scope: Scope) -> Answer | None:
        """Look at a WebSocket's opening request; an answer refuses it."""
        for connect, outer in self._connects:
            answer = connect(scope)
            if answer is not None:
                # The refusal is an answer to the GET with which every WebSocket begins.
                opening = AsgiExchange({**scope, "method": "GET"}, _nothing, _nothing)
                for after in outer:
                    answer = after(opening, answer)
                return answer
        return None


async def _nothing(*message: Any) -> Any:
    raise AssertionError("hooks neither read nor send")


def with_secure_headers(hooks: Sequence[Hook], headers: SecureHeaders | None) -> Sequence[Hook]:
    """Give the hooks with `headers` around them, unless one of them says it already."""
    if headers is None or any(isinstance(hook, SecureHeaders) for hook in hooks):
        return hooks
    return [headers, *hooks]


def secure_headers_of(app: Any) -> SecureHeaders | None:  # Any: the application, above this file
    """Give the headers that an application's answers get: those of its hook, or else its own."""
    said = (hook for hook in app.hooks if isinstance(hook, SecureHeaders))
    own: SecureHeaders | None = app.secure_headers
    return next(said, own)
