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

from pydantic_core import ValidationError
from starlette.background import BackgroundTasks

from trivet.binding import params, reading
from trivet.binding.analyze import analyze
from trivet.binding.body import body_field
from trivet.binding.extract import read_body, read_parameter
from trivet.binding.forms import embeds
from trivet.binding.instant import may_block, may_suspend
from trivet.binding.plan import Call, Injected, Kind, SecurityScopes, param_model
from trivet.binding.received import checked
from trivet.binding.source import Source
from trivet.concurrency import run_in_thread
from trivet.schema.annotations import is_sequence, is_union
from trivet.schema.field import ABSENT, Field, missing, names_of

__all__ = ["Compilation", "Compiled", "compile_plan"]

# Defaults that nobody can change may be shared between requests; others are copied.
_SHAREABLE = (type(None), bool, int, float, str, bytes)


@dataclass(frozen=True)
class Compilation:
    """What a plan is compiled for."""

    name: str
    title: str  # for tracebacks: "GET /users/{id}"
    # How a path parameter's raw text is had: its position and, where needed, its converter.
    path_values: Mapping[str, tuple[int, Callable[[str], Any] | None]] = field(default_factory=dict)
    overrides: Mapping[Callable[..., Any], Callable[..., Any]] = field(default_factory=dict)
    body_field: Field | None = None
    embeds_body: bool = False
    strict_content_type: bool = True
    form_limits: Mapping[str, int] = field(default_factory=dict)
    invalid: Callable[..., Exception] | None = None
    # Writes what becomes of the handler's call: (source, arguments, compiler) -> None.
    ending: Callable[[Source, str, PlanCompiler], None] | None = None


@dataclass(frozen=True)
class Compiled:
    """A compiled plan and what its caller must know of it."""

    function: Callable[..., Any]
    text: str
    reads_body: bool
    suspends: bool
    has_lifetimes: bool


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
        self._tables: dict[str, str] = {}
        calls = list(self.plan.walk())
        self.injected = {kind for call in calls for kind in call.injected.values()}
        self.body_field, self.embeds_body = how.body_field, how.embeds_body
        if self.plan is not plan:  # what takes the place of a dependency may read the body too
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
        function = source.function(self.how.name, f"<trivet {self.how.title}>")
        return Compiled(
            function,
            function.__trivet_source__,
            self.reads_body,
            self.suspends,
            self.has_lifetimes,
        )

    # -- what stands before everything ----------------------------------------------------------

    def _prologue(self) -> None:
        source = self.source
        if self.injected & {Injected.REQUEST, Injected.CONNECTION, Injected.WEBSOCKET}:
            source.line(f"request = {self._helper(reading.request_of)}(x)")
        if Injected.RESPONSE in self.injected:
            source.line(f"response = {self._helper(reading.blank_response)}()")
        if Injected.TASKS in self.injected:
            source.line(f"tasks = {self._helper(BackgroundTasks)}()")
        body = self.body_field
        if body is None:
            return
        strict = self.how.strict_content_type
        if self.is_form:
            limits = source.name(dict(self.how.form_limits), "form_limits")
            source.line(f"body = await {self._helper(reading.form_of)}(x, {limits})")
            source.line("lifetimes.on_close(body.close)")
        elif self._whole_body() is None:
            source.line(f"body = {self._helper(reading.json_of)}(x, {strict})")
        else:
            self._fast_body(body, strict)

    def _whole_body(self) -> Call | None:
        """The one call whose one field is the whole JSON body, if it is so simple."""
        if self.is_form or self.embeds_body:
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
            source.line(f"body = {self._helper(reading.json_of)}(x, {strict})")
            self._check_body(body)
            return
        validate = source.name(body.validate_json, "validate_body")
        source.line("errors_body = None")
        with source.block(f"if x.body and {self._helper(reading.is_json)}(x, {strict}):"):
            with source.block("try:"):
                source.line(f"body = {validate}(x.body)")
            with source.block(f"except {self._helper(ValidationError)}:"):
                source.line(f"body = {self._helper(reading.json_of)}(x, {strict})")
                self._check_body(body)
        with source.block("else:"):
            source.line("body = x.body or ABSENT")
            source.name(ABSENT, "ABSENT")
            self._check_body(body)

    def _check_body(self, body: Field) -> None:
        field_name = self.source.name(body, "body_field")
        self.source.line(
            f'body, errors_body = {self._helper(checked)}({field_name}, body, ("body",))'
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
            run = self._helper(run_in_thread)
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
        depth = source._depth
        for one in fields:
            value = self._parameter(one, errors)
            arguments.append(f"{one.name}={value}")
        if call.body:
            self._body_values(call, arguments, errors)
        if not any(f"{errors} = " in line for line in source.lines[place:]):
            return None
        source.lines.insert(place, "    " * depth + f"{errors} = None")
        return errors

    def _parameter(self, one: Field, errors: str) -> str:
        source = self.source
        value = source.fresh(one.name)
        names = names_of(one)
        place = one.field_info.in_  # type: ignore[attr-defined]
        in_pattern = place is not params.ParamTypes.path or names[0][1] in self.how.path_values
        is_simple = (
            len(names) == 1
            and in_pattern
            and not is_sequence(one.annotation)
            and not one.is_json
            and param_model(one) is None
            and not one.field_info.validate_default
        )
        if not is_simple:
            read = self._helper(read_parameter)
            field_name = source.name(one, f"{one.name}_field")
            found = source.fresh("found")
            source.line(f"{value}, {found} = {read}({field_name}, {self._table(place.value)})")
            with source.block(f"if {found}:"):
                source.line(f"{errors} = {found} if {errors} is None else {errors} + {found}")
            return value
        wire = names[0][1]
        source.line(f"{value} = {self._raw(place, wire)}")
        location = (place.value, wire)
        if place is params.ParamTypes.path:
            _, convert = self.how.path_values[wire]
            if convert is not None or not _is_plain_text(one):
                self._validated(one, value, errors, location)
            return value
        if one.required:
            with source.block(f"if {value} is None:"):
                lost = source.name(missing, "missing")
                source.line(f"{errors} = [*({errors} or ()), {lost}({location!r})]")
            if not _is_plain_text(one):
                with source.block("else:"):
                    self._validated(one, value, errors, location)
            return value
        self._with_default(one, value, errors, location)
        return value

    def _with_default(self, one: Field, value: str, errors: str, location: tuple[str, str]) -> None:
        source = self.source
        has_factory = one.field_info.default_factory is not None
        default = None if has_factory else one.field_info.default
        is_shared = not has_factory and type(default) in _SHAREABLE
        if is_shared and default is None and _is_plain_text(one):
            return  # absent is None already
        if is_shared:
            text = repr(default) if type(default) is not float else source.name(default, "default")
        else:
            text = f"{self._helper(_fresh_default)}({source.name(one, one.name + '_field')})"
        plain = _is_plain_text(one)
        if is_shared and default is None:
            with source.block(f"if {value} is not None:"):
                self._validated(one, value, errors, location)
            return
        with source.block(f"if {value} is None:"):
            source.line(f"{value} = {text}")
        if not plain:
            with source.block("else:"):
                self._validated(one, value, errors, location)

    def _validated(self, one: Field, value: str, errors: str, location: tuple[str, str]) -> None:
        source = self.source
        validate = source.name(one.validate_python, f"validate_{one.name}")
        with source.block("try:"):
            source.line(f"{value} = {validate}({value})")
        with source.block(f"except {self._helper(ValidationError)} as error:"):
            note = self._helper(reading.noted)
            source.line(f"{errors} = {note}({errors}, error, {location!r})")

    def _raw(self, place: params.ParamTypes, wire: str) -> str:
        """Give the expression of a parameter's text, None where it is absent."""
        if place is params.ParamTypes.path:
            index, convert = self.how.path_values[wire]
            text = f"x.params[{index}]"
            if convert is not None:
                return f"{self.source.name(convert, 'convert')}({text})"
            return text
        if place is params.ParamTypes.header:
            return f"{self._helper(reading.header)}(x, {wire.lower().encode('latin-1')!r})"
        if place is params.ParamTypes.query:
            return f"{self._table('query_last')}.get({wire!r})"
        return f"{self._table('cookie')}.get({wire!r})"

    def _table(self, what: str) -> str:
        """Give the local in which received data lie as a mapping, emitted at its first use."""
        if what in self._tables:
            return self._tables[what]
        expression = {
            "query_last": f"{self._helper(reading.query_last)}(x.query)",
            "query": f"{self._helper(reading.query_of)}(x)",
            "header": f"{self._helper(reading.headers_of)}(x)",
            "cookie": f"{self._helper(reading.request_of)}(x).cookies",
            "path": f"{self._helper(reading.request_of)}(x).path_params",
        }[what]
        local = self.source.fresh({"query_last": "query"}.get(what, what))
        self._tables[what] = local
        self.source.line(f"{local} = {expression}")
        return local

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
        read = self._helper(read_body)
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
                f"raise {invalid}({self._helper(reading.joined)}(({', '.join(errors)},)),"
                f" {body}, x)"
            )

    def _helper(self, function: Any) -> str:
        return self.source.name(function, function.__name__)


def _received_body(x: Any, body: Any, strict: bool) -> Any:
    """Give the body as it was received, for the error that quotes it."""
    if x.body:
        return reading.json_of(x, strict)
    return None if body is ABSENT else body


def _fresh_default(one: Field) -> Any:
    value, _ = checked(one, ABSENT, ())
    return value


def _is_plain_text(one: Field) -> bool:
    """Tell whether the received text is the value: `str`, perhaps with None, unconstrained."""
    if one.field_info.metadata:
        return False
    annotation = one.annotation
    return annotation is str or (
        is_union(annotation) and set(annotation.__args__) == {str, type(None)}
    )


def _overridden(call: Call, overrides: Mapping[Callable[..., Any], Callable[..., Any]]) -> Call:
    """Give the plan with overridden dependencies replaced, keys and names kept."""
    if not overrides:
        return call
    dependencies = []
    for one in call.dependencies:
        other = overrides.get(one.function)
        if other is not None and other is not one.function:
            one = analyze(
                other,
                one.path_pattern,
                name=one.name,
                parent_scopes=one.scopes,
                use_cache=one.use_cache,
                scope=one.scope,
                limit=one.limit,
            )
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
