"""Functions around the routes of a router: before a request, after its answer, at its end.

A router keeps what was declared as data, in a `Surroundings`; the application folds those of all
routers around a route into one `Chain` and puts a `Surrounded` target in the route's place. Routes
without such functions are served by the targets that they would have anyway. The native hooks
stand outside the functions: a session is there before the first function, and is kept after the
last.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

import anyio
from starlette.requests import Request
from starlette.responses import Response

from trivet.binding.instant import may_block
from trivet.binding.reading import request_of
from trivet.binding.signature import kind_of
from trivet.concurrency import run_in_thread
from trivet.errors import DeclarationError, place_of
from trivet.http.exchange import Answer, Exchange, Message, Scope, Send, Target
from trivet.routing.serve import ErrorAnswers, deliver
from trivet.routing.within import WithinExchange

__all__ = ["Chain", "StreamedResponse", "Surrounded", "Surroundings", "chain_of"]

Function = TypeVar("Function", bound=Callable[..., Any])
ErrorHandler = Callable[[Any, Any], Any]
# What is called: (request, response or error) → what the function gave.
_Call = Callable[[Request, Any], Awaitable[Any]]

# Kind of function → the arguments that it may take, by how many it declares.
_ARGUMENTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "before_request": ((), ("request",)),
    "after_request": (("response",), ("request", "response")),
    "teardown_request": ((), ("error",), ("request", "error")),
}


class Surroundings:
    """What a router says about all requests to its routes, and to those of routers in it."""

    def __init__(self) -> None:
        self.before_functions: list[_Call] = []
        self.after_functions: list[_Call] = []
        self.teardown_functions: list[_Call] = []
        self.exception_handlers: dict[int | type[Exception], ErrorHandler] = {}

    def before_request(self, function: Function) -> Function:
        """Call `function()` or `function(request)` before each route; a response ends the request.

        Outer routers' functions come first, then in declared order; sync ones run on a worker
        thread where they may block. Raises `DeclarationError` for one with other parameters.
        """
        self.before_functions.append(_call_of("before_request", function))
        self.mark_changed()
        return function

    def after_request(self, function: Function) -> Function:
        """Call `function(response)` or `function(request, response)` with each answer.

        The response may be changed, or another one returned in its place. Answers to errors pass
        through too. Inner routers' functions come first, the latest declared before earlier ones.
        """
        self.after_functions.append(_call_of("after_request", function))
        self.mark_changed()
        return function

    def teardown_request(self, function: Function) -> Function:
        """Call `function()`, `function(error)` or `function(request, error)` at each request's end.

        It comes after the answer was sent, whatever happened; `error` is what nobody handled, or
        None. The order is that of `after_request`.
        """
        self.teardown_functions.append(_call_of("teardown_request", function))
        self.mark_changed()
        return function

    def exception_handler(self, key: int | type[Exception]) -> Callable[[Function], Function]:
        """Declare what answers a status or a class of exceptions, raised by these routes.

        The nearest router's handlers are asked first, the application's last.
        """

        def declare(function: Function) -> Function:
            self.add_exception_handler(key, function)
            return function

        return declare

    def add_exception_handler(
        self, key: int | type[Exception], handler: Callable[..., Any]
    ) -> None:
        """Answer a status or a class of exceptions with `handler(request, exception)`."""
        self.exception_handlers[key] = handler
        self.mark_changed()

    def mark_changed(self) -> None:
        """Tell everybody who was built from this router that it is another one now."""


def _call_of(kind: str, function: Callable[..., Any]) -> _Call:
    """Give `function` as something to await with a request and one more argument."""
    names = _arguments(kind, function)
    takes_request = "request" in names
    takes_other = len(names) > int(takes_request)
    is_async = kind_of(function).value == "async"
    # A hand-over to a thread costs more than what a function does that calls nobody.
    on_thread = not is_async and may_block(function)

    async def call(request: Request, other: Any) -> Any:
        given: list[Any] = [request] if takes_request else []
        if takes_other:
            given.append(other)
        if is_async:
            return await function(*given)
        result = await run_in_thread(function, *given) if on_thread else function(*given)
        return await result if inspect.isawaitable(result) else result

    return call


def _arguments(kind: str, function: Callable[..., Any]) -> tuple[str, ...]:
    choices = _ARGUMENTS[kind]
    name = getattr(function, "__name__", "the function")
    if not callable(function):
        raise DeclarationError(
            f"{kind} got {function!r}, which cannot be called",
            code="routing.function-hook",
            mend=f"put @app.{kind} above a function, without brackets",
        )
    required = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    for choice in choices:
        if len(choice) == len(required):
            return choice
    place = place_of(function)
    forms = " or ".join(f"{name}({', '.join(choice)})" for choice in choices)
    raise DeclarationError(
        f"{kind} cannot call {name}({', '.join(p.name for p in required)}): it gives no other"
        " values than these, and reads no parameters",
        code="routing.function-hook",
        where=f"{place['file']}:{place['line']}" if "file" in place else None,
        mend=f"{forms}; for values of the request, write a dependency:"
        f" App(dependencies=[Depends({name})])",
    )


class Chain:
    """The functions around one route, in the orders in which they run."""

    def __init__(self, surroundings: Sequence[Surroundings]) -> None:
        inside_out = list(reversed(surroundings))
        self._before = [call for one in surroundings for call in one.before_functions]
        self._after = [call for one in inside_out for call in reversed(one.after_functions)]
        self._teardown = [call for one in inside_out for call in reversed(one.teardown_functions)]
        self.is_empty = not (self._before or self._after or self._teardown)

    async def before(self, request: Request) -> Response | None:
        """Run what comes first; gives the response that ends the request, or None."""
        for call in self._before:
            found = await call(request, None)
            if found is not None:
                return _checked(found, "before_request")
        return None

    async def after(self, request: Request, response: Response) -> Response:
        """Give the response as the functions want it sent."""
        for call in self._after:
            found = await call(request, response)
            if found is not None:
                response = _checked(found, "after_request")
        return response

    async def teardown(self, request: Request, error: BaseException | None) -> None:
        """Run everything that ends a request; raises the first error once all have run."""
        failed: Exception | None = None
        with anyio.CancelScope(shield=bool(self._teardown)):
            for call in self._teardown:
                try:
                    await call(request, error)
                except Exception as raised:
                    failed = failed or raised
        if failed is not None:
            raise failed


def chain_of(surroundings: Sequence[Surroundings]) -> Chain | None:
    """Give the functions of routers, outermost first; None where there are none."""
    chain = Chain(surroundings)
    return None if chain.is_empty else chain


def _checked(found: Any, kind: str) -> Response:
    if isinstance(found, Response):
        return found
    raise TypeError(
        f"a function of {kind} returned {found!r}; return None, or a response such as"
        " JSONResponse(…) or HTMLResponse(…)"
    )


class StreamedResponse(Response):
    """The status and headers of an answer whose body is a stream, as `after_request` sees it."""


class Surrounded:
    """A target with functions around it.

    `inner` and `errors` are without native hooks: those of `outer` run here, outside the functions.
    """

    def __init__(
        self, inner: Target, chain: Chain, errors: ErrorAnswers, outer: ErrorAnswers
    ) -> None:
        self.reads_body = inner.reads_body
        self.needs_body = inner.needs_body
        self.max_body = inner.max_body
        self.inner = inner
        self.chain = chain
        self.hooks = None if outer.hooks.is_empty else outer.hooks
        self._errors = errors
        self._outer = outer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def enter(self, scope: Scope, params: tuple[str, ...]) -> None:
        self.inner.enter(scope, params)

    def begin(self, exchange: Exchange) -> Answer | Coroutine[Any, Any, None]:
        return self._outer.past_hooks(exchange) or self._serve(SurroundedExchange(exchange, self))

    async def _serve(self, exchange: SurroundedExchange) -> None:
        request = request_of(exchange)
        raised: BaseException | None = None
        try:
            work = await self._begun(request, exchange)
            if work is not None:
                await work
        except BaseException as error:
            raised = error
            raise
        finally:
            await self.chain.teardown(request, raised)

    async def _begun(
        self, request: Request, exchange: SurroundedExchange
    ) -> Coroutine[Any, Any, None] | None:
        """Run up to the route; gives what is still to be done where it waits."""
        try:
            response = await self.chain.before(request)
            if response is not None:
                await deliver(exchange, response)
                return None
            outcome = self.inner.begin(exchange)
            if not isinstance(outcome, Answer):
                return outcome
            await deliver(exchange, outcome)
        except Exception as error:
            await self._errors.respond(exchange, error)
        return None


class SurroundedExchange(WithinExchange):
    """An exchange whose answer passes through the functions, then through the native hooks."""

    __slots__ = ("_is_dressed", "_surrounded")

    def __init__(self, inner: Exchange, surrounded: Surrounded) -> None:
        super().__init__(inner)
        self._surrounded = surrounded
        self._is_dressed = False

    @property
    def send(self) -> Send:
        """The ASGI send: functions see the head of what is streamed, and may change it."""
        hooks = self._surrounded.hooks
        send = self._inner.send if hooks is None else hooks.send(self._inner)
        is_replaced = False

        async def pass_on(message: Message) -> None:
            nonlocal is_replaced
            if message["type"] == "http.response.start" and not self._is_dressed:
                response = StreamedResponse(status_code=message["status"])
                response.raw_headers = list(message.get("headers", ()))
                found = await self._dressed(response)
                if found is not response:
                    is_replaced = True
                    await deliver(self._inner, found, hooks)
                    return
                message = {
                    **message,
                    "status": response.status_code,
                    "headers": response.raw_headers,
                }
            if not is_replaced:
                await send(message)

        return pass_on

    async def reply(self, answer: Answer) -> None:
        hooks = self._surrounded.hooks
        if not self._is_dressed:
            response = Response(answer.body, answer.status)
            response.raw_headers = answer.headers()
            found = await self._dressed(response)
            if len(response.body) != len(answer.body):  # the length that was told is the old one
                kept = [pair for pair in response.raw_headers if pair[0] != b"content-length"]
                response.raw_headers = kept
            await deliver(self._inner, found, hooks)
            return
        await deliver(self._inner, Answer(answer.head, answer.body, answer.extra), hooks)

    async def _dressed(self, response: Response) -> Response:
        self._is_dressed = True  # an error in a function is answered without asking them again
        return await self._surrounded.chain.after(request_of(self), response)
