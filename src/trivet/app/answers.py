"""From exceptions to answers: the handlers of an application, and what stands where none does.

Trivet's own answers need no request object and no waiting, so a route that never waits stays
without a task even when it refuses. A handler of the user's takes their place where there is one.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from copy import copy
from typing import Any

from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.exceptions import WebSocketException as StarletteWebSocketException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.websockets import WebSocket

from trivet.app.hooks import HookChain
from trivet.binding.reading import request_of
from trivet.concurrency import run_in_thread
from trivet.errors import RequestValidationError, WebSocketRequestValidationError
from trivet.http.exchange import Answer, Exchange, Head
from trivet.middleware.hook import Hook
from trivet.openapi.error_shape import FASTAPI, ErrorShape
from trivet.routing.functions import Surroundings
from trivet.routing.options import has_body
from trivet.routing.serve import deliver
from trivet.schema.encode import jsonable_encoder

__all__ = [
    "ErrorHandlers",
    "Handler",
    "http_exception_handler",
    "request_validation_exception_handler",
    "websocket_request_validation_exception_handler",
]

logger = logging.getLogger("trivet.app")

# (request or socket, exception) → response; sync or async, so what it gives is open.
Handler = Callable[[Any, Any], Any]
DebugPage = Callable[[Request, Exception], Response]

_POLICY_VIOLATION = 1008  # RFC 6455, 7.4.1


async def http_exception_handler(request: Request, exc: StarletteHTTPException) -> Response:
    """Answer an `HTTPException` as `{"detail": …}` with its status and headers."""
    headers = getattr(exc, "headers", None)
    if not has_body(exc.status_code):
        return Response(status_code=exc.status_code, headers=headers)
    return JSONResponse({"detail": exc.detail}, status_code=exc.status_code, headers=headers)


async def request_validation_exception_handler(
    request: Request, exc: RequestValidationError
) -> JSONResponse:
    """Answer a request that does not fit with its status, mostly 422, and its errors."""
    return JSONResponse({"detail": jsonable_encoder(exc.errors())}, status_code=exc.status_code)


async def websocket_request_validation_exception_handler(
    websocket: WebSocket, exc: WebSocketRequestValidationError
) -> None:
    """Refuse a WebSocket whose opening request does not fit: close with 1008."""
    await websocket.close(code=_POLICY_VIOLATION, reason=jsonable_encoder(exc.errors()))


async def _websocket_exception_handler(
    websocket: WebSocket, exc: StarletteWebSocketException
) -> None:
    await websocket.close(code=exc.code, reason=exc.reason)


_DEFAULTS: dict[Any, Handler] = {
    StarletteHTTPException: http_exception_handler,
    StarletteWebSocketException: _websocket_exception_handler,
    RequestValidationError: request_validation_exception_handler,
    WebSocketRequestValidationError: websocket_request_validation_exception_handler,
}


class _Table:
    """The handlers that one router, or the application, declares."""

    def __init__(self, handlers: Mapping[Any, Handler], defaults: Mapping[Any, Handler]) -> None:
        self.by_status = {key: h for key, h in handlers.items() if isinstance(key, int)}
        self.by_class = {**defaults} | {
            key: h for key, h in handlers.items() if not isinstance(key, int)
        }
        of_any = self.by_class.pop(Exception, None)
        self.last = self.by_status.pop(500, None) or of_any

    def find(self, error: Exception) -> Handler | None:
        if isinstance(error, StarletteHTTPException):
            handler = self.by_status.get(error.status_code)
            if handler is not None:
                return handler
        for cls in type(error).__mro__:
            handler = self.by_class.get(cls)
            if handler is not None:
                return handler
        return None


class ErrorHandlers:
    """All handlers of one application, found by status first and then by class.

    `outermost` says that nothing stands around the routes: what nobody handles gets its 500 here,
    and is raised again so that the server logs it. Inside ASGI middleware it is only raised. That
    500 has the shape of all errors, or is a line of text with `plain_failures`.
    """

    def __init__(
        self,
        handlers: Mapping[Any, Handler],
        *,
        outermost: bool,
        hooks: HookChain,
        shape: ErrorShape = FASTAPI,
        debug_page: DebugPage | None = None,
        plain_failures: bool = False,
    ) -> None:
        self.shape = shape
        self._plain_failures = plain_failures
        self._content_type = (b"content-type", shape.media_type.encode("ascii"))
        self.hooks = hooks
        self._hooks = None if hooks.is_empty else hooks
        own = _Table(handlers, _DEFAULTS)
        self.by_status = own.by_status
        self.by_class = own.by_class
        self.last = own.last
        self._tables = [own]  # nearest to the route first
        self.outermost = outermost
        self.debug_page = debug_page

    def find(self, error: Exception) -> Handler | None:
        """Give the handler of `error`, or None."""
        for table in self._tables:
            handler = table.find(error)
            if handler is not None:
                return handler
        return None

    def of_routers(self, routers: Sequence[Surroundings]) -> ErrorHandlers:
        """Give these handlers with those of routers, outermost first, in front of them."""
        tables = [_Table(one.exception_handlers, {}) for one in routers if one.exception_handlers]
        if not tables:
            return self
        copied = copy(self)
        copied._tables = [*reversed(tables), *self._tables]
        for table in tables:  # what Starlette's own routes are given, in which all lie in one
            copied.by_status = copied.by_status | table.by_status
            copied.by_class = copied.by_class | table.by_class
            copied.last = table.last or copied.last
        return copied

    def within(self, hook: Hook) -> ErrorHandlers:
        """Give the same handlers for a target that has one more hook, inside the others."""
        copied = copy(self)
        copied.hooks = copied._hooks = self.hooks.around(hook)
        return copied

    def without_hooks(self) -> ErrorHandlers:
        """Give the same handlers for a target around which somebody else runs the hooks."""
        copied = copy(self)
        copied.hooks, copied._hooks = HookChain(()), None
        return copied

    def at_once(self, exchange: Exchange, error: Exception) -> Answer | None:
        """Give the answer where it needs no waiting and no user's code; None where it does."""
        try:
            return self._ready(error)
        except ValueError:
            return None  # headers that cannot be sent: `respond` answers that

    def _ready(self, error: Exception) -> Answer | None:
        handler = self.find(error)
        if handler is http_exception_handler:
            answer = self._http_answer(error)  # type: ignore[arg-type]
        elif handler is request_validation_exception_handler:
            answer = self._validation_answer(error)  # type: ignore[arg-type]
        else:
            return None
        # An exception that is raised again and again would gather the frames of every request.
        error.__traceback__ = None
        return answer

    def past_hooks(self, exchange: Exchange) -> Answer | Coroutine[Any, Any, None] | None:
        """Run what stands before a route; gives what ends the request there, or None to go on."""
        if self._hooks is None:
            return None
        try:
            return self._hooks.before(exchange)
        except Exception as error:
            return self._refuse(exchange, error)

    def begin(self, exchange: Exchange, error: Exception) -> Answer | Coroutine[Any, Any, None]:
        """Answer `error` in place of a route, with the hooks around it."""
        return self.past_hooks(exchange) or self._refuse(exchange, error)

    def _refuse(self, exchange: Exchange, error: Exception) -> Answer | Coroutine[Any, Any, None]:
        answer = self.at_once(exchange, error)
        if answer is None:
            return self.respond(exchange, error)
        return answer if self._hooks is None else self._hooks.after(exchange, answer)

    async def respond(self, exchange: Exchange, error: Exception) -> None:
        """Answer `error`, or raise it where nobody handles it."""
        handler = self.find(error)
        if handler is None:
            if self.outermost:
                await self.fail(exchange, error)
            raise error
        if exchange.started:
            raise RuntimeError("Caught handled exception, but response already started.") from error
        try:
            response: Any = self._ready(error)
            if response is None:
                response = await _called(handler, request_of(exchange), error)
        except Exception as raised:
            if self.outermost:
                await self.fail(exchange, raised)
            raise
        if response is not None:
            await deliver(exchange, response, self._hooks)
        error.__traceback__ = None

    async def fail(self, exchange: Exchange, error: Exception) -> None:
        """Answer an error that nobody handled with a 500, if an answer can still be given."""
        response = await self.last_response(request_of(exchange), error)
        if not exchange.started:
            await deliver(exchange, response, self._hooks)

    async def last_response(self, request: Request, error: Exception) -> Response:
        """Give the 500 for `error`: the debug page, the user's own, or one that tells nothing."""
        if self.debug_page is not None:
            return await run_in_thread(self.debug_page, request, error)
        if self.last is not None:
            return await _called(self.last, request, error)  # type: ignore[no-any-return]
        if self._plain_failures:
            return PlainTextResponse("Internal Server Error", status_code=500)
        body = self.shape.to_json(500, "Internal Server Error")
        return Response(body, 500, media_type=self.shape.media_type)

    def _http_answer(self, error: StarletteHTTPException) -> Answer:
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in (error.headers or {}).items()
        ]
        if not has_body(error.status_code):
            return Answer(Head(error.status_code, headers))
        if not any(name == b"content-type" for name, _ in headers):
            headers.append(self._content_type)
        return Answer(
            Head(error.status_code, headers), self.shape.to_json(error.status_code, error.detail)
        )

    def _validation_answer(self, error: RequestValidationError) -> Answer:
        status = error.status_code
        body = self.shape.to_json(status, errors=error.errors())
        return Answer(Head(status, [self._content_type]), body)

    async def close_socket(self, socket: WebSocket, error: Exception) -> None:
        """End a WebSocket for `error`, or raise it where nobody handles it."""
        handler = self.find(error)
        if handler is None:
            raise error
        response = await _called(handler, socket, error)
        if response is not None:
            await response(socket.scope, socket.receive, socket.send)


async def _called(handler: Handler, connection: Any, error: Exception) -> Any:
    if inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(
        getattr(handler, "__call__", None)  # noqa: B004
    ):
        return await handler(connection, error)
    result = await run_in_thread(handler, connection, error)
    return await result if inspect.isawaitable(result) else result
