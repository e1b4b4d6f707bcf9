"""What encloses one route as a whole: it may answer in the route's place, and sees its answers.

A hook stands around all requests and cannot wait; a dependency stands inside the route. What
encloses a route may wait, and what it answers costs neither dependencies nor validation: a cache, a
memory of requests that were served already, a deadline. It is declared on the handler, in any order
with the verb, or by a part for all routes (`Part.enclosing`); routes without one are served by the
targets that they would have anyway::

    @app.get("/products")
    @enclosed(SomeEnclosing())
    async def products() -> list[Product]: ...

The native hooks and the functions of routers stand outside it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, ClassVar, TypeVar

from trivet.http.exchange import Answer, Exchange, Scope, Send, Target
from trivet.routing.serve import ErrorAnswers, Hooks, Outcome, deliver
from trivet.routing.state import RouteState
from trivet.routing.within import WithinExchange

__all__ = [
    "PASSING",
    "Enclosed",
    "Enclosing",
    "Enclosure",
    "Handler",
    "Visit",
    "enclosed",
    "enclosings_of",
    "enclosures_of",
]

Handler = TypeVar("Handler", bound=Callable[..., Any])

_MARK = "__trivet_enclosed__"


class Visit:
    """One request to an enclosed route; subclass it. An error may be `answered` a second time."""

    async def enter(self) -> Answer | None:
        """Give the answer in place of the route, or None to let it answer."""
        return None

    async def during(self, work: Coroutine[Any, Any, None]) -> Exception | None:
        """Await the route's work, of which it answers errors itself.

        What it gives is answered as an error in the route's place, if nothing was sent yet.
        """
        await work
        return None

    async def concluded(self, outcome: Outcome) -> None:
        """Look at what the handler gave while what was opened around it is still open.

        A unit of work is committed behind this; an error raised here rolls it back. Called where
        the enclosure `concludes`, and only for handlers that may wait and have raised nothing.
        """

    async def answered(self, answer: Answer) -> Answer:
        """Give the answer that is sent for the route's, which must not be changed.

        What is streamed is not seen.
        """
        return answer

    async def left(self, error: BaseException | None) -> None:
        """End the visit; `error` is what nobody handled, or that the client has gone."""


PASSING = Visit()
"""The visit of a request that is none of the enclosure's business: it costs no task of its own."""


class Enclosure(ABC):
    """What stands around one route while the application serves."""

    concludes: ClassVar[bool] = False
    """True: its visits are `concluded`."""

    @abstractmethod
    def visit(self, exchange: Exchange) -> Answer | Visit:
        """Give the answer where nothing has to be awaited for it, or begin a visit.

        It takes nothing that `Visit.left` gives back: a client that has left by then never enters,
        and `left` is called for those alone that do.
        """

    def explained(self) -> Sequence[str]:
        """Say what it does, a line each, for `trivet explain`."""
        return ()


class Enclosing(ABC):
    """The declaration on a handler, or a part's for all of them."""

    only_waiting: ClassVar[bool] = False
    """True: routes that never wait are left as they are, without a task."""

    @abstractmethod
    def around(
        self, app: Any, route: RouteState
    ) -> Enclosure | None:  # Any: the application, above this
        """Give what stands around a route, or None to leave it as it is.

        Called when the route is built; raises `SetupError`.
        """


def enclosed(by: Enclosing) -> Callable[[Handler], Handler]:
    """Let `by` enclose the routes of a handler; of several, the one nearest to it is innermost."""

    def declare(handler: Handler) -> Handler:
        setattr(handler, _MARK, (*getattr(handler, _MARK, ()), by))
        return handler

    return declare


def enclosings_of(handler: Callable[..., Any]) -> tuple[Enclosing, ...]:
    """Give what encloses the routes of a handler, innermost first."""
    found: tuple[Enclosing, ...] = getattr(handler, _MARK, ())
    return found


def enclosures_of(
    app: Any, route: RouteState, *, may_wait: bool
) -> list[tuple[Enclosing, Enclosure]]:  # Any: the application, above this
    """Give what stands around a route, innermost first: its own, then that of the parts."""
    found = []
    for enclosing in (*enclosings_of(route.endpoint), *reversed(app.enclosings)):
        if may_wait or not enclosing.only_waiting:
            enclosure = enclosing.around(app, route)
            if enclosure is not None:
                found.append((enclosing, enclosure))
    return found


class Enclosed:
    """A target with an enclosure around it.

    `inner` is without native hooks: those of `errors` run here, outside.
    """

    def __init__(self, inner: Target, enclosure: Enclosure, errors: ErrorAnswers) -> None:
        self.reads_body = inner.reads_body
        self.needs_body = inner.needs_body
        self.max_body = inner.max_body
        self.inner = inner
        self.enclosure = enclosure
        self._hooks = None if errors.hooks.is_empty else errors.hooks
        self._errors = errors

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def enter(self, scope: Scope, params: tuple[str, ...]) -> None:
        self.inner.enter(scope, params)

    def begin(self, exchange: Exchange) -> Answer | Coroutine[Any, Any, None]:
        early = self._errors.past_hooks(exchange)
        if early is not None:
            return early
        try:
            found = self.enclosure.visit(exchange)
        except Exception as error:
            ready = self._errors.at_once(exchange, error)
            return (
                self._errors.respond(exchange, error)
                if ready is None
                else self._dress(exchange, ready)
            )
        if isinstance(found, Answer):
            return self._dress(exchange, found)
        if found is PASSING:
            outcome = self.inner.begin(EnclosedExchange(exchange, found, self._hooks))
            return self._dress(exchange, outcome) if isinstance(outcome, Answer) else outcome
        return self._serve(exchange, found)

    def _dress(self, exchange: Exchange, answer: Answer) -> Answer:
        return answer if self._hooks is None else self._hooks.after(exchange, answer)

    async def _serve(self, exchange: Exchange, visit: Visit) -> None:
        within = EnclosedExchange(exchange, visit, self._hooks)
        failed: BaseException | None = None
        try:
            try:
                found = await visit.enter()
                if found is not None:
                    await deliver(exchange, found, self._hooks)
                    return
                outcome = self.inner.begin(within)
                if isinstance(outcome, Answer):
                    await within.reply(outcome)
            except Exception as error:
                await self._errors.respond(exchange, error)
                return
            if not isinstance(outcome, Answer):
                late = await visit.during(outcome)
                if late is not None:
                    await self._errors.respond(exchange, late)
        except BaseException as error:
            failed = error
            raise
        finally:
            await visit.left(failed)


class EnclosedExchange(WithinExchange):
    """An exchange whose answer passes a visit, then the native hooks."""

    __slots__ = ("_hooks", "_visit")

    def __init__(self, inner: Exchange, visit: Visit, hooks: Hooks | None) -> None:
        super().__init__(inner)
        self._visit = visit
        self._hooks = hooks

    @property
    def send(self) -> Send:
        return self._inner.send if self._hooks is None else self._hooks.send(self._inner)

    async def concluded(self, outcome: Outcome) -> None:
        """Show what the handler gave to this visit, and to those further out."""
        await self._visit.concluded(outcome)
        await super().concluded(outcome)

    async def reply(self, answer: Answer) -> None:
        dressed = await self._visit.answered(answer)
        if self._hooks is not None:
            dressed = self._hooks.after(self._inner, dressed)
        await self._inner.reply(dressed)
