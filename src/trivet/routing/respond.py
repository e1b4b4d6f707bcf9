"""What becomes of a handler's value: the ending of every compiled endpoint.

A value with a response model is validated and encoded in Rust; one without is encoded by what it
is; a `Response` is sent as it is; what a generator yields is streamed. Which of these a route
needs is known when it is compiled, and only that is emitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from starlette.responses import Response

from trivet.binding.compile import PlanCompiler
from trivet.binding.plan import Injected
from trivet.binding.source import Source
from trivet.errors import EndpointContext, ResponseValidationError, place_of
from trivet.http.exchange import Answer, Exchange, Head, check_headers
from trivet.routing import streams
from trivet.routing.around import Preparing
from trivet.routing.options import Default, has_body
from trivet.routing.state import RouteState
from trivet.schema.encode import jsonable_encoder, to_json
from trivet.schema.field import errors_at

__all__ = ["Ending"]

JSON = (b"content-type", b"application/json")

# What Pydantic does when it is told nothing; only what differs is written into the call.
_SERIALIZE_DEFAULTS = {
    "include": None,
    "exclude": None,
    "by_alias": False,
    "exclude_unset": False,
    "exclude_defaults": False,
    "exclude_none": False,
}


class Ending:
    """Writes the end of one route's endpoint."""

    def __init__(self, route: RouteState, preparings: Sequence[Preparing] = ()) -> None:
        self.route = route
        self._preparings = preparings
        given = route.response_class
        self.response_class: type[Response] = given.value if isinstance(given, Default) else given
        self.is_default_class = isinstance(given, Default)
        declared: Any = getattr(route, "original_route", route)
        self.types_empty: bool = declared.types_empty_answers
        how = {
            "include": route.response_model_include,
            "exclude": route.response_model_exclude,
            "by_alias": route.response_model_by_alias,
            "exclude_unset": route.response_model_exclude_unset,
            "exclude_defaults": route.response_model_exclude_defaults,
            "exclude_none": route.response_model_exclude_none,
        }
        self.how = {k: v for k, v in how.items() if v != _SERIALIZE_DEFAULTS[k]}

    def __call__(self, source: Source, given: str, compiler: PlanCompiler) -> None:
        route = self.route
        function = source.name(route.plan.function, _function_name(route))
        changes = "response" if Injected.RESPONSE in compiler.injected else "None"
        tasks = "tasks" if Injected.TASKS in compiler.injected else "None"
        # Background tasks run after the answer, so that there is always something to wait for.
        compiler.suspends = compiler.suspends or tasks == "tasks"
        if route.plan.kind.yields:
            compiler.suspends = True
            stream = source.name(self._stream(), "stream")
            source.line(f"return {stream}({function}({given}), {changes}, {tasks})")
            return
        source.line(f"value = {compiler.call_text(compiler.plan, function, given)}")
        with source.block(f"if isinstance(value, {source.name(Response, 'Response')}):"):
            if tasks == "tasks":
                with source.block("if value.background is None and tasks.tasks:"):
                    source.line("value.background = tasks")
            source.line("return value")
        for preparing in self._preparings:
            compiler.suspends = True
            concerns = source.name(preparing.concerns, "concerns")
            with source.block(f"if {concerns}(value):"):
                source.line(f"value = await {source.name(preparing.ready, 'ready')}(value)")
        self._value(source, changes, tasks)

    def _value(self, source: Source, changes: str, tasks: str) -> None:
        field = self.route.response_field
        status = self.route.status_code
        is_answer = self.is_default_class
        if field is not None:
            validate = source.name(field.validate_python, "validate_response")
            with source.block("try:"):
                source.line(f"value = {validate}(value, from_attributes=True)")
            error = source.name(ValidationError, "ValidationError")
            with source.block(f"except {error} as error:"):
                refuse = source.name(self._invalid_response, "invalid_response")
                source.line(f"raise {refuse}(error, value, x) from None")
        if not is_answer:
            content = self._plain(source)
            build = source.name(self._build, "build_response")
            source.line(f"return {build}({content}, {changes}, {tasks})")
            return
        body = self._json(source)
        number = status or 200
        head = source.name(self._head(number), f"HEAD_{number}")
        answer = source.name(Answer, "Answer")
        if changes == "None" and tasks == "None":
            body = body if has_body(number) else 'b""'
            source.line(f"return {answer}({head}, {body})")
            return
        finish = source.name(self._finished, "finished")
        source.line(f"return {finish}({head}, {body}, {status!r}, {changes}, {tasks})")

    def _json(self, source: Source) -> str:
        field = self.route.response_field
        if field is None:
            return f"{source.name(to_json, 'to_json')}(value)"
        encode = source.name(field.type_adapter.serializer.to_json, "encode_response")
        return f"{encode}(value{self._options(source)})"

    def _plain(self, source: Source) -> str:
        field = self.route.response_field
        if field is None:
            return f"{source.name(jsonable_encoder, 'jsonable_encoder')}(value)"
        dump = source.name(field.type_adapter.serializer.to_python, "dump_response")
        return f'{dump}(value, mode="json"{self._options(source)})'

    def _options(self, source: Source) -> str:
        return "".join(
            f", {name}={value if isinstance(value, bool) else source.name(value, name)}"
            for name, value in self.how.items()
        )

    def _build(self, content: Any, changes: Response | None, tasks: Any) -> Response:
        """Make the response of a class that the route chose."""
        options: dict[str, Any] = {"background": tasks if tasks and tasks.tasks else None}
        status = (changes.status_code if changes is not None else None) or self.route.status_code
        if status is not None:
            options["status_code"] = status
        response = self.response_class(content, **options)
        if not has_body(response.status_code):
            response.body = b""
            if not self.types_empty and "content-type" in response.headers:
                del response.headers["content-type"]
        if changes is not None:
            response.headers.raw.extend(changes.headers.raw)
        return response

    def _head(self, status: int) -> Head:
        """Give the head of JSON; what is empty is of no type."""
        return Head(status, [JSON] if has_body(status) or self.types_empty else [])

    def _finished(
        self, head: Head, body: bytes, status: int | None, changes: Response | None, tasks: Any
    ) -> Answer:
        """Give an answer with what the handler set on its response object, and its tasks."""
        extra = None
        if changes is not None:
            if changes.status_code is not None and changes.status_code != head.status:
                head = self._head(changes.status_code)
            extra = list(changes.headers.raw) or None
            if extra is not None:
                check_headers(extra)
        if not has_body(head.status):
            body = b""
        answer = Answer(head, body, extra)
        if tasks is not None and tasks.tasks:
            answer.background = tasks
        return answer

    def _stream(self) -> Any:
        route = self.route
        if route.is_sse_stream:
            kind: Any = streams.EventStream
        elif route.is_json_stream:
            kind = streams.JsonLines
        else:
            kind = streams.RawStream
        return kind(route, self.response_class, self.how, self._invalid_response)

    def _invalid_response(
        self, error: ValidationError, value: Any, exchange: Exchange | None = None
    ) -> ResponseValidationError:
        context = place_of(self.route.endpoint)
        mount = "" if exchange is None else str(exchange.scope.get("root_path", "")).rstrip("/")
        context["path"] = f"{next(iter(self.route.methods))} {mount}{self.route.path_format}"
        return ResponseValidationError(
            errors_at(error, ("response",)), body=value, endpoint_ctx=EndpointContext(**context)
        )


def _function_name(route: RouteState) -> str:
    return getattr(route.endpoint, "__name__", "handler")
