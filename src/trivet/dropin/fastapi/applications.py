"""`fastapi.applications`: the application class under FastAPI's name and with its defaults."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import Unpack, deprecated

from trivet.app.answers import (
    http_exception_handler,
    request_validation_exception_handler,
    websocket_request_validation_exception_handler,
)
from trivet.app.application import App
from trivet.app.face import core
from trivet.app.options import AppOptions
from trivet.dropin.fastapi.openapi.docs import FAVICON
from trivet.dropin.fastapi.routing import ON_EVENT, APIRouter
from trivet.dropin.fastapi.telemetry import TelemetryConfig
from trivet.errors import (
    RequestValidationError,
    TrivetDeprecationWarning,
    WebSocketRequestValidationError,
)
from trivet.http.exchange import ASGIApp, Message, Receive, Scope, Send
from trivet.openapi.assets import CDN, PageUrls
from trivet.routing.router import Router

__all__ = ["FastAPI"]

Handler = TypeVar("Handler", bound=Callable[..., Any])

_PAGE_URLS = PageUrls(CDN.swagger_js, CDN.swagger_css, CDN.redoc_js, FAVICON)


class Options(AppOptions, total=False):
    """What `FastAPI` takes besides what every application does."""

    telemetry: TelemetryConfig | None


class FastAPI(App, Starlette):  # type: ignore[misc]  # ours goes first, everywhere
    """A Trivet application with the defaults that FastAPI's programs expect.

    It is Starlette's too, for tools that ask; `build_middleware_stack` and `middleware_stack` are
    there for those that put themselves around an application.
    """

    router_class: type[Router] = APIRouter
    most_body = None
    sends_secure_headers = False
    gates_asgi = False  # FastAPI leaves that to the server in front; on our own socket it stays
    hides_disconnects = False  # tests of FastAPI's programs expect it from their client
    plain_failures = True  # a line of text, as FastAPI has it
    joins_methods = False  # Allow names the methods of the first route alone
    answers_head = False  # FastAPI answers HEAD with 405 where only GET was declared

    def __init__(self, **options: Unpack[Options]) -> None:
        self._stack: ASGIApp | None = None
        self._stack_is_given = False
        options.pop("telemetry", None)
        options.setdefault("title", "FastAPI")
        options.setdefault("page_urls", _PAGE_URLS)
        if options.get("root_path"):
            warnings.warn(
                "The `root_path` parameter is deprecated. Configure the server's root path"
                " instead, for example with `fastapi run --root-path /api/v1`.",
                category=TrivetDeprecationWarning,
                stacklevel=2,
            )
        super().__init__(**options)  # type: ignore[misc]  # telemetry is taken out above
        for kind, handler in _HANDLERS.items():
            self.exception_handlers.setdefault(kind, handler)

    # -- what stands around the routes -----------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            send = self._built_again_after_start(send)
        await super().__call__(scope, receive, send)

    def _built_again_after_start(self, send: Send) -> Send:
        # Start functions of extensions change routes in ways that nobody is told of.
        async def telling(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._changed()
            await send(message)

        return telling

    def build_middleware_stack(self) -> ASGIApp:
        """Give the application with its middleware around it, and around that what answers 500."""
        stack: ASGIApp = core(self, self.built)
        for cls, args, kwargs in reversed(self.user_middleware):
            stack = cls(stack, *args, **kwargs)
        return ServerErrorMiddleware(stack, handler=self._last_answer)

    async def _last_answer(self, request: Request, error: Exception) -> Response:
        return await self.built().errors.last_response(request, error)

    @property
    def middleware_stack(self) -> ASGIApp | None:
        """What requests go through; None before the first one, and where no ASGI is needed."""
        return self._stack

    @middleware_stack.setter
    def middleware_stack(self, stack: ASGIApp | None) -> None:
        self._stack = stack
        self._stack_is_given = stack is not None
        self._changed()  # who answers what nobody handles may be another now

    @property
    def is_native(self) -> bool:
        return super().is_native and type(self).__call__ is FastAPI.__call__

    @property
    def is_surrounded(self) -> bool:
        return (
            super().is_surrounded
            or self._stack_is_given
            or type(self).build_middleware_stack is not FastAPI.build_middleware_stack
            or "build_middleware_stack" in vars(self)
        )

    @property
    def asgi(self) -> ASGIApp:
        if self._stack is None:
            bare = core(self, self.built)
            self._stack = self.build_middleware_stack() if self.is_surrounded else bare
        return self._stack

    def add_middleware(
        self, middleware_class: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> None:
        """Put ASGI middleware around all that is there; raises once requests were served."""
        if self._stack is not None:
            raise RuntimeError("Cannot add middleware after an application has started")
        super().add_middleware(middleware_class, *args, **kwargs)

    # -- declaring -------------------------------------------------------------------------------

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

        def declare(function: Handler) -> Handler:
            self.router.add_event_handler(event_type, function)
            return function

        return declare


_HANDLERS: dict[Any, Callable[..., Any]] = {
    HTTPException: http_exception_handler,
    RequestValidationError: request_validation_exception_handler,
    WebSocketRequestValidationError: websocket_request_validation_exception_handler,
}
