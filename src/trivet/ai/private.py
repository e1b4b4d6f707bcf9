"""A function with a plan of its own, called as a route is, though no address leads to it.

So prompts, resources and the question who may call a tool have dependencies, validation and a unit
of work as handlers have, overrides in tests included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from trivet.ai.arguments import Asked
from trivet.ai.inside import Caller, Reply, ReplyLimits, exchanged, served_by
from trivet.app.application import App
from trivet.app.build import Built
from trivet.binding.markers import Security
from trivet.binding.plan import Call
from trivet.http.exchange import ASGIApp
from trivet.routing.around import joined
from trivet.routing.route import Route
from trivet.routing.serve import RouteTarget, compile_route

__all__ = ["Guard", "PrivateRoute", "guards_in"]

_PASSED = Asked("/", b"", None, ())


class PrivateRoute:
    """One function of an application, behind no address; `path` has its parameters in braces."""

    def __init__(self, function: Callable[..., Any], path: str = "/", **options: Any) -> None:
        self.route = Route(path, function, **options)
        self._built: Built | None = None
        self._serve: ASGIApp | None = None

    async def reply(self, app: App, caller: Caller, asked: Asked, limits: ReplyLimits) -> Reply:
        """Call it; errors are answered as the application answers them."""
        return await exchanged(self._served(app), caller.scope("GET", asked), None, limits)

    def _served(self, app: App) -> ASGIApp:
        built = app.built()
        if self._serve is None or self._built is not built:  # an override throws the old one away
            around = joined(app.arounds)
            compiled = compile_route(self.route, app.dependency_overrides, around)
            context = {
                "app": app,
                "router": app.router,
                "route": self.route,
                "endpoint": self.route.endpoint,
            }
            errors = built.errors.without_hooks()
            target = RouteTarget(self.route, compiled, errors, context, around)
            self._built, self._serve = built, served_by(self.route, target)
        return self._serve


class Guard:
    """Says whether somebody gets past the dependencies of a plan that ask who they are."""

    def __init__(self, calls: Iterable[Call]) -> None:
        async def passed() -> None: ...

        asked = [Security(one.function, scopes=one.scopes) for one in calls]
        self._private = PrivateRoute(passed, dependencies=asked, status_code=204)

    async def lets_in(self, app: App, caller: Caller) -> bool:
        """Ask all of them in one request of its own."""
        reply = await self._private.reply(app, caller, _PASSED, ReplyLimits())
        return reply.status < 400


def guards_in(plan: Call) -> list[Call]:
    """Give the dependencies of a plan that ask who somebody is, and nothing else of a request.

    Those with a security scheme in or below them; one that reads the path, the query or the body
    too cannot be asked before there are arguments.
    """
    found: list[Call] = []
    for call in plan.dependencies:
        if not any(one.scheme is not None for one in call.walk()):
            continue
        if any(one.path or one.query or one.body for one in call.walk()):
            found += guards_in(call)
        else:
            found.append(call)
    return found
