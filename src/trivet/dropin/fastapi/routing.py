"""`fastapi.routing`: routers and routes under FastAPI's names, and what only FastAPI's do.

Two names of this module are meant to be set from outside, and are heeded:

- `_PING_INTERVAL`, the seconds of silence after which an event stream sends a comment;
- `get_request_handler`, which makes the handler of each route. As long as it is the one defined
  here nobody calls it, and routes are served by their compiled endpoints alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Coroutine, Sequence
from copy import copy
from types import ModuleType
from typing import Any, TypeVar

from starlette import routing as starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import (
    BaseRoute,
    Match,
    Mount,
    NoMatchFound,
    compile_path,
    get_name,
    request_response,
)
from typing_extensions import Unpack, deprecated

from trivet.binding.params import Depends
from trivet.dropin.fastapi.alone import Alone
from trivet.dropin.fastapi.dependencies.models import Dependant
from trivet.dropin.fastapi.wording import told_as_fastapi
from trivet.http.exchange import ASGIApp, Receive, Scope, Send
from trivet.routing import streams
from trivet.routing.contexts import Included, RouteContext
from trivet.routing.contexts import contexts as iter_route_contexts
from trivet.routing.custom import handler_of
from trivet.routing.frontend import Frontends
from trivet.routing.route import Route
from trivet.routing.route import WebSocketRoute as APIWebSocketRoute
from trivet.routing.router import IncludeOptions, Router, RouterOptions
from trivet.routing.serve import RouteTarget, compile_route

__all__ = [
    "APIRoute",
    "APIRouter",
    "APIWebSocketRoute",
    "BaseRoute",
    "Match",
    "Mount",
    "NoMatchFound",
    "RouteContext",
    "compile_path",
    "get_name",
    "get_request_handler",
    "iter_route_contexts",
    "request_response",
    "run_endpoint_function",
]

Handler = TypeVar("Handler", bound=Callable[..., Any])
RequestHandler = Callable[[Request], Coroutine[Any, Any, Response]]

ON_EVENT = """
on_event is deprecated, use lifespan event handlers instead.

Read more about it in the
[FastAPI docs for Lifespan Events](https://fastapi.tiangolo.com/advanced/events/).
"""

# FastAPI's names for an inclusion, and for a route as it is served through one.
_IncludedRouter = Included
_EffectiveRouteContext = RouteContext


class APIRoute(Route):
    """A route as extensions for FastAPI know it; its plan can be changed through `dependant`."""

    types_empty_answers = True  # FastAPI names JSON in every status

    @property
    def dependant(self) -> Any:  # Any: a Dependant, where the route that it inherits from has more
        return Dependant(self.plan)

    @property
    def _embed_body_fields(self) -> bool:
        return self.embeds_body


class APIRouter(Router, starlette.Router):  # type: ignore[misc]  # ours goes first, everywhere
    """A router; it is Starlette's too, for tools that ask, and can be served alone."""

    refuses_socket_bodies = False  # FastAPI gives them their default

    def __init__(self, **options: Unpack[RouterOptions]) -> None:
        options.setdefault("route_class", APIRoute)
        super().__init__(**options)
        self._alone = Alone(self)

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Add a route; what is wrong with it is said in FastAPI's words."""
        with told_as_fastapi():
            super().add_api_route(path, endpoint, **options)

    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[Depends] | None = None,
    ) -> None:
        """Add a WebSocket route; what is wrong with it is said in FastAPI's words."""
        with told_as_fastapi():
            super().add_api_websocket_route(path, endpoint, name, dependencies=dependencies)

    def include_router(self, router: Router, **options: Unpack[IncludeOptions]) -> None:
        """Serve the routes of `router`; what is wrong with it is said in FastAPI's words."""
        with told_as_fastapi():
            super().include_router(router, **options)

    # Starlette's routers are equal where their routes are, and so cannot be keys.
    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._alone(scope, receive, send)

    @property
    def middleware_stack(self) -> ASGIApp:  # type: ignore[override]  # nobody sets it here
        return self._alone

    def route(  # type: ignore[override]  # Starlette's plain routes, as FastAPI has it
        self,
        path: str,
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> Callable[[Handler], Handler]:
        """Declare a plain Starlette route: a function from a request to a response."""

        def declare(function: Handler) -> Handler:
            self.add_route(path, function, methods, name, include_in_schema)
            return function

        return declare

    @deprecated(ON_EVENT)
    def on_event(self, event_type: str) -> Callable[[Handler], Handler]:
        """Call the function at "startup" or "shutdown"; a lifespan does both in one place."""
        return super().on_event(event_type)

    def frontend(self, path: str, **options: Any) -> None:
        """Serve a built front end; `FASTAPI_ENV=development` lets its folder be missing."""
        options["development"] = os.environ.get("FASTAPI_ENV") == "development"
        super().frontend(path, **options)

    # FastAPI's own names for what is asked after all routes.

    @property
    def _low_priority_routes(self) -> list[BaseRoute]:
        return self.frontends

    @property
    def _frontend_routes(self) -> Frontends | None:
        return next((one for one in self.frontends if isinstance(one, Frontends)), None)

    def _mark_routes_changed(self) -> None:
        self.mark_changed()


async def run_endpoint_function(
    *, dependant: Dependant, values: dict[str, Any], is_coroutine: bool
) -> Any:
    """Call the function of a plan with `values`, on a worker thread unless it is a coroutine's."""
    if is_coroutine:
        return await dependant.call(**values)
    return await run_in_threadpool(dependant.call, **values)


class _Served(Dependant):
    """The plan of a route that is just being built, with the target that was made for it."""

    def __init__(self, target: RouteTarget) -> None:
        super().__init__(copy(target.route.plan))
        self.target = target


def get_request_handler(dependant: Dependant, **described: Any) -> RequestHandler:
    """Give the handler of the route whose plan this is; only for those who stand in for it.

    What else describes the route is in its plan's target, and is not read from the arguments.
    """
    if not isinstance(dependant, _Served):
        raise TypeError("a handler can only be made for a route that an application serves")
    target = dependant.target
    if dependant.call is target.route.plan.function:
        return handler_of(target)
    route = copy(target.route)
    route.plan = dependant.plan
    provider = route.dependency_overrides_provider
    compiled = compile_route(route, getattr(provider, "dependency_overrides", None) or {})
    changed = copy(target)
    changed.route, changed.compiled, changed.run = route, compiled, compiled.function
    return handler_of(changed)


_OWN_REQUEST_HANDLER = get_request_handler


def _handler_by_stand_in(route: APIRoute) -> RequestHandler:
    """Do what `APIRoute.get_route_handler` does while somebody stands in for the function above."""
    # Without the stand-in's sight: the plain handler keeps the target that is being built.
    Route.get_route_handler(route)
    target: Any = route._target
    state = target.route
    handler: RequestHandler = sys.modules[__name__].get_request_handler(
        dependant=_Served(target),
        body_field=state.body_field,
        status_code=state.status_code,
        response_class=state.response_class,
        response_field=state.response_field,
        response_model_include=state.response_model_include,
        response_model_exclude=state.response_model_exclude,
        response_model_by_alias=state.response_model_by_alias,
        response_model_exclude_unset=state.response_model_exclude_unset,
        response_model_exclude_defaults=state.response_model_exclude_defaults,
        response_model_exclude_none=state.response_model_exclude_none,
        dependency_overrides_provider=state.dependency_overrides_provider,
        embed_body_fields=state.embeds_body,
        strict_content_type=state.strict_content_type,
        stream_item_field=state.stream_item_field,
        is_json_stream=state.is_json_stream,
        form_limits=state.form_limits,
    )
    return handler


class _Module(ModuleType):
    """This module, with the two names that can be set from outside."""

    @property
    def _PING_INTERVAL(self) -> float:  # noqa: N802  # FastAPI's name
        return streams.PING_SECONDS

    @_PING_INTERVAL.setter
    def _PING_INTERVAL(self, seconds: float) -> None:  # noqa: N802
        streams.PING_SECONDS = seconds

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "get_request_handler":
            if value is not _OWN_REQUEST_HANDLER:
                APIRoute.get_route_handler = _handler_by_stand_in  # type: ignore[method-assign, assignment]
            elif "get_route_handler" in vars(APIRoute):
                del APIRoute.get_route_handler


sys.modules[__name__].__class__ = _Module
