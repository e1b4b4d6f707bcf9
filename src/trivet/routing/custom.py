"""Routes whose class makes its own handler: a function from a request to a response.

A subclass of `Route` may wrap the handler, or give it a request of another kind. Such a route is
served through request objects; the compiled endpoint is what its innermost handler runs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from trivet.binding.lifetimes import Lifetimes
from trivet.binding.reading import request_of
from trivet.http.exchange import Answer, Exchange, Receive, Scope, Send
from trivet.routing.around import Around, failed
from trivet.routing.serve import ErrorAnswers, RouteTarget, deliver, response_of

__all__ = ["CustomTarget", "handler_of"]

_LIFETIMES = "trivet.lifetimes"


class RequestExchange(Exchange):
    """A request object as an exchange: what a wrapped handler was given."""

    __slots__ = ()

    def __init__(self, request: Request, target: RouteTarget, params: tuple[str, ...]) -> None:
        self.method = request.method
        self.path = request.url.path
        self.query = request.scope.get("query_string", b"")
        self.headers = request.scope["headers"]
        self.body = b""
        self.target = target
        self.params = params
        self.request = request

    @property
    def scope(self) -> Scope:
        return self.request.scope  # type: ignore[no-any-return]

    @property
    def receive(self) -> Receive:
        return self.request.receive  # type: ignore[no-any-return]

    @property
    def send(self) -> Send:
        return self.request._send  # type: ignore[no-any-return]

    @property
    def started(self) -> bool:
        return False

    async def reply(self, answer: Answer) -> None:
        raise AssertionError("a wrapped handler returns its response")


def handler_of(target: RouteTarget) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """Give the compiled endpoint of `target` as a function from a request to a response."""
    convertors = target.route.param_convertors

    async def handle(request: Request) -> Response:
        found = request.path_params
        params = tuple(
            convertor.to_string(found[name]) if name in found else ""
            for name, convertor in convertors.items()
        )
        exchange = RequestExchange(request, target, params)
        if target.reads_body:
            exchange.body = await request.body()
        if target.compiled.has_lifetimes:
            outcome = await target.run(exchange, request.scope[_LIFETIMES])
        else:
            outcome = await target.run(exchange)
        return response_of(outcome)

    return handle


class CustomTarget:
    """Serves a route through the handler that its class made."""

    reads_body = False
    needs_body = True

    def __init__(
        self,
        target: RouteTarget,
        handler: Callable[[Request], Awaitable[Response]],
        errors: ErrorAnswers,
    ) -> None:
        self.route = target.route
        self.compiled = target.compiled
        self.max_body = target.max_body
        self._target = target
        self._handler = handler
        self._errors = errors
        self._hooks = None if errors.hooks.is_empty else errors.hooks

    def enter(self, scope: Scope, params: tuple[str, ...]) -> None:
        self._target.enter(scope, params)

    def begin(self, exchange: Exchange) -> Answer | Coroutine[Any, Any, None]:
        return self._errors.past_hooks(exchange) or self._serve(exchange)

    async def _serve(self, exchange: Exchange) -> None:
        around = self._target.around or Around()
        opened = around.begin(exchange)
        try:
            try:
                await self._handled(exchange, around, opened)
            except BaseException as error:
                await failed(around, opened, error)
                raise
        except Exception as error:
            await self._errors.respond(exchange, error)
        await around.leave(opened, None)

    async def _handled(self, exchange: Exchange, around: Around, opened: Any) -> None:
        lifetimes = Lifetimes(shielded=not exchange.cancels_once)
        request = request_of(exchange)
        request.scope[_LIFETIMES] = lifetimes
        try:
            response = await self._handler(request)
            await lifetimes.close_function()
            await around.finish(opened, response.status_code)
            await deliver(exchange, response, self._hooks)
        except BaseException as error:
            await lifetimes.fail(error)
        else:
            await lifetimes.close()
