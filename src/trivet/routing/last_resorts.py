"""What is asked where no route fits: the front ends of a router and of all that it includes.

The one with the longest path is asked first, and before them all whatever else stands among them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette import routing as starlette

from trivet.http.exchange import Exchange, Target
from trivet.routing.contexts import Included, RouteContext
from trivet.routing.frontend import Frontend, Frontends
from trivet.routing.layer import Layer
from trivet.routing.router import Router

__all__ = ["finder", "last_resorts"]


def last_resorts(
    router: Router, layer: Layer | None = None
) -> tuple[list[RouteContext], list[Frontend]]:
    """Give what a router and all that it includes serve after their routes, in the order to ask.

    First whatever else stands among the front ends, as it was declared; then the front ends, the
    most specific first.
    """
    others: list[RouteContext] = []
    found: list[Frontend] = []
    for route in router.frontends:
        if isinstance(route, Frontends):
            found += route.routes if layer is None else route.under(layer).routes
        else:
            others.append(RouteContext(route, layer))
    for route in router.routes:
        if isinstance(route, Included):
            inner = route.layer if layer is None else layer.around(route.layer)
            more_others, more_found = last_resorts(route.router, inner)
            others += more_others
            found += more_found
    found.sort(key=lambda one: -one.specificity)
    return others, found


def finder(
    router: Router, target_of: Callable[[RouteContext], Target]
) -> Callable[[Exchange], Target | None] | None:
    """Give what finds the target of a request that no route fits; None where there is nothing.

    `target_of` compiles a route; it is called now, for every front end.
    """
    others, frontends = last_resorts(router)
    if not others and not frontends:
        return None
    routes = [(context.effective, target_of(context)) for context in others]
    targets = [
        (one, target_of(RouteContext(one.reading)), target_of(RouteContext(one.refusing)))
        for one in frontends
    ]

    def find(exchange: Exchange) -> Target | None:
        for route, target in routes:
            params = _params(route, exchange)
            if params is not None:
                exchange.params = params
                return target
        for one, reading, refusing in targets:
            if one.below(exchange.path) is not None:
                exchange.params = ()
                return reading if exchange.method in one.methods else refusing
        return None

    return find


def _params(route: Any, exchange: Exchange) -> tuple[str, ...] | None:
    """Give the path parameters of a route that fits path and method, otherwise None."""
    pattern = getattr(route, "path_regex", None)
    if pattern is None:  # a route of somebody else's kind is asked itself
        return () if route.matches(exchange.scope)[0] is starlette.Match.FULL else None
    methods = getattr(route, "methods", None)
    found = pattern.match(exchange.path)
    if found is None or (methods is not None and exchange.method not in methods):
        return None
    return tuple(found.groups())
