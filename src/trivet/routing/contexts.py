"""The tree of routers as a flat list: each route as it is really served, in declared order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from starlette import routing as starlette
from starlette.datastructures import URLPath

from trivet.errors import SetupError
from trivet.http.exchange import Receive, Scope, Send
from trivet.routing.layer import Layer
from trivet.routing.route import Bound, Route, WebSocketRoute

if TYPE_CHECKING:
    from trivet.routing.router import Router

__all__ = ["Included", "RouteContext", "contexts"]


@dataclass(eq=False)
class Included(starlette.BaseRoute):
    """A router inside another one, and the layer that it gets there."""

    router: Router
    layer: Layer

    @property
    def original_router(self) -> Router:
        return self.router

    def effective_route_contexts(self) -> Iterator[RouteContext]:
        """Give every route below with its full path, for tools that walk through an application."""
        return contexts([self])

    def matches(self, scope: Scope) -> tuple[starlette.Match, Scope]:
        """Match as Starlette's routes do; for tools, the application has its own table."""
        partial: tuple[starlette.Match, Scope] = (starlette.Match.NONE, {})
        for context in self.effective_route_contexts():
            found = context.effective.matches(scope)
            if found[0] is starlette.Match.FULL:
                return found  # type: ignore[no-any-return]
            if found[0] is starlette.Match.PARTIAL and partial[0] is starlette.Match.NONE:
                partial = found
        return partial

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        """Give the path of the route `name` below; raises Starlette's `NoMatchFound`."""
        for context in self.effective_route_contexts():
            try:
                return context.url_path_for(name, **path_params)
            except starlette.NoMatchFound:
                continue
        raise starlette.NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise SetupError("an included router is served by the application that was built from it")


class RouteContext:
    """One route and the layer under which it is served; None for a route declared directly.

    `effective` is the route as it is served: a `Route` or `Bound` for typed routes, otherwise a
    Starlette route with its full path. It is made when it is first asked for, once.
    """

    def __init__(self, route: starlette.BaseRoute, layer: Layer | None = None) -> None:
        self.original_route = route
        self.layer = layer

    @property
    def route(self) -> starlette.BaseRoute:
        return self.original_route

    @property
    def path(self) -> str | None:
        path = getattr(self.original_route, "path", None)
        if path is None or self.layer is None:
            return path
        return self.layer.prefix + str(path)

    @property
    def path_format(self) -> str | None:
        return getattr(self.effective, "path_format", None)

    @property
    def name(self) -> str | None:
        return getattr(self.original_route, "name", None)

    @property
    def methods(self) -> set[str] | None:
        return getattr(self.original_route, "methods", None)

    @property
    def endpoint(self) -> Callable[..., Any] | None:
        return getattr(self.original_route, "endpoint", None)

    @property
    def starlette_route(self) -> starlette.BaseRoute | None:
        """The route as it is served where it is not a typed one."""
        effective = self.effective
        return None if isinstance(effective, Bound | Route) else effective

    @cached_property
    def effective(self) -> Any:
        """The route as it is served; see the class."""
        return (
            self.original_route if self.layer is None else _under(self.original_route, self.layer)
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.effective, name)

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        """Give the path of this route; raises `NoMatchFound` if the name or parameters differ."""
        if self.layer is None or not isinstance(self.original_route, Route):
            return self.effective.url_path_for(name, **path_params)
        # Not by `effective`: a link needs the path alone, and its plan costs a millisecond.
        if name != self.original_route.name:
            raise starlette.NoMatchFound(name, path_params)
        _, path_format, convertors = starlette.compile_path(
            self.layer.prefix + self.original_route.path
        )
        if set(path_params) != set(convertors):
            raise starlette.NoMatchFound(name, path_params)
        path, _ = starlette.replace_params(path_format, convertors, path_params)
        return URLPath(path=path, protocol="http")


def contexts(
    routes: Iterable[starlette.BaseRoute], layer: Layer | None = None
) -> Iterator[RouteContext]:
    """Give every route of the tree with its layer, depth first, in declared order."""
    for route in routes:
        if isinstance(route, Included):
            inner = route.layer if layer is None else layer.around(route.layer)
            yield from contexts(route.router.routes, inner)
        else:
            yield RouteContext(route, layer)


def _under(route: starlette.BaseRoute, layer: Layer) -> Any:
    """Give `route` as it stands under `layer`."""
    path = layer.prefix + getattr(route, "path", "")
    if isinstance(route, Route):
        return layer.bind(route)
    if isinstance(route, WebSocketRoute):
        return WebSocketRoute(
            path,
            route.endpoint,
            name=route.name,
            dependencies=[*layer.dependencies, *route.dependencies],
            dependency_overrides_provider=layer.dependency_overrides_provider,
            refuses_body=route.refuses_body,
        )
    if isinstance(route, starlette.Route):
        return starlette.Route(
            path,
            route.endpoint,
            methods=list(route.methods or []),
            name=route.name,
            include_in_schema=route.include_in_schema,
        )
    if isinstance(route, starlette.WebSocketRoute):
        return starlette.WebSocketRoute(path, route.endpoint, name=route.name)
    if isinstance(route, starlette.Mount):
        mount = copy(route)
        mount.path = path.rstrip("/")
        mount.path_regex, mount.path_format, mount.param_convertors = starlette.compile_path(
            mount.path + "/{path:path}"
        )
        return mount
    if isinstance(route, starlette.Host):
        app = route.app
        if layer.prefix:
            app = starlette.Router(routes=[starlette.Mount(layer.prefix, app=app)])
        return starlette.Host(route.host, app=app, name=route.name)
    return route
