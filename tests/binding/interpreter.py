"""A plan, interpreted: what the compiled endpoint must do, said slowly and without generated code.

The rules, and nothing of `trivet.binding.compile` or its reading: depth first; a dependency's value
is shared where its key is the same and sharing was asked for; a call is left out where a value of
its subtree did not fit; all errors come together, in the plan's order; what yields is closed in the
opposite order.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.requests import Request

from trivet.binding import params
from trivet.binding.analyze import analyze
from trivet.binding.forms import embeds
from trivet.binding.plan import Call, Injected, SecurityScopes
from trivet.schema.annotations import is_sequence, model_of
from trivet.schema.field import Field

NOTHING = object()  # the request does not have it
Errors = list[dict[str, Any]]


@dataclass
class Outcome:
    """What became of a request: the handler's value, or the errors for which it was not called."""

    value: Any = None
    errors: Errors | None = None


@dataclass
class Interpreter:
    """One request against one plan."""

    request: Request
    overrides: Mapping[Callable[..., Any], Callable[..., Any]] = field(default_factory=dict)
    response: Any = None
    cache: dict[Any, tuple[Any, Errors]] = field(default_factory=dict)
    opened: list[Any] = field(default_factory=list)
    body: Any = NOTHING
    embeds: bool = False

    async def run(self, plan: Call) -> Outcome:
        """Read the body, then walk the plan; what was opened is left to `close`."""
        plan = self._replaced(plan)
        fields = [one for call in plan.walk() for one in call.body]
        self.embeds = embeds(fields)
        if fields:
            refused = await self._read_body(fields)
            if refused is not None:
                return Outcome(errors=[refused])
        given, errors = await self._inputs(plan)
        if errors:
            return Outcome(errors=errors)
        value = plan.function(**given)
        return Outcome(value=await value if inspect.isawaitable(value) else value)

    async def close(self, scope: str) -> None:
        """Close what ends with `scope`, latest first."""
        for generator, lifetime in reversed(self.opened):
            if lifetime != scope:
                continue
            if inspect.isasyncgen(generator):
                assert await anext(generator, NOTHING) is NOTHING
            else:
                assert next(generator, NOTHING) is NOTHING

    # -- calls -----------------------------------------------------------------------------------

    async def _inputs(self, call: Call) -> tuple[dict[str, Any], Errors]:
        given: dict[str, Any] = {}
        errors: Errors = []
        for dependency in call.dependencies:
            value, found = await self._dependency(dependency)
            errors += found
            if dependency.name is not None:
                given[dependency.name] = value
        for place in ("path", "query", "header", "cookie"):
            for one in getattr(call, place):
                given[one.name], found = self._parameter(one, place)
                errors += found
        if call.body:
            values, found = await self._body_values(call.body)
            given |= values
            errors += found
        for name, kind in call.injected.items():
            given[name] = {
                Injected.REQUEST: self.request,
                Injected.CONNECTION: self.request,
                Injected.RESPONSE: self.response,
                Injected.SCOPES: SecurityScopes(call.scopes),
            }[kind]
        return given, errors

    def _replaced(self, call: Call) -> Call:
        """Give the plan with every overridden function replaced, wherever it stands."""
        dependencies = []
        for one in call.dependencies:
            other = self.overrides.get(one.function)
            if other is not None:
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
            dependencies.append(self._replaced(one))
        return replace(call, dependencies=dependencies)

    async def _dependency(self, call: Call) -> tuple[Any, Errors]:
        if call.use_cache and call.key in self.cache:
            return self.cache[call.key]
        given, errors = await self._inputs(call)
        value = None if errors else await self._called(call, given)
        self.cache.setdefault(call.key, (value, errors))
        return value, errors

    async def _called(self, call: Call, given: dict[str, Any]) -> Any:
        made = call.function(**given)
        if inspect.isasyncgen(made):
            self.opened.append((made, call.scope or "request"))
            return await anext(made)
        if inspect.isgenerator(made):
            self.opened.append((made, call.scope or "request"))
            return next(made)
        return await made if inspect.isawaitable(made) else made

    # -- values outside the body -----------------------------------------------------------------

    def _parameter(self, one: Field, place: str) -> tuple[Any, Errors]:
        received: Any = {
            "path": self.request.path_params,
            "query": self.request.query_params,
            "header": self.request.headers,
            "cookie": self.request.cookies,
        }[place]
        model = None if place == "path" else model_of(one.annotation)
        if model is not None:
            return self._model(one, model, received, place)
        name = one.validation_alias or one.alias
        value = _found(one, received, name)
        return _checked(one, value, (place, name))

    def _model(self, one: Field, model: Any, received: Any, place: str) -> tuple[Any, Errors]:
        dashed = place == "header" and getattr(one.field_info, "convert_underscores", True)
        values: dict[str, Any] = {}
        wires: dict[str, str] = {}
        for name, info in model.model_fields.items():
            alias = info.validation_alias or info.alias or name
            wire = name.replace("_", "-") if dashed and alias == name else alias
            wires[alias] = wire
            found = _found(Field(name, info), received, wire)
            if found is not NOTHING:
                values[alias] = found
        names = {wire.lower() if place == "header" else wire for wire in wires.values()}
        for name in received:
            if name not in names and name not in wires:
                several = received.getlist(name) if hasattr(received, "getlist") else []
                values[name] = several if len(several) > 1 else received[name]
        is_empty = not any(wire in received for wire in wires.values())
        if model.model_config.get("extra") in ("allow", "forbid"):  # it looks at every name
            is_empty = not values
        if is_empty and one.annotation is not model:  # `Model | None`
            return _checked(one, NOTHING, (place,))
        value, errors = _checked(one, values, (place,))
        for error in errors:
            location = error["loc"]
            if len(location) > 1 and location[1] in wires:
                error["loc"] = (place, wires[location[1]], *location[2:])
        return value, errors

    # -- the body --------------------------------------------------------------------------------

    async def _read_body(self, fields: list[Field]) -> dict[str, Any] | None:
        """Set the body; give the one error of a text that is no JSON."""
        if any(isinstance(one.field_info, params.Form) for one in fields):
            self.body = await self.request.form()
            return None
        text = await self.request.body()
        if not text:
            return None
        if not self.request.headers.get("content-type", "").startswith("application/json"):
            self.body = text
            return None
        try:
            self.body = json.loads(text)
        except json.JSONDecodeError as error:
            return {
                "type": "json_invalid",
                "loc": ("body", error.pos),
                "msg": "JSON decode error",
                "input": {},
                "ctx": {"error": error.msg},
            }
        return None

    async def _body_values(self, fields: list[Field]) -> tuple[dict[str, Any], Errors]:
        values: dict[str, Any] = {}
        errors: Errors = []
        if not self.embeds and not embeds(fields):
            (one,) = fields
            received = self.body
            if isinstance(received, FormData):
                received = await _form_of_model(one, received)
            values[one.name], errors = _checked(one, received, ("body",))
            return values, errors
        for one in fields:
            name = one.validation_alias or one.alias
            if isinstance(self.body, FormData):
                value = await _form_item(one, self.body, name)
            elif isinstance(self.body, dict):
                value = self.body.get(name, NOTHING)
            elif self.body is NOTHING or isinstance(self.body, bytes):
                value = NOTHING
            else:
                errors.append(_missing(("body", name)))
                continue
            value, found = _checked(one, value, ("body", name))
            if found:
                errors += found
            else:
                values[one.name] = value
        return values, errors


def _missing(location: tuple[Any, ...]) -> dict[str, Any]:
    return {"type": "missing", "loc": location, "msg": "Field required", "input": None}


def _checked(one: Field, value: Any, location: tuple[Any, ...]) -> tuple[Any, Errors]:
    if value is NOTHING:
        if one.field_info.is_required():
            return None, [_missing(location)]
        default = one.field_info.get_default(call_default_factory=True)
        if not one.field_info.validate_default:
            return default, []
        value = default
    try:
        return one.type_adapter.validate_python(value, from_attributes=True), []
    except ValidationError as error:
        found = error.errors(include_url=False)
        return None, [{**item, "loc": (*location, *item["loc"])} for item in found]


def _found(one: Field, received: Any, name: str) -> Any:
    """Give one value, several for a sequence, `NOTHING` where it is not there."""
    if is_sequence(one.annotation) and hasattr(received, "getlist"):
        return received.getlist(name) or NOTHING
    if isinstance(received, Headers):
        return (received.getlist(name) or [NOTHING])[0]
    return received.get(name, NOTHING)


async def _form_item(one: Field, form: FormData, name: str) -> Any:
    items = form.getlist(name)
    if is_sequence(one.annotation):
        items = [item for item in items if not _is_empty(item)]
    elif items and (items[-1] == "" or _is_empty(items[-1])):  # nobody filled it in
        return NOTHING
    if isinstance(one.field_info, params.File) and bytes in (one.annotation, *_inner(one)):
        items = [await _bytes(item) for item in items]
    if not items:
        return NOTHING
    return items if is_sequence(one.annotation) else items[-1]


def _inner(one: Field) -> tuple[Any, ...]:
    return tuple(getattr(one.annotation, "__args__", ()))


def _is_empty(item: Any) -> bool:
    return isinstance(item, UploadFile) and item.filename == "" and item.size == 0


async def _bytes(item: Any) -> Any:
    if not isinstance(item, UploadFile):
        return item
    await item.seek(0)
    found = await item.read()
    await item.seek(0)
    return found


async def _form_of_model(one: Field, form: FormData) -> Any:
    values: dict[str, Any] = {}
    names: dict[str, Any] = model_of(one.annotation).model_fields  # type: ignore[union-attr]
    for name, info in names.items():
        alias = info.alias or name
        value = await _form_item(Field(name, info), form, alias)
        if value is not NOTHING:
            values[alias] = value
    known = {info.alias or name for name, info in names.items()}
    for name in form:
        if name not in known:
            several = form.getlist(name)
            values[name] = several if len(several) > 1 else several[0]
    return values
