"""The application: one object that gathers declarations, is built once, serves on every face."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal, TypeVar

from starlette.datastructures import State
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import BaseRoute
from typing_extensions import Unpack

from trivet.adapters.rsgi_bridge import Rsgi
from trivet.app.answers import ErrorHandlers
from trivet.app.build import Built, build
from trivet.app.debug import debug_page
from trivet.app.documentation import add_documentation
from trivet.app.face import core, with_middleware
from trivet.app.hooks import HookChain, with_secure_headers
from trivet.app.options import DOCUMENT_DEFAULTS, AppOptions
from trivet.app.overrides import Overrides
from trivet.app.part import Part
from trivet.app.using import add_part
from trivet.binding.outside import resolved
from trivet.errors import SetupError, TrivetDeprecationWarning
from trivet.http.exchange import ASGIApp, Exchange, Receive, Scope, Send, Target
from trivet.middleware.headers import SecureHeaders, careful_headers
from trivet.middleware.hook import Hook
from trivet.openapi.document import get_openapi
from trivet.openapi.error_shape import FASTAPI, ErrorShape
from trivet.routing.around import Around, joined
from trivet.routing.declaring import Declaring, Handler
from trivet.routing.enclosing import Enclosing
from trivet.routing.frontend import Fallback
from trivet.routing.router import IncludeOptions, Router
from trivet.watching import Watcher

__all__ = ["App"]

SomePart = TypeVar("SomePart", bound=Part)

_ROUTER_OPTIONS = (
    "routes",
    "redirect_slashes",
    "on_startup",
    "on_shutdown",
    "lifespan",
    "default_response_class",
    "dependencies",
    "callbacks",
    "deprecated",
    "include_in_schema",
    "responses",
    "generate_unique_id_function",
    "strict_content_type",
    "max_body_size",
    "form_limits",
)


def _old_root_path(options: AppOptions) -> str:
    """Give the root path under the name that FastAPI had for it before; empty without one."""
    prefix = options.get("openapi_prefix", "")
    if prefix:
        warnings.warn(
            f'openapi_prefix is an old name: write root_path="{prefix}" instead',
            category=TrivetDeprecationWarning,
            stacklevel=3,
        )
    return prefix


class App(Declaring):
    """A web application.

    Declare routes on it, include routers, use parts; then give it to any server: Trivet's own
    takes it without ASGI in between, every other one as the ASGI application that it also is.
    Options are those of `AppOptions`.
    """

    # HEAD is answered wherever GET is, as HTTP wants it (RFC 9110, 9.3.2).
    answers_head = True
    # A 405 names the methods of all routes of its path (RFC 9110, 10.2.1).
    joins_methods = True
    # The version that the document claims; set it lower only for tools that insist.
    openapi_version = "3.1.0"
    # Requests that come through another server's ASGI are looked at by the request gate too.
    gates_asgi = True
    # A WebSocketDisconnect that leaves a handler ends it; False raises it to the server's log.
    hides_disconnects = True
    # What nobody handles is answered in the shape of all errors; True answers a line of text.
    plain_failures = False
    # The most bytes of a body where nobody says otherwise; None, said aloud, is no limit.
    most_body: int | None = 16 * 1024 * 1024
    # True switches debug on in every application that is made; `trivet dev` sets it before it
    # imports one, because what is declared on import may depend on it already.
    forces_debug = False
    router_class = Router
    sends_secure_headers = True  # where an application says nothing of them

    title: str
    summary: str | None
    description: str
    version: str
    openapi_url: str | None
    openapi_tags: Sequence[Mapping[str, Any]] | None
    docs_url: str | None
    redoc_url: str | None
    swagger_ui_oauth2_redirect_url: str | None
    swagger_ui_init_oauth: Mapping[str, Any] | None
    swagger_ui_parameters: Mapping[str, Any] | None
    terms_of_service: str | None
    contact: Mapping[str, Any] | None
    license_info: Mapping[str, Any] | None
    root_path_in_servers: bool
    separate_input_output_schemas: bool
    openapi_external_docs: Mapping[str, Any] | None

    def __init__(self, **options: Unpack[AppOptions]) -> None:
        unknown = set(options) - set(AppOptions.__annotations__)
        if unknown:
            raise TypeError(
                f"{type(self).__name__} has no option {sorted(unknown)[0]!r}; it knows"
                f" {', '.join(sorted(AppOptions.__annotations__))}"
            )
        for name, default in DOCUMENT_DEFAULTS.items():
            setattr(self, name, options.get(name, default))
        if self.openapi_url and not self.title:
            raise SetupError("A title must be provided for OpenAPI, e.g.: 'My API'")
        if self.openapi_url and not self.version:
            raise SetupError("A version must be provided for OpenAPI, e.g.: '2.1.0'")
        self.debug = options.get("debug", False) or self.forces_debug
        self.servers = list(options.get("servers") or [])
        prefix = _old_root_path(options)
        self.root_path = options.get("root_path") or prefix
        self.max_body_size = options.setdefault("max_body_size", self.most_body)
        self.page_urls = options.get("page_urls")
        self.error_shape: ErrorShape = options.get("error_shape", FASTAPI)
        self.openapi_schema: dict[str, Any] | None = None
        self.state = State()
        self._overrides = Overrides(self._changed)
        self.webhooks = options.get("webhooks") or self.router_class()
        self.router = self.router_class(
            dependency_overrides_provider=self,
            **{name: options[name] for name in _ROUTER_OPTIONS if name in options},  # type: ignore[literal-required]
        )
        self.router.changed.append(self._changed)
        self.exception_handlers: dict[Any, Callable[..., Any]] = dict(
            options.get("exception_handlers") or {}
        )
        self.user_middleware: list[Middleware] = list(options.get("middleware") or [])
        self.hooks: list[Hook] = list(options.get("hooks") or [])
        default = careful_headers() if self.sends_secure_headers else None
        self.secure_headers: SecureHeaders | None = options.get("secure_headers", default)
        self.arounds: list[Around] = []
        self.enclosings: list[Enclosing] = []  # around every route, outermost first
        self.watchers: list[Watcher] = []  # who is told of each request, and of what parts do
        self.writes_access = False  # True: a part writes the access log, and the server need not
        # By type; where several of one type may be there, the later ones by themselves.
        self.parts: dict[type[Part] | Part, Part] = {}
        self._built: Built | None = None
        self._asgi: ASGIApp | None = None
        self.setup()

    # -- serving ---------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.root_path:
            scope["root_path"] = self.root_path
        if "app_root_path" in scope:  # mounted: links that are made by our names begin here
            scope["app_root_path"] = scope.get("root_path", "")
        scope["app"] = self
        await self.asgi(scope, receive, send)

    @property
    def __rsgi__(self) -> Callable[..., Any]:
        """The application as an RSGI object: ``granian --interface rsgi module:app``."""
        return self._as_rsgi.__rsgi__

    @property
    def __rsgi_init__(self) -> Callable[..., None]:
        """Called by an RSGI server before the first request."""
        return self._as_rsgi.__rsgi_init__

    @property
    def __rsgi_del__(self) -> Callable[..., None]:
        """Called by an RSGI server after the last request."""
        return self._as_rsgi.__rsgi_del__

    @cached_property
    def _as_rsgi(self) -> Rsgi:
        return Rsgi(self)

    def dispatch(self) -> App:
        """Give what a face asks where requests go: the application itself."""
        return self

    def find(self, exchange: Exchange) -> Target:
        """Match a request; see `trivet.http.exchange.Dispatch`."""
        built = self._built
        if built is None:
            built = self.built()
        return built.find(exchange)

    @property
    def is_native(self) -> bool:
        """False where ASGI middleware stands around the routes."""
        return not self.is_surrounded and not self.root_path

    @property
    def is_surrounded(self) -> bool:
        """True where ASGI middleware stands around the routes, and answers what nobody handles."""
        return bool(self.user_middleware)

    @property
    def asgi(self) -> ASGIApp:
        """The application with its middleware, as an ASGI 3 callable."""
        if self._asgi is None:
            inner = core(self, self.built)
            if self.is_surrounded:
                inner = with_middleware(inner, self.user_middleware, lambda: self.built().errors)
            self._asgi = inner
        return self._asgi

    def built(self) -> Built:
        """Give the built application, built now if that was not done or something changed since."""
        if self._built is None:
            errors = ErrorHandlers(
                self.exception_handlers,
                outermost=not self.is_surrounded,
                hooks=HookChain(with_secure_headers(self.hooks, self._headers_sent())),
                shape=self.error_shape,
                debug_page=debug_page if self.debug else None,
                plain_failures=self.plain_failures,
            )
            self._built = build(
                self,
                self.router,
                errors,
                self.dependency_overrides,
                around=joined(self.arounds),
                answers_head=self.answers_head,
            )
        return self._built

    def _headers_sent(self) -> SecureHeaders | None:
        # A browser that was told of HTTPS while one develops would not forget it for a year.
        if self.debug and self.secure_headers is not None:
            return replace(self.secure_headers, hsts=None)
        return self.secure_headers

    def _changed(self) -> None:
        self._built = None
        self.openapi_schema = None

    @property
    def dependency_overrides(self) -> dict[Callable[..., Any], Callable[..., Any]]:
        """What is called in place of a dependency, in tests mostly."""
        return self._overrides

    @dependency_overrides.setter
    def dependency_overrides(
        self, overrides: Mapping[Callable[..., Any], Callable[..., Any]]
    ) -> None:
        self._overrides = Overrides(self._changed)
        self._overrides.update(overrides or {})

    def resolve(self, function: Callable[..., Any]) -> AbstractAsyncContextManager[Any]:
        """Give a dependency's value outside a request: ``async with app.resolve(get_db) as db``.

        The same plan as in a request, overrides included; raises `SetupError` where it reads one.
        """
        return resolved(function, self.dependency_overrides)

    # -- the document ----------------------------------------------------------------------------

    def openapi(self, *, sent: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Give the OpenAPI document; made once, kept in `openapi_schema`, free to be changed.

        With `sent`, headers that a client always sends, it is made for such clients, and not kept.
        """
        if sent or not self.openapi_schema:
            for router in self.router.every():
                router.documenting(self)
            document = get_openapi(
                title=self.title,
                version=self.version,
                openapi_version=self.openapi_version,
                summary=self.summary,
                description=self.description,
                routes=self.routes,
                webhooks=self.webhooks.routes,
                tags=self.openapi_tags,
                servers=self.servers,
                terms_of_service=self.terms_of_service,
                contact=self.contact,
                license_info=self.license_info,
                separate_input_output_schemas=self.separate_input_output_schemas,
                external_docs=self.openapi_external_docs,
                error_shape=self.error_shape,
                security_schemes={
                    name: scheme
                    for part in self.parts.values()
                    for name, scheme in part.security_schemes().items()
                },
                sent=sent or {},
            )
            if sent:
                return document
            self.openapi_schema = document
        return self.openapi_schema

    def setup(self) -> None:
        """Add the routes of the document and its pages; called once, at the end of construction."""
        add_documentation(self)

    # -- parts, hooks, handlers ------------------------------------------------------------------

    def use(self, part: SomePart) -> SomePart:
        """Install a part, and before it what it requires; gives the part that is installed.

        A part of the same type that is there already is kept and given back, unless it says that
        there may be several.
        """
        found = self.parts.get(type(part))
        if found is part or part in self.parts:
            return part
        if found is not None and not getattr(part, "may_be_several", False):
            return found  # type: ignore[return-value]
        for needed in part.requires:
            self.use(needed)
        self.parts[type(part) if found is None else part] = part
        add_part(self, part)
        return part

    def watch(self, watcher: Watcher) -> None:
        """Tell `watcher` of each request, and of what the parts do, also those that come later.

        Nothing is told, and nothing is paid for it, where nobody watches.
        """
        self.watchers.append(watcher)
        for part in self.parts.values():
            part.watch(watcher)
        self._changed()

    def add_hook(self, hook: Hook) -> None:
        """Put a native hook inside those that are there already."""
        self.hooks.append(hook)
        self._changed()

    def add_middleware(
        self, middleware_class: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> None:
        """Put ASGI middleware around all that is there already; requests then go through ASGI."""
        self.user_middleware.insert(0, Middleware(middleware_class, *args, **kwargs))
        self._asgi = None  # only here: middleware may keep state of its own
        self._changed()

    def middleware(self, middleware_type: str) -> Callable[[Handler], Handler]:
        """Declare a function `(request, call_next) -> response` around every request."""
        if middleware_type != "http":
            raise SetupError('Currently only middleware("http") is supported.')

        def declare(function: Handler) -> Handler:
            self.add_middleware(BaseHTTPMiddleware, dispatch=function)
            return function

        return declare

    def exception_handler(self, key: int | type[Exception]) -> Callable[[Handler], Handler]:
        """Declare what answers a status or a class of exceptions."""

        def declare(function: Handler) -> Handler:
            self.add_exception_handler(key, function)
            return function

        return declare

    def add_exception_handler(
        self, key: int | type[Exception], handler: Callable[..., Any]
    ) -> None:
        """Answer a status or a class of exceptions with `handler(request, exception)`."""
        self.exception_handlers[key] = handler
        self._changed()

    def before_request(self, function: Handler) -> Handler:
        """Call `function()` or `function(request)` first; a response ends the request."""
        return self.router.before_request(function)

    def after_request(self, function: Handler) -> Handler:
        """Call `function(response)` or `function(request, response)` with each answer."""
        return self.router.after_request(function)

    def teardown_request(self, function: Handler) -> Handler:
        """Call `function()`, `function(error)` or `function(request, error)` at the very end."""
        return self.router.teardown_request(function)

    # -- declaring routes: what the router does --------------------------------------------------

    @property
    def routes(self) -> list[BaseRoute]:
        """The declared routes and included routers, as they were declared."""
        return self.router.routes

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        """Give the path of the route `name`; raises Starlette's `NoMatchFound`."""
        return self.router.url_path_for(name, **path_params)

    def include_router(self, router: Router, **options: Unpack[IncludeOptions]) -> None:
        """Serve the routes of `router`, under a prefix and with what the options add."""
        self.router.include_router(router, **options)

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Add a route; options are those of `RouteOptions`, and `methods`."""
        self.router.add_api_route(path, endpoint, **options)

    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[Any] | None = None,
    ) -> None:
        """Add a WebSocket route whose function has parameters and dependencies."""
        self.router.add_api_websocket_route(path, endpoint, name, dependencies=dependencies)

    def add_websocket_route(
        self, path: str, endpoint: Callable[..., Any], name: str | None = None
    ) -> None:
        """Add a plain Starlette WebSocket route."""
        self.router.add_websocket_route(path, endpoint, name)

    def add_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> None:
        """Add a plain Starlette route: a function from a request to a response, or an ASGI app."""
        self.router.add_route(path, endpoint, methods, name, include_in_schema)

    def mount(self, path: str, app: Any, name: str | None = None) -> None:
        """Serve another ASGI application below `path`."""
        self.router.mount(path, app, name)

    def host(self, host: str, app: Any, name: str | None = None) -> None:
        """Serve another ASGI application for a host name."""
        self.router.host(host, app, name)

    def frontend(
        self,
        path: str,
        *,
        directory: str | os.PathLike[str],
        fallback: Fallback = "auto",
        check_dir: bool | Literal["auto"] = "auto",
    ) -> None:
        """Serve a built single-page front end below `path`, where no route fits."""
        self.router.frontend(
            path,
            directory=directory,
            fallback=fallback,
            check_dir=check_dir,
            development=self.debug,
        )

    def add_event_handler(self, event_type: str, func: Callable[[], Any]) -> None:
        """Call `func` at "startup" or "shutdown"."""
        self.router.add_event_handler(event_type, func)
