"""Values out of what a request carries: queries, headers, cookies and forms.

Pure functions from a described field and received data to a value or to errors. The compiled
endpoint writes the simplest cases out in code and calls these for the rest; the two agree.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel
from starlette.datastructures import FormData, Headers
from starlette.datastructures import UploadFile as StarletteUploadFile

from trivet.binding import params
from trivet.binding.forms import embeds, form_models, is_optional
from trivet.binding.plan import extras_of, fields_of, param_model
from trivet.binding.received import Errors, checked, extras, form_items, taken
from trivet.schema.annotations import is_bytes, is_bytes_sequence, sequence_maker
from trivet.schema.field import ABSENT, Field, missing, names_of

__all__ = ["form_value", "read_body", "read_form", "read_parameter"]


def read_parameter(field: Field, received: Mapping[str, Any]) -> tuple[Any, Errors]:
    """Read one parameter outside the body: a value, a sequence, or a model of several."""
    model = param_model(field)
    if model is not None:
        return _read_model(field, model, received)
    names = [wire for _, wire in names_of(field)]
    name = next((name for name in names if name in received), names[0])
    value = taken(field, received, name)
    return checked(field, value, (field.field_info.in_.value, name))  # type: ignore[attr-defined]


@cache  # a list of a resource has thirty parameters: 30 µs of a request went into their names
def _named_fields(
    model: Any, in_headers: bool, dashed_by_default: bool
) -> tuple[tuple[tuple[Field, list[tuple[str, str]]], ...], frozenset[str]]:
    """Give the fields of a model with the names under which each may come; and all these names."""
    found = []
    for one in fields_of(model):
        dashed = in_headers and getattr(one.field_info, "convert_underscores", dashed_by_default)
        found.append((one, names_of(one, dashed=dashed)))
    own = {wire.lower() if in_headers else wire for _, names in found for _, wire in names}
    return tuple(found), frozenset(own)


def _read_model(field: Field, model: Any, received: Mapping[str, Any]) -> tuple[Any, Errors]:
    in_headers = isinstance(received, Headers)
    dashed_by_default = getattr(field.field_info, "convert_underscores", True)
    values: dict[str, Any] = {}
    renamed: dict[str, str] = {}
    used: set[str] = set()
    named, own = _named_fields(model, in_headers, dashed_by_default)
    for one, names in named:
        for alias, wire in names:
            if wire in received:
                value = taken(one, received, wire)
                if value is not ABSENT:
                    values[alias] = value
                break
        else:
            alias, wire = names[0]
        if not in_headers:
            used.add(wire)
            continue
        used.add(wire.lower())
        # A name that was turned into its dashed form is no extra header under its old one.
        used.update(name.lower() for name, on_wire in names if name != on_wire)
        if alias != wire:
            renamed[one.name] = wire
    values.update(extras(received, used))
    # An optional model of which nothing came is not there at all.
    is_there = (
        field.annotation is model
        or own.intersection(received)
        or (extras_of(model) in ("allow", "forbid") and values)
    )
    place = field.field_info.in_.value  # type: ignore[attr-defined]
    value, errors = checked(field, values if is_there else ABSENT, (place,))
    if renamed and getattr(model, "model_config", {}).get("loc_by_alias", True):
        for error in errors:
            location = error["loc"]
            if len(location) > 1 and location[1] in renamed:
                error["loc"] = (location[0], renamed[location[1]], *location[2:])
    return value, errors


async def read_form(
    fields: Sequence[Field], received: FormData
) -> AsyncIterator[tuple[str, Any, Field | None]]:
    """Give what `form_items` gives, with uploaded files read where bytes are wanted."""
    for alias, value, field in form_items(fields, received):
        if field is not None and isinstance(field.field_info, params.File):
            value = await _as_bytes(field, value)
        yield alias, value, field


async def _as_bytes(field: Field, value: Any) -> Any:
    if is_bytes(field.annotation) and isinstance(value, StarletteUploadFile):
        return await _content(value)
    if is_bytes_sequence(field.annotation) and isinstance(value, (list, tuple)):
        read = [
            await _content(item) if isinstance(item, StarletteUploadFile) else item
            for item in value
        ]
        return sequence_maker(field.annotation)(read)
    return value


async def form_value(field: Field, models: list[type[BaseModel]], received: FormData) -> Any:
    """Give the dictionary from which the form model of `field` is validated, or `ABSENT`."""
    if is_optional(field.annotation) and not any(_is_supplied(m, received) for m in models):
        return ABSENT
    # The branches of a union read the original values themselves.
    fields = fields_of(models[0]) if len(models) == 1 else []
    return {alias: value async for alias, value, _ in read_form(fields, received)}


def _is_supplied(model: type[BaseModel], received: FormData) -> bool:
    own = {alias for field in fields_of(model) for alias, _ in names_of(field)}
    return bool(
        own.intersection(received)
        or (model.model_config.get("extra") in ("allow", "forbid") and received)
    )


async def _content(upload: StarletteUploadFile) -> bytes:
    # The file may be another parameter's too: leave it where it was.
    position = upload.file.tell()
    try:
        return await upload.read()
    finally:
        await upload.seek(position)


async def read_body(
    fields: Sequence[Field], received: Any, *, embedded: bool
) -> tuple[dict[str, Any], Errors]:
    """Read the body's fields of one function out of parsed JSON, raw bytes, or a form."""
    first = fields[0]
    is_form = isinstance(received, FormData)
    if len(fields) == 1 and not embedded and not embeds(fields) and not form_models(first):
        value = received
        if is_form:
            value = {alias: item async for alias, item, _ in read_form(fields, received)}
        result, errors = checked(first, value, ("body",))
        return {first.name: result}, errors
    plain: dict[str, tuple[str, Any]] = {}
    if is_form:
        alone = [field for field in fields if not form_models(field)]
        async for alias, value, field in read_form(alone, received):
            if field is not None:
                plain[field.name] = (alias, value)
    values: dict[str, Any] = {}
    errors = []
    for field in fields:
        names = [alias for alias, _ in names_of(field)]
        location: tuple[int | str, ...] = ("body", names[0])
        models = form_models(field)
        if is_form and models:
            value = await form_value(field, models, received)
            location = ("body",)
        elif is_form:
            name, value = plain.get(field.name, (names[0], ABSENT))
            location = ("body", name)
        elif received is ABSENT or isinstance(received, bytes):
            value = ABSENT
        elif isinstance(received, Mapping):
            name = next((name for name in names if received.get(name, ABSENT) is not ABSENT), "")
            value = received[name] if name else ABSENT
            location = ("body", name or names[0])
        else:  # embedded fields stand in an object, not in a list or a scalar
            errors.append(missing(location))
            continue
        result, found = checked(field, value, location)
        if found:
            errors += found
        else:
            values[field.name] = result
    return values, errors
