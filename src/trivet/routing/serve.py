"""From a route to what serves it: a compiled target, and how its outcome reaches the client.

A target whose endpoint never waits answers in one step, without a task. All others run as a
coroutine: endpoint, answer, background tasks, and the end of what dependencies opened.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Protocol

from starlette.responses import Response
from starlette.websockets import WebSocket

from trivet.binding.compile import Compilation, Compiled, compile_plan
from trivet.binding.lifetimes import Lifetimes
from trivet.errors import (
    EndpointContext,
    HTTPException,
    RequestValidationError,
    WebSocketRequestValidationError,
    place_of,
)
from trivet.http.exchange import Answer, Exchange, Head, Scope, Send
from trivet.routing.around import Around, failed, preparings
from trivet.routing.respond import Ending
from trivet.routing.state import RouteState
from trivet.routing.within import WithinExchange

__all__ = [
    "ErrorAnswers",
    "RouteTarget",
    "SocketInput",
    "compile_route",
    "compile_socket",
    "deliver",
    "response_of",
    "serve_socket",
    "status_of",
]

Outcome = Answer | Response
_TEXT_CONVERTERS = {"StringConvertor", "PathConvertor"}
_PLAIN_SEND = Response.__call__


class Hooks(Protocol):
    """The hooks around all routes; the application's."""

    is_empty: bool

    @property
    def dress(self) -> Callable[[Exchange, Answer], Answer] | None:
        """What gives heads their headers, where that is all that is done."""

    def after(self, exchange: Exchange, answer: Answer) -> Answer:
        """Give the answer as the hooks want it sent."""

    def send(self, exchange: Exchange) -> Send:
        """Give the exchange's ASGI send with the hooks around it."""


class ErrorAnswers(Protocol):
    """What turns an exception into an answer; the application's."""

    @property
    def hooks(self) -> Hooks:
        """The hooks around what these answer."""

    def past_hooks(self, exchange: Exchange) -> Answer | Coroutine[Any, Any, None] | None:
        """Run what stands before a route; gives what ends the request there, or None to go on."""

    def at_once(self, exchange: Exchange, error: Exception) -> Answer | None:
        """Give the answer where it needs no waiting and no user's code; None where it does."""

    async def respond(self, exchange: Exchange, error: Exception) -> None:
        """Answer, or raise what nobody handles after having answered with a 500."""


def path_values(route: Any) -> dict[str, tuple[int, Callable[[str], Any] | None]]:
    """Say where each path parameter's text is and how it is converted."""
    return {
        name: (
            index,
            None if type(convertor).__name__ in _TEXT_CONVERTERS else _converting(convertor),
        )
        for index, (name, convertor) in enumerate(route.param_convertors.items())
    }


def _converting(convertor: Any) -> Callable[[str], Any]:
    def converted(text: str) -> Any:
        try:
            return convertor.convert(text)
        except ValueError as error:  # it fits the pattern and is no value: too many digits
            raise HTTPException(404) from error

    return converted


def compile_route(
    route: RouteState,
    overrides: Mapping[Callable[..., Any], Callable[..., Any]],
    around: Around | None = None,
) -> Compiled:
    """Compile the endpoint of a typed route; `around` is what prepares its values."""
    method = next(iter(sorted(route.methods)))
    strict = route.strict_content_type
    for answer in (route.response_field, route.stream_item_field):
        if answer is not None:
            answer.settle(route.plan.function)
    return compile_plan(
        route.plan,
        Compilation(
            name=f"serve_{_identifier(route.name)}",
            title=f"{method} {route.path}",
            path_values=path_values(route),
            overrides=overrides,
            body_field=route.body_field,
            embeds_body=route.embeds_body,
            strict_content_type=bool(getattr(strict, "value", strict)),
            form_limits=dict(route.form_limits),  # type: ignore[arg-type]  # all its values are numbers
            invalid=partial(_invalid, route),
            ending=Ending(route, preparings(around, route.response_model)),
        ),
    )


def _identifier(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def _invalid(
    route: RouteState, errors: list[Any], body: Any, exchange: Exchange
) -> RequestValidationError:
    context = place_of(route.endpoint)
    mount = str(exchange.scope.get("root_path", "")).rstrip("/")
    context["path"] = f"{exchange.method} {mount}{route.path_format}"
    return RequestValidationError(errors, body=body, endpoint_ctx=EndpointContext(**context))


class RouteTarget:
    """A typed route, compiled: what a face is given when the route was found."""

    __slots__ = (
        "_begin",
        "_context",
        "_dress",
        "_errors",
        "_hooks",
        "around",
        "begin",
        "compiled",
        "max_body",
        "needs_body",
        "reads_body",
        "route",
        "run",
    )

    def __init__(
        self,
        route: RouteState,
        compiled: Compiled,
        errors: ErrorAnswers,
        context: Mapping[str, Any],
        around: Around | None = None,
        *,
        concludes: bool = False,
    ) -> None:
        self.route = route
        self.around = around
        self._context = context
        self._hooks = None if errors.hooks.is_empty else errors.hooks
        self.compiled = compiled
        self.reads_body = compiled.reads_body
        self.needs_body = compiled.needs_body
        self.max_body: int | None = route.max_body_size
        self.run: Callable[..., Any] = self._first_run
        if concludes and compiled.suspends:
            self.run = self._run_and_conclude
        self._errors = errors
        self.begin: Callable[[Exchange], Answer | Coroutine[Any, Any, None]]
        if around is not None and compiled.suspends:
            wide = compiled.has_lifetimes
            self.begin = self._serve_with_lifetimes_within if wide else self._serve_within
        elif compiled.has_lifetimes:
            self.begin = self._serve_with_lifetimes
        elif compiled.suspends:
            self.begin = self._serve
        else:
            self.begin = self._step
        self._begin = self.begin
        if self._hooks is not None:
            self._dress = self._hooks.dress
            self.begin = self._begin_hooked if self._dress is None else self._begin_dressed

    def enter(self, scope: Scope, params: tuple[str, ...]) -> None:
        """Write into an ASGI scope what the match has found."""
        scope.update(self._context)
        found = dict(scope.get("path_params", ()))
        convertors = self.route.param_convertors.items()
        for (name, convertor), text in zip(convertors, params, strict=False):
            try:
                found[name] = convertor.convert(text)
            except ValueError:
                found[name] = text  # the endpoint answers 404
        scope["path_params"] = found

    def _first_run(self, *given: Any) -> Any:
        self.run = self.compiled.function
        return self.run(*given)

    async def _run_and_conclude(self, exchange: Any, *given: Any) -> Outcome:
        # Any: the exchange of what encloses this route
        outcome: Outcome = await self.compiled.function(exchange, *given)
        if isinstance(exchange, WithinExchange):
            await exchange.concluded(outcome)
        return outcome

    def _begin_hooked(self, exchange: Exchange) -> Answer | Coroutine[Any, Any, None]:
        early = self._errors.past_hooks(exchange)
        if early is not None:
            return early
        outcome = self._begin(exchange)
        if type(outcome) is Answer:
            return self._errors.hooks.after(exchange, outcome)
        return outcome

    def _begin_dressed(self, exchange: Exchange) -> Answer | Coroutine[Any, Any, None]:
        outcome = self._begin(exchange)
        if type(outcome) is Answer:
            return self._dress(exchange, outcome)  # type: ignore[misc]  # chosen by it
        return outcome

    def _step(self, exchange: Exchange) -> Answer | Coroutine[Any, Any, None]:
        """Run an endpoint that never waits: its first step is its last."""
        try:
            self.run(exchange).send(None)
        except StopIteration as done:
            outcome = done.value
            if type(outcome) is Answer:
                return outcome
            try:
                ready = answer_of(outcome)
            except ValueError:
                ready = None  # headers that cannot be sent: `_send` meets them again, and answers
            return ready or self._send(exchange, outcome)
        except Exception as error:
            return self._errors.at_once(exchange, error) or self._errors.respond(exchange, error)
        raise AssertionError("an endpoint that cannot wait did wait")

    async def _send(self, exchange: Exchange, outcome: Outcome) -> None:
        try:
            await deliver(exchange, outcome, self._hooks)
        except Exception as error:
            await self._errors.respond(exchange, error)

    async def _serve(self, exchange: Exchange) -> None:
        try:
            await deliver(exchange, await self.run(exchange), self._hooks)
        except Exception as error:
            await self._errors.respond(exchange, error)

    async def _serve_with_lifetimes(self, exchange: Exchange) -> None:
        lifetimes = Lifetimes(shielded=not exchange.cancels_once)
        try:
            try:
                outcome = await self.run(exchange, lifetimes)
                await lifetimes.close_function()
                await deliver(exchange, outcome, self._hooks)
            except BaseException as error:
                await lifetimes.fail(error)
            else:
                await lifetimes.close()
        except Exception as error:
            await self._errors.respond(exchange, error)

    async def _serve_within(self, exchange: Exchange) -> None:
        """Serve with what is opened around the handler."""
        around: Any = self.around
        opened = around.begin(exchange)
        try:
            try:
                outcome = await self.run(exchange)
                await around.finish(opened, status_of(outcome))
                await deliver(exchange, outcome, self._hooks)
            except BaseException as error:
                await failed(around, opened, error)
                raise
        except Exception as error:
            await self._errors.respond(exchange, error)
        # Whatever ran behind the answer, a handler of errors too, may have opened it again.
        await around.leave(opened, None)

    async def _serve_with_lifetimes_within(self, exchange: Exchange) -> None:
        """The same with dependencies' life spans inside it."""
        around: Any = self.around
        opened = around.begin(exchange)
        lifetimes = Lifetimes(shielded=not exchange.cancels_once)
        try:
            try:
                try:
                    outcome = await self.run(exchange, lifetimes)
                    await lifetimes.close_function()
                    await around.finish(opened, status_of(outcome))
                    await deliver(exchange, outcome, self._hooks)
                except BaseException as error:
                    await lifetimes.fail(error)
                else:
                    await lifetimes.close()
            except BaseException as error:
                await failed(around, opened, error)
                raise
        except Exception as error:
            await self._errors.respond(exchange, error)
        await around.leave(opened, None)


def status_of(outcome: Outcome) -> int:
    """Give the status of an outcome."""
    return outcome.status if type(outcome) is Answer else outcome.status_code  # type: ignore[union-attr]


def answer_of(response: Response) -> Answer | None:
    """Give a response that is ready in memory as an answer; None for one that must be run."""
    if type(response).__call__ is not _PLAIN_SEND or response.background is not None:
        return None
    headers = []
    for name, value in response.raw_headers:
        if name != b"content-length":
            headers.append((name, value))
        elif value != b"%d" % len(response.body):
            return None  # somebody's own, as an answer to HEAD may have
    return Answer(Head(response.status_code, headers), bytes(response.body))


def response_of(outcome: Outcome) -> Response:
    """Give an outcome as a response object."""
    if not isinstance(outcome, Answer):
        return outcome
    response = Response(outcome.body, outcome.status)
    response.raw_headers = outcome.headers()
    response.background = outcome.background  # type: ignore[assignment]
    return response


async def deliver(exchange: Exchange, outcome: Outcome, hooks: Hooks | None = None) -> None:
    """Send an outcome as the hooks want it, then run its background tasks."""
    if type(outcome) is not Answer:
        ready = answer_of(outcome)  # type: ignore[arg-type]
        if ready is None:
            send = exchange.send if hooks is None else hooks.send(exchange)
            await outcome(exchange.scope, exchange.receive, send)  # type: ignore[operator]
            return
        outcome = ready
    if hooks is not None:
        outcome = hooks.after(exchange, outcome)
    await exchange.reply(outcome)
    if outcome.background is not None:
        await outcome.background()


def compile_socket(
    route: Any, overrides: Mapping[Callable[..., Any], Callable[..., Any]]
) -> Compiled:
    """Compile the endpoint of a WebSocket route."""
    return compile_plan(
        route.plan,
        Compilation(
            name=f"serve_{_identifier(route.name)}",
            title=f"WS {route.path}",
            overrides=overrides,
            has_no_body=True,
            invalid=partial(_invalid_socket, route),
        ),
    )


def _invalid_socket(
    route: Any, errors: list[Any], body: Any, x: SocketInput
) -> WebSocketRequestValidationError:
    context = place_of(route.endpoint)
    mount = str(x.scope.get("root_path", "")).rstrip("/")
    context["path"] = f"WS {mount}{route.path_format}"
    return WebSocketRequestValidationError(errors, endpoint_ctx=EndpointContext(**context))


class SocketInput:
    """A WebSocket's opening request, in the shape from which compiled endpoints read."""

    __slots__ = ("body", "headers", "params", "query", "request", "scope")

    def __init__(self, socket: WebSocket) -> None:
        self.request = socket
        self.scope = socket.scope
        self.headers = socket.scope["headers"]
        self.query = socket.scope.get("query_string", b"")
        self.params = ()
        self.body = b""


async def serve_socket(compiled: Compiled, socket: WebSocket) -> None:
    """Run a compiled WebSocket endpoint to its end; errors are the caller's."""
    exchange = SocketInput(socket)
    if not compiled.has_lifetimes:
        await compiled.function(exchange)
        return
    lifetimes = Lifetimes()
    try:
        await compiled.function(exchange, lifetimes)
    except BaseException as error:
        await lifetimes.fail(error)
    else:
        await lifetimes.close()
