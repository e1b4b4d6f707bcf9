"""One declared route: path, methods, function, and all that its plan and document need.

A `Route` is declared on a router; a `Bound` is the same route as seen through the routers that
include it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from starlette import routing as starlette
from starlette.requests import Request
from starlette.responses import Response

from trivet.adapters.asgi import AsgiExchange, read_body
from trivet.binding.analyze import refuse_body
from trivet.binding.forms import embeds
from trivet.binding.plan import Call
from trivet.http.exchange import Answer, Exchange, Receive, Scope, Send
from trivet.routing.custom import CustomTarget, handler_of
from trivet.routing.serve import ErrorAnswers, Hooks, RouteTarget, compile_route
from trivet.routing.state import RouteState, plan_of

__all__ = ["Bound", "Route", "WebSocketRoute"]


class Route(RouteState, starlette.Route):
    """A declared route. It is a Starlette route too, so it may stand in a Starlette router."""

    # An empty answer (204, 304) is of no type; True writes one all the same.
    types_empty_answers = False

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.describe(path, endpoint, options)
        self._target: RouteTarget | None = None

    @property
    def dependant(self) -> Call:
        return self.plan

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Give the function from a request to a response; a subclass may wrap or replace it."""
        if self._target is None:
            self._target = _alone(self)
        return handler_of(self._target)

    def handler_for(
        self, target: RouteTarget
    ) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Give the handler of this route's class around another compiled target."""
        before, self._target = self._target, target
        try:
            return self.get_route_handler()
        finally:
            self._target = before

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request alone, for a route that stands in a router of Starlette's."""
        if self._target is None:
            self._target = _alone(self)
        target: Any = self._target
        if type(self).get_route_handler is not Route.get_route_handler:
            target = CustomTarget(target, self.get_route_handler(), _RAISE)
        exchange = AsgiExchange(scope, receive, send)
        exchange.target = target
        found = scope.get("path_params", {})
        exchange.params = tuple(
            convertor.to_string(found[name]) for name, convertor in self.param_convertors.items()
        )
        if target.reads_body:
            exchange.body = await read_body(receive, target.max_body)
        outcome = target.begin(exchange)
        if isinstance(outcome, Answer):
            await exchange.reply(outcome)
        else:
            await outcome

    def matches(self, scope: Scope) -> tuple[starlette.Match, Scope]:
        if self.when is not None and not self.when.is_met(scope.get("headers", ())):
            return starlette.Match.NONE, {}
        match, child = super().matches(scope)
        if match is not starlette.Match.NONE:
            child["route"] = self
        return match, child

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


class Bound(RouteState):
    """A declared route under the routers that include it."""

    def __init__(self, route: Route, path: str, options: dict[str, Any]) -> None:
        self.original_route = route
        self.describe(path, route.endpoint, options)

    def matches(self, scope: Scope) -> tuple[starlette.Match, Scope]:
        """Match as Starlette's routes do; for tools, the application has its own table."""
        if self.when is not None and not self.when.is_met(scope.get("headers", ())):
            return starlette.Match.NONE, {}
        # It asks for nothing that a route which is not Starlette's has not.
        match, child = starlette.Route.matches(self, scope)  # type: ignore[arg-type]
        if match is not starlette.Match.NONE:
            child["route"] = self.original_route
        return match, child


class WebSocketRoute(starlette.WebSocketRoute):
    """A WebSocket route whose function has parameters and dependencies like any other.

    Raises `DeclarationError` where one is read from a body. Without `refuses_body` such a parameter
    gets its default, and the connection is refused where there is none.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        dependencies: Sequence[Any] | None = None,
        dependency_overrides_provider: Any = None,
        refuses_body: bool = True,
    ) -> None:
        self.path = path
        self.endpoint = endpoint
        self.name = name or starlette.get_name(endpoint)
        self.dependencies = list(dependencies or [])
        self.dependency_overrides_provider = dependency_overrides_provider
        self.path_regex, self.path_format, self.param_convertors = starlette.compile_path(path)
        self.plan = plan_of(endpoint, self.path_format, self.dependencies)
        self.embeds_body = embeds(self.plan.body_fields())
        self.refuses_body = refuses_body
        if refuses_body:
            refuse_body(self.plan)

    @property
    def dependant(self) -> Call:
        return self.plan

    def matches(self, scope: Scope) -> tuple[starlette.Match, Scope]:
        match, child = super().matches(scope)
        if match is not starlette.Match.NONE:
            child["route"] = self
        return match, child


class _NoHooks:
    """The hooks of a route that stands alone: none."""

    is_empty = True
    dress = None

    def before(self, exchange: Exchange) -> Answer | None:
        return None

    def after(self, exchange: Exchange, answer: Answer) -> Answer:
        return answer

    def send(self, exchange: Exchange) -> Send:
        return exchange.send


class _Raise:
    """Leaves every error to whoever serves the route."""

    hooks: Hooks = _NoHooks()

    def past_hooks(self, exchange: Exchange) -> None:
        return None

    def at_once(self, exchange: Exchange, error: Exception) -> Answer | None:
        return None

    async def respond(self, exchange: Exchange, error: Exception) -> None:
        raise error


_RAISE: ErrorAnswers = _Raise()


def _alone(route: Route) -> RouteTarget:
    context = {"route": route, "endpoint": route.endpoint}
    return RouteTarget(route, compile_route(route, {}), _RAISE, context)
