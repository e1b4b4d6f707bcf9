"""From a plan to one straight function: the code that a request runs.

The emitters below write Python from a plan, one small emitter for each kind of thing; `Source`
joins and compiles it. What is emitted for a call, in this order: its dependencies, its values from
path, query, headers, cookies and body, and the call itself, which is left out where a value did
not fit. All errors of a request are reported together, in the plan's order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from starlette.background import BackgroundTasks

from trivet.binding import params, reading
from trivet.binding.analyze import analyze
from trivet.binding.body import body_field
from trivet.binding.extract import read_body
from trivet.binding.forms import embeds
from trivet.binding.instant import may_block, may_suspend
from trivet.binding.plan import Call, Injected, Kind, SecurityScopes
from trivet.binding.received import checked
from trivet.binding.source import Source, Written
from trivet.binding.values import PathValues, ValueWriter
from trivet.concurrency import run_in_thread
from trivet.schema.field import ABSENT, Field

__all__ = ["Compilation", "Compiled", "compile_plan"]


@dataclass(frozen=True)
class Compilation:
    """What a plan is compiled for."""

    name: str
    title: str  # for tracebacks: "GET /users/{id}"
    path_values: PathValues = field(default_factory=dict)
    overrides: Mapping[Callable[..., Any], Callable[..., Any]] = field(default_factory=dict)
    body_field: Field | None = None
    embeds_body: bool = False
    has_no_body: bool = False  # a WebSocket: what would be read from a body is absent
    strict_content_type: bool = True
    form_limits: Mapping[str, int] = field(default_factory=dict)
    invalid: Callable[..., Exception] | None = None
    # Writes what becomes of the handler's call: (source, arguments, compiler) -> None.
    ending: Callable[[Source, str, PlanCompiler], None] | None = None


@dataclass(frozen=True)
class Compiled:
    """A compiled plan and what its caller must know of it."""

    written: Written
    reads_body: bool
    needs_body: bool
    suspends: bool
    has_lifetimes: bool

    @property
    def function(self) -> Callable[..., Any]:
        """The function; the first who asks waits for its compilation."""
        return self.written.function  # type: ignore[no-any-return]

    @property
    def text(self) -> str:
        """The function's source."""
        return self.written.text


def compile_plan(plan: Call, how: Compilation) -> Compiled:
    """Write and compile the function of `plan`.

    Its arguments are the exchange and, where `has_lifetimes`, the request's `Lifetimes`. It
    returns what `how.ending` makes of the handler's value.
    """
    return PlanCompiler(plan, how).compile()


class PlanCompiler:
    """The state of one compilation: the source, what was emitted already, and what was learnt."""

    def __init__(self, plan: Call, how: Compilation) -> None:
        self.plan = _overridden(plan, how.overrides)
        self.how = how
        self.source = Source()
        self.source.name(self, how.name)  # so that nothing else is called like the function itself
        self.suspends = False
        self.has_lifetimes = False
        self._values: dict[Any, str] = {}
        self._errors: dict[Any, list[str]] = {}  # by key: names of the error lists of its subtree
        self._writer = ValueWriter(self.source, how.path_values)
        calls = list(self.plan.walk())
        for call in calls:
            for one in (*call.path, *call.query, *call.header, *call.cookie, *call.body):
                one.settle(call.function)
        self.injected = {kind for call in calls for kind in call.injected.values()}
        self.body_field, self.embeds_body = how.body_field, how.embeds_body
        # What takes the place of a dependency may read the body too.
        if self.plan is not plan and not how.has_no_body:
            fields = self.plan.body_fields()
            self.embeds_body = embeds(fields)
            self.body_field = body_field(fields, how.name, embedded=self.embeds_body)
        self.is_form = self.body_field is not None and isinstance(
            self.body_field.field_info, params.Form
        )
        wants_request = self.injected & {Injected.REQUEST, Injected.CONNECTION}
        self.reads_body = not self.is_form and (self.body_field is not None or not wants_request)
        self.has_lifetimes = self.is_form or any(
            call.kind.yields for call in calls if call is not self.plan
        )

    def compile(self) -> Compiled:
        source = self.source
        arguments = "x, lifetimes" if self.has_lifetimes else "x"
        with source.block(f"async def {self.how.name}({arguments}):"):
            self._prologue()
            given, errors = self._call_inputs(self.plan)
            if errors:
                self._refusal(errors)
            if self.how.ending is not None:
                self.how.ending(source, given, self)
            else:
                self.suspends = True
                name = source.name(self.plan.function, self.how.name + "_function")
                source.line(f"return {self.call_text(self.plan, name, given)}")
        if self.has_lifetimes or self.is_form:
            self.suspends = True
        return Compiled(
            source.written(self.how.name, f"<trivet {self.how.title}>"),
            self.reads_body,
            self.body_field is not None or not self.reads_body,
            self.suspends,
            self.has_lifetimes,
        )

    # -- what stands before everything ----------------------------------------------------------

    def _prologue(self) -> None:
        source = self.source
        if self.injected & {Injected.REQUEST, Injected.CONNECTION, Injected.WEBSOCKET}:
            source.line(f"request = {self.source.helper(reading.request_of)}(x)")
        if Injected.RESPONSE in self.injected:
            source.line(f"response = {self.source.helper(reading.blank_response)}()")
        if Injected.TASKS in self.injected:
            source.line(f"tasks = {self.source.helper(BackgroundTasks)}()")
        body = self.body_field
        if self.how.has_no_body and self.plan.body_fields():
            source.line(f"body = {source.name(ABSENT, 'ABSENT')}")
        if body is None:
            return
        strict = self.how.strict_content_type
        if self.is_form:
            limits = source.name(dict(self.how.form_limits), "form_limits")
            source.line(f"body = await {self.source.helper(reading.form_of)}(x, {limits})")
            source.line("lifetimes.on_close(body.close)")
        elif self._whole_body() is None:
            source.line(f"body = {self.source.helper(reading.json_of)}(x, {strict})")
        else:
            self._fast_body(body, strict)

    def _whole_body(self) -> Call | None:
        """The one call whose one field is the whole JSON body, if it is so simple."""
        if self.is_form or self.embeds_body or self.how.has_no_body:
            return None
        owners = [call for call in self.plan.walk() if call.body]
        if len(owners) != 1 or len(owners[0].body) != 1:
            return None
        return owners[0]

    def _fast_body(self, body: Field, strict: bool) -> None:
        """Validate straight from the bytes; only a body that does not fit is parsed to say why.

        Parsing and validating in one pass of Rust: 3.5 µs less than json.loads and a validation
        of the result for a body of five fields (benchmarks: validated-post).
        """
        source = self.source
        if not body.is_alike_in_json:
            source.line(f"body = {self.source.helper(reading.json_of)}(x, {strict})")
            self._check_body(body)
            return
        validate = source.name(body.validate_json, "validate_body")
        source.line("errors_body = None")
        with source.block(f"if x.body and {self.source.helper(reading.is_json)}(x, {strict}):"):
            with source.block("try:"):
                source.line(f"body = {validate}(x.body)")
            with source.block(f"except {self.source.helper(ValidationError)}:"):
                source.line(f"body = {self.source.helper(reading.json_of)}(x, {strict})")
                self._check_body(body)
        with source.block("else:"):
            source.line("body = x.body or ABSENT")
            source.name(ABSENT, "ABSENT")
            self._check_body(body)

    def _check_body(self, body: Field) -> None:
        field_name = self.source.name(body, "body_field")
        self.source.line(
            f'body, errors_body = {self.source.helper(checked)}({field_name}, body, ("body",))'
        )

    # -- calls -----------------------------------------------------------------------------------

    def _call_inputs(self, call: Call) -> tuple[str, list[str]]:
        """Emit all that `call` needs; give its arguments as text and the names of error lists."""
        arguments: list[str] = []
        errors: list[str] = []
        for dependency in call.dependencies:
            value, found = self._dependency(dependency)
            errors += found
            if dependency.name is not None:
                arguments.append(f"{dependency.name}={value}")
        own = self._values_of(call, arguments)
        if own is not None:
            errors.append(own)
        for name, kind in call.injected.items():
            arguments.append(f"{name}={self._injected(call, kind)}")
        return ", ".join(arguments), errors

    def _injected(self, call: Call, kind: Injected) -> str:
        if kind is Injected.RESPONSE:
            return "response"
        if kind is Injected.TASKS:
            return "tasks"
        if kind is Injected.SCOPES:
            scopes = self.source.name(SecurityScopes, "SecurityScopes")
            return f"{scopes}({call.scopes!r})"
        return "request"

    def _dependency(self, call: Call) -> tuple[str, list[str]]:
        """Emit a dependency, or reuse its value where the same was called before."""
        key = call.key
        if call.use_cache and key in self._values:
            # Asked for twice: its errors are reported twice, as if it had been read twice.
            return self._values[key], self._errors[key]
        given, errors = self._call_inputs(call)
        source = self.source
        value = source.fresh(call.name or str(getattr(call.function, "__name__", "dependency")))
        function = source.name(call.function, getattr(call.function, "__name__", "dependency"))
        text = self.call_text(call, function, given)
        if errors:
            source.line(f"{value} = None")
            with source.block("if " + " and ".join(f"{e} is None" for e in errors) + ":"):
                self._assign(call, value, text)
        else:
            self._assign(call, value, text)
        if key not in self._values:
            self._values[key] = value
            self._errors[key] = errors
        return value, errors

    def _assign(self, call: Call, value: str, text: str) -> None:
        if call.limit is not None and not call.kind.yields:
            limit = self.source.name(call.limit, "limit")
            with self.source.block(f"async with {limit}.get_semaphore():"):
                self.source.line(f"{value} = {text}")
            self.suspends = True
        else:
            self.source.line(f"{value} = {text}")

    def call_text(self, call: Call, function: str, given: str) -> str:
        """Give the expression that calls `call`, in the way that its kind asks for."""
        if call.kind is Kind.ASYNC:
            self.suspends = self.suspends or may_suspend(call.function)
            return f"await {function}({given})"
        if call.kind is Kind.SYNC:
            if not may_block(call.function):
                return f"{function}({given})"
            self.suspends = True
            run = self.source.helper(run_in_thread)
            return f"await {run}({function}{', ' if given else ''}{given})"
        enter = "enter_async" if call.kind is Kind.ASYNC_GENERATOR else "enter_sync"
        in_function = call.lifetime == "function"
        limit = ""
        if call.limit is not None:
            limit = f", {self.source.name(call.limit, 'limit')}"
        return f"await lifetimes.{enter}({function}({given}), {in_function}{limit})"

    # -- values ----------------------------------------------------------------------------------

    def _values_of(self, call: Call, arguments: list[str]) -> str | None:
        """Emit a call's own values; give the name of their error list, if they can fail."""
        fields = [*call.path, *call.query, *call.header, *call.cookie]
        if not fields and not call.body:
            return None
        source = self.source
        errors = source.fresh("errors")
        place = len(source.lines)
        depth = source.depth
        for one in fields:
            value = self._writer.parameter(one, errors)
            arguments.append(f"{one.name}={value}")
        if call.body:
            self._body_values(call, arguments, errors)
        if not any(f"{errors} = " in line for line in source.lines[place:]):
            return None
        source.lines.insert(place, "    " * depth + f"{errors} = None")
        return errors

    def _body_values(self, call: Call, arguments: list[str], errors: str) -> None:
        source = self.source
        if self._whole_body() is call:
            arguments.append(f"{call.body[0].name}=body")
            with source.block("if errors_body:"):
                source.line(
                    f"{errors} = errors_body if {errors} is None else {errors} + errors_body"
                )
            return
        fields = source.name(call.body, "body_fields")
        read = self.source.helper(read_body)
        values, found = source.fresh("values"), source.fresh("found")
        source.line(
            f"{values}, {found} = await {read}({fields}, body, embedded={self.embeds_body})"
        )
        with source.block(f"if {found}:"):
            source.line(f"{errors} = {found} if {errors} is None else {errors} + {found}")
        arguments.append(f"**{values}")

    def _refusal(self, errors: list[str]) -> None:
        source = self.source
        test = " or ".join(f"{name} is not None" for name in dict.fromkeys(errors))
        with source.block(f"if {test}:"):
            invalid = source.name(self.how.invalid, "invalid")
            body = "None"
            if self.body_field is not None:
                received = source.name(_received_body, "received_body")
                body = f"{received}(x, body, {self.how.strict_content_type})"
            source.line(
                f"raise {invalid}({self.source.helper(reading.joined)}(({', '.join(errors)},)),"
                f" {body}, x)"
            )


def _received_body(x: Any, body: Any, strict: bool) -> Any:
    """Give the body as it was received, for the error that quotes it."""
    if x.body:
        return reading.json_of(x, strict)
    return None if body is ABSENT else body


def _overridden(call: Call, overrides: Mapping[Callable[..., Any], Callable[..., Any]]) -> Call:
    """Give the plan with overridden dependencies replaced, keys and names kept."""
    if not overrides:
        return call
    dependencies = []
    for one in call.dependencies:
        other = overrides.get(one.function)
        if other is not None and other is not one.function:
            replaced = one.key
            one = analyze(
                other,
                one.path_pattern,
                name=one.name,
                parent_scopes=one.scopes,
                use_cache=one.use_cache,
                scope=one.scope,
                limit=one.limit,
            )
            one.in_place_of = replaced
            # What takes its place may still ask for the original.
            within = {old: new for old, new in overrides.items() if new is not other}
            dependencies.append(_overridden(one, within))
            continue
        dependencies.append(_overridden(one, overrides))
    if dependencies == call.dependencies:
        return call
    copied = Call(**{name: getattr(call, name) for name in Call.__slots__})
    copied.dependencies = dependencies
    return copied
