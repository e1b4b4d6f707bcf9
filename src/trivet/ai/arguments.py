"""A tool's arguments: what a route takes, as one JSON object, and the request that is made of it.

Each path and query parameter is an argument of its own under the name it has on the wire; a JSON
body is one under its parameter's name. Headers and cookies are the caller's, and no arguments: a
model must not choose who it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import quote, urlencode

from pydantic.fields import FieldInfo

from trivet.binding.params import Form, ParamTypes
from trivet.binding.plan import param_model
from trivet.errors import SetupError
from trivet.http.exchange import RawHeaders
from trivet.routing.state import RouteState
from trivet.schema.document import REF_PREFIX, JsonSchema, Schemas
from trivet.schema.field import Field, names_of

__all__ = [
    "Argument",
    "ArgumentError",
    "Asked",
    "Place",
    "arguments_of",
    "asked_of",
    "schema_of",
    "with_definitions",
]

_DEFINITIONS = "#/$defs/"


class Place(Enum):
    """Where in the request a value goes."""

    PATH = "path"
    QUERY = "query"
    BODY = "body"  # the whole of it
    MEMBER = "member"  # one member of its object


@dataclass(frozen=True)
class Argument:
    """One argument of a tool."""

    name: str
    place: Place
    field: Field
    is_required: bool
    media_type: str = "application/json"


class ArgumentError(ValueError):
    """Arguments that cannot become a request; its text is for the model."""


@dataclass(frozen=True)
class Asked:
    """The request that arguments have become; `path` is quoted, and below the root."""

    path: str
    query: bytes
    body: bytes | None
    headers: RawHeaders


def arguments_of(route: RouteState, where: str | None) -> tuple[Argument, ...]:
    """Give what a route takes; raises `SetupError` where that cannot be one JSON object."""
    found: dict[str, Argument] = {}
    for one in (*_outside_body(route), *_unread(route), *_in_body(route, where)):
        known = found.get(one.name)
        if known is None:
            found[one.name] = one
            continue
        if known.place is one.place:
            if one.is_required and not known.is_required:
                found[one.name] = one
            continue
        raise SetupError(
            f"{one.name!r} stands in the {known.place.value} and in the {one.place.value} of"
            f" {route.path_format}, and a tool has one argument of a name",
            code="ai.argument-twice",
            where=where,
            mend=f'give one of them another name: Query(alias="{one.name}_asked")',
        )
    return tuple(found.values())


def _outside_body(route: RouteState) -> Iterator[Argument]:
    places = {ParamTypes.path: Place.PATH, ParamTypes.query: Place.QUERY}
    for place, field, parent in route.plan.parameters():
        if place not in places:
            continue
        if not getattr((parent or field).field_info, "include_in_schema", True):
            continue
        name = names_of(field)[0][1]
        is_optional = (
            parent is not None
            and parent.annotation is not param_model(parent)
            and not parent.required
        )
        yield Argument(name, places[place], field, field.required and not is_optional)


def _unread(route: RouteState) -> Iterator[Argument]:
    """Give the places of the path that no parameter reads; they must be filled all the same."""
    for name in route.param_convertors:
        yield Argument(name, Place.PATH, Field(name, FieldInfo(annotation=str)), is_required=True)


def _in_body(route: RouteState, where: str | None) -> Iterator[Argument]:
    fields = {id(field): field for field in route.plan.body_fields()}.values()
    for field in fields:
        if isinstance(field.field_info, Form):
            raise SetupError(
                f"{route.path_format} takes a form, and the arguments of a tool are JSON",
                code="ai.tool-form",
                where=where,
                mend="take the values as a Pydantic model, or leave the route out of the tools",
            )
        if route.embeds_body:
            yield Argument(names_of(field)[0][1], Place.MEMBER, field, field.required)
        else:
            yield Argument(field.name, Place.BODY, field, field.required)
    bodies = route.plan.bodies()
    if bodies and not fields:
        kind = "application/json" if "application/json" in bodies else next(iter(bodies))
        yield Argument("body", Place.BODY, bodies[kind], is_required=True, media_type=kind)


# -- the schema ----------------------------------------------------------------------------------


def schema_of(arguments: Sequence[Argument], where: str | None) -> JsonSchema:
    """Give the JSON Schema of the object of arguments (2020-12)."""
    schemas = Schemas([one.field for one in arguments], where=lambda field: where)
    properties = {}
    for one in arguments:
        shown = schemas.of(one.field, one.name)
        if one.field.field_info.description and "description" not in shown:
            shown = {**shown, "description": one.field.field_info.description}
        properties[one.name] = shown
    found: JsonSchema = {"type": "object", "properties": properties, "additionalProperties": False}
    required = [one.name for one in arguments if one.is_required]
    if required:
        found["required"] = required
    return with_definitions(found, schemas.definitions)


def with_definitions(schema: JsonSchema, definitions: Mapping[str, JsonSchema]) -> JsonSchema:
    """Give a schema that holds all it refers to, under `$defs`."""
    moved: JsonSchema = _moved(schema)
    wanted: dict[str, JsonSchema] = {}
    waiting = list(_referred(moved))
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted[name] = _moved(definitions[name])
            waiting += _referred(wanted[name])
    return {**moved, "$defs": dict(sorted(wanted.items()))} if wanted else moved


def _moved(value: Any) -> Any:  # Any: JSON
    if isinstance(value, dict):
        return {
            key: (
                inner.replace(REF_PREFIX, _DEFINITIONS)
                if key == "$ref" and isinstance(inner, str)
                else _moved_mapping(inner)
                if key == "mapping" and isinstance(inner, dict)
                else _moved(inner)
            )
            for key, inner in value.items()
        }
    return [_moved(one) for one in value] if isinstance(value, list) else value


def _moved_mapping(mapping: dict[str, Any]) -> dict[str, Any]:
    """Give a discriminator's mapping, whose values are references too."""
    return {
        key: one.replace(REF_PREFIX, _DEFINITIONS) if isinstance(one, str) else _moved(one)
        for key, one in mapping.items()
    }


def _referred(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref" and isinstance(inner, str):
                yield inner.removeprefix(_DEFINITIONS)
            else:
                yield from _referred(inner)
    elif isinstance(value, list):
        for one in value:
            yield from _referred(one)


# -- the request ---------------------------------------------------------------------------------


def asked_of(
    route: RouteState, arguments: Sequence[Argument], given: Mapping[str, Any]
) -> Asked:  # Any: JSON
    """Make a request of arguments; raises `ArgumentError`. The route itself validates them."""
    try:
        return _asked(route, arguments, given)
    except UnicodeEncodeError as error:
        raise ArgumentError("There is half of a surrogate pair, which is no character") from error


def _asked(route: RouteState, arguments: Sequence[Argument], given: Mapping[str, Any]) -> Asked:
    known = {one.name: one for one in arguments}
    if strangers := [name for name in given if name not in known]:
        there = ", ".join(known) or "none at all"
        raise ArgumentError(f"There is no argument {strangers[0]!r}; there are: {there}")
    path: dict[str, str] = {}
    query: list[tuple[str, str]] = []
    members: dict[str, Any] = {}
    body: bytes | None = None
    media_type = "application/json"
    for name, value in given.items():
        one = known[name]
        if one.place is Place.PATH:
            path[name] = _text(value)
        elif one.place is Place.QUERY:
            query += [(name, _text(item)) for item in _several(value)]
        elif one.place is Place.MEMBER:
            members[name] = value
        else:
            body, media_type = _encoded(value), one.media_type
    for one in arguments:
        if one.place is Place.PATH and one.name not in path:
            raise ArgumentError(f"The argument {one.name!r} is missing")
    if body is None and any(one.place is Place.MEMBER for one in arguments):
        body = _encoded(members)
    headers = [] if body is None else [(b"content-type", media_type.encode("latin-1"))]
    return Asked(_path(route, path), urlencode(query).encode(), body, headers)


def _path(route: RouteState, values: Mapping[str, str]) -> str:
    """Put the values into the route's path; a value stays within its own place there."""
    path = route.path_format
    for name, convertor in route.param_convertors.items():
        value = values[name]
        if not value or ("/" in value and type(convertor).__name__ != "PathConvertor"):
            raise ArgumentError(f"The argument {name!r} cannot be {value!r}")
        if any(part in (".", "..") for part in value.split("/")):
            raise ArgumentError(f"The argument {name!r} cannot be {value!r}")
        # What is quoted has no braces, so that a value cannot name another parameter.
        path = path.replace("{" + name + "}", quote(value, safe="/"))
    return path


def _several(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    return json.dumps(value)


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
