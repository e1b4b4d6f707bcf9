"""The router: a place where routes are gathered, and nothing else.

A router holds its routes and the routers that it includes as a tree of data. Nobody is copied:
the tree is walked when an application is built, so a route that was added late is found too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Literal, TypedDict

from starlette import routing as starlette
from starlette.responses import JSONResponse
from typing_extensions import Unpack

from trivet.binding.params import Depends
from trivet.checks import Finding
from trivet.errors import DeclarationError, SetupError
from trivet.routing.contexts import Included, contexts
from trivet.routing.declaring import Declaring
from trivet.routing.frontend import Fallback, Frontends
from trivet.routing.functions import Surroundings
from trivet.routing.layer import Layer
from trivet.routing.lifespan import lifespan_of, merged
from trivet.routing.options import (
    Default,
    FormLimits,
    Responses,
    Tags,
    check_form_limits,
    check_max_body,
    chosen,
    generate_unique_id,
)
from trivet.routing.route import Route, WebSocketRoute
from trivet.routing.when import HeaderIs, check_when

__all__ = ["IncludeOptions", "Router", "RouterOptions"]


class SharedOptions(TypedDict, total=False):
    """What a router and an inclusion both give to all their routes."""

    tags: Tags | None
    dependencies: Sequence[Depends] | None
    default_response_class: Any
    responses: Responses | None
    callbacks: Sequence[Any] | None
    deprecated: bool | None
    include_in_schema: bool
    generate_unique_id_function: Callable[[Any], str]
    max_body_size: int | None
    form_limits: FormLimits | None
    when: HeaderIs | None


class IncludeOptions(SharedOptions, total=False):
    """What an inclusion gives to all routes of the included router."""

    prefix: str


class RouterOptions(SharedOptions, total=False):
    """What a router takes: what it gives to its routes, and what is its own."""

    routes: Sequence[starlette.BaseRoute] | None
    redirect_slashes: bool
    default: Any
    dependency_overrides_provider: Any
    route_class: type[Route]
    on_startup: Sequence[Callable[[], Any]] | None
    on_shutdown: Sequence[Callable[[], Any]] | None
    lifespan: Any
    strict_content_type: bool


class Router(Declaring, Surroundings):
    """Gathers routes under one prefix; `include_router` puts it into an app or another router.

    Options are those of `RouterOptions`; tags, dependencies, responses and callbacks are put before
    a route's own. `lifespan` is a context manager around the time in which the app serves.
    """

    # A WebSocket has no body: a parameter that is read from one is a mistake, not a default.
    refuses_socket_bodies = True

    def __init__(self, prefix: str = "", **options: Unpack[RouterOptions]) -> None:
        super().__init__()
        _check_prefix(prefix)
        self.prefix = prefix
        self.routes: list[starlette.BaseRoute] = list(options.get("routes") or [])
        self.tags: list[Any] = list(options.get("tags") or [])
        self.dependencies: list[Depends] = list(options.get("dependencies") or [])
        self.responses: dict[int | str, Any] = dict(options.get("responses") or {})
        self.callbacks: list[Any] = list(options.get("callbacks") or [])
        self.deprecated = options.get("deprecated")
        self.include_in_schema = options.get("include_in_schema", True)
        self.default_response_class: Any = options.get(
            "default_response_class", Default(JSONResponse)
        )
        self.generate_unique_id_function: Any = options.get(
            "generate_unique_id_function", Default(generate_unique_id)
        )
        self.strict_content_type: Any = options.get("strict_content_type", Default(True))
        self.max_body_size = options.get("max_body_size")
        check_max_body(self.max_body_size)
        self.form_limits = check_form_limits(options.get("form_limits"))
        self.when = check_when(options.get("when"))
        self.route_class: type[Route] = options.get("route_class", Route)
        self.redirect_slashes = options.get("redirect_slashes", True)
        self.default = options.get("default")
        self.dependency_overrides_provider = options.get("dependency_overrides_provider")
        self.on_startup: list[Callable[[], Any]] = list(options.get("on_startup") or [])
        self.on_shutdown: list[Callable[[], Any]] = list(options.get("on_shutdown") or [])
        self.lifespan_context = lifespan_of(self, options.get("lifespan"))
        # What is asked after all routes, here and in what includes this router.
        self.frontends: list[starlette.BaseRoute] = []
        self.changed: list[Callable[[], None]] = []

    # -- declaring -----------------------------------------------------------------------------

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Add a route; options are those of `RouteOptions`, and `methods`."""
        route_class = options.pop("route_class_override", None) or self.route_class
        options["tags"] = [*self.tags, *(options.get("tags") or [])]
        options["dependencies"] = [*self.dependencies, *(options.get("dependencies") or [])]
        options["responses"] = {**self.responses, **(options.get("responses") or {})}
        options["callbacks"] = [*self.callbacks, *(options.get("callbacks") or [])]
        options["deprecated"] = options.get("deprecated") or self.deprecated
        options["include_in_schema"] = (
            options.get("include_in_schema", True) and self.include_in_schema
        )
        options["response_class"] = chosen(
            options.get("response_class", Default(JSONResponse)), self.default_response_class
        )
        options["generate_unique_id_function"] = chosen(
            options.get("generate_unique_id_function", Default(generate_unique_id)),
            self.generate_unique_id_function,
        )
        options["strict_content_type"] = chosen(
            options.get("strict_content_type", Default(True)), self.strict_content_type
        )
        if options.get("max_body_size") is None:
            options["max_body_size"] = self.max_body_size
        limits = {**self.form_limits, **(options.pop("form_limits", None) or {})}
        if limits:  # a route class of one's own may not know them
            options["form_limits"] = limits
        when = options.pop("when", None) or self.when
        if when is not None:
            options["when"] = when
        options["dependency_overrides_provider"] = self.dependency_overrides_provider
        self.routes.append(route_class(self.prefix + path, endpoint=endpoint, **options))
        self.mark_changed()

    # -- sockets, plain routes, applications ----------------------------------------------------

    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[Depends] | None = None,
    ) -> None:
        """Add a WebSocket route whose function has parameters and dependencies."""
        self.routes.append(
            WebSocketRoute(
                self.prefix + path,
                endpoint,
                name=name,
                dependencies=[*self.dependencies, *(dependencies or [])],
                dependency_overrides_provider=self.dependency_overrides_provider,
                refuses_body=self.refuses_socket_bodies,
            )
        )
        self.mark_changed()

    def add_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> None:
        """Add a plain Starlette route: a function from a request to a response, or an ASGI app."""
        self.routes.append(
            starlette.Route(
                path, endpoint, methods=methods, name=name, include_in_schema=include_in_schema
            )
        )
        self.mark_changed()

    def add_websocket_route(
        self, path: str, endpoint: Callable[..., Any], name: str | None = None
    ) -> None:
        """Add a plain Starlette WebSocket route."""
        self.routes.append(starlette.WebSocketRoute(path, endpoint, name=name))
        self.mark_changed()

    def mount(self, path: str, app: Any, name: str | None = None) -> None:
        """Serve another ASGI application below `path`."""
        self.routes.append(starlette.Mount(path, app=app, name=name))
        self.mark_changed()

    def host(self, host: str, app: Any, name: str | None = None) -> None:
        """Serve another ASGI application for a host name; `{name}` in it is a parameter."""
        self.routes.append(starlette.Host(host, app=app, name=name))
        self.mark_changed()

    def frontend(
        self,
        path: str,
        *,
        directory: str | os.PathLike[str],
        fallback: Fallback = "auto",
        check_dir: bool | Literal["auto"] = "auto",
        development: bool = False,
    ) -> None:
        """Serve a built single-page front end below `path`, where no route fits.

        `fallback` is the page for addresses that have no file of their own. With `check_dir` the
        folder must exist now; "auto" only warns in `development`.
        """
        group = next((one for one in self.frontends if isinstance(one, Frontends)), None)
        if group is None:
            group = Frontends(self.dependencies, self.dependency_overrides_provider)
            self.frontends.append(group)
        group.add(path, directory, fallback, check_dir, prefix=self.prefix, development=development)
        self.mark_changed()

    # -- including -----------------------------------------------------------------------------

    def include_router(self, router: Router, **options: Unpack[IncludeOptions]) -> None:
        """Serve the routes of `router`, under a prefix and with what the options add."""
        if router is self:
            raise DeclarationError(
                "Cannot include the same router into itself. Did you mean to include a different"
                " router?",
                code="routing.include-itself",
            )
        if router.contains(self):
            raise DeclarationError(
                "Cannot include a router that already includes this router. Did you mean to"
                " include a different router?",
                code="routing.include-circle",
            )
        prefix = options.get("prefix", "")
        _check_prefix(prefix)
        if not prefix:
            _check_paths(router)
        self.routes.append(Included(router, self._layer(router, prefix, options)))
        # Its start and stop functions are part of its lifespan.
        self.lifespan_context = merged(self.lifespan_context, router.lifespan_context)
        router.changed.append(self.mark_changed)
        self.mark_changed()

    def _layer(self, router: Router, prefix: str, options: IncludeOptions) -> Layer:
        limits = (router.max_body_size, options.get("max_body_size"), self.max_body_size)
        check_max_body(options.get("max_body_size"))
        return Layer(
            prefix=self.prefix + prefix,
            tags=(*self.tags, *(options.get("tags") or ())),
            dependencies=(*self.dependencies, *(options.get("dependencies") or ())),
            responses={**self.responses, **(options.get("responses") or {})},
            callbacks=(*self.callbacks, *(options.get("callbacks") or ())),
            deprecated=options.get("deprecated") or self.deprecated,
            include_in_schema=self.include_in_schema and options.get("include_in_schema", True),
            default_response_class=chosen(
                options.get("default_response_class", Default(JSONResponse)),
                self.default_response_class,
            ),
            generate_unique_id_function=chosen(
                options.get("generate_unique_id_function", Default(generate_unique_id)),
                self.generate_unique_id_function,
            ),
            strict_content_type=self.strict_content_type,
            dependency_overrides_provider=self.dependency_overrides_provider,
            max_body_size=next((limit for limit in limits if limit is not None), None),
            form_limits={
                **self.form_limits,
                **check_form_limits(options.get("form_limits")),
                **router.form_limits,
            },
            when=router.when or check_when(options.get("when")) or self.when,
            routers=(router,),
            own_response_class=router.default_response_class,
            own_unique_id_function=router.generate_unique_id_function,
            own_strict_content_type=router.strict_content_type,
        )

    def contains(self, router: Router) -> bool:
        """Tell whether `router` is included somewhere below this one."""
        return any(
            route.router is router or route.router.contains(router)
            for route in self.routes
            if isinstance(route, Included)
        )

    def findings(self, app: Any) -> Sequence[Finding]:
        """Give what `trivet check` should say of this router in `app`; for subclasses."""
        return ()

    def documenting(self, app: Any) -> None:
        """Be told that the document of `app` is made, which has all its parts; for subclasses."""

    def every(self) -> Iterator[Router]:
        """Give this router, and all that are included in it, each once."""
        found: list[Router] = [self]
        for router in found:  # it grows meanwhile
            yield router
            inner = [route.router for route in router.routes if isinstance(route, Included)]
            found += [one for one in inner if one not in found]

    # -- starting and stopping -----------------------------------------------------------------

    def add_event_handler(self, event_type: str, func: Callable[[], Any]) -> None:
        """Call `func` at "startup" or "shutdown"."""
        if event_type not in ("startup", "shutdown"):
            raise DeclarationError(
                f"there is no event {event_type!r}",
                code="routing.event",
                mend='use "startup" or "shutdown"',
            )
        (self.on_startup if event_type == "startup" else self.on_shutdown).append(func)

    def mark_changed(self) -> None:
        """Tell everybody who was built from this router that its routes are others now."""
        for changed in self.changed:
            changed()

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        """Give the path of the route `name`; raises Starlette's `NoMatchFound`."""
        for context in contexts(self.routes):
            try:
                return context.url_path_for(name, **path_params)
            except starlette.NoMatchFound:
                continue
        raise starlette.NoMatchFound(name, path_params)


def _check_prefix(prefix: str) -> None:
    if prefix and not prefix.startswith("/"):
        raise DeclarationError(
            "A path prefix must start with '/'", code="routing.prefix", mend=f'prefix="/{prefix}"'
        )
    if prefix.endswith("/"):
        raise DeclarationError(
            "A path prefix must not end with '/', as the routes will start with '/'",
            code="routing.prefix",
            mend=f'prefix="{prefix.rstrip("/")}"',
        )


def _check_paths(router: Router) -> None:
    for context in contexts(router.routes):
        if context.path is not None and not context.path:
            raise SetupError(
                f"Prefix and path cannot be both empty (path operation: {context.name})",
                code="routing.empty-path",
                mend='give the route a path ("/") or the inclusion a prefix',
            )
