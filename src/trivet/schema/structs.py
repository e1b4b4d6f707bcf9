"""msgspec structs for Pydantic: msgspec validates, writes and describes them, as it always does.

Only imported for programs that have structs. Values that come as text ("5" for a number) are
taken, as Pydantic takes them; names on the wire are the struct's own, renamed or not. msgspec stops
at the first fault, so there is one error for a struct.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

import msgspec
from msgspec import inspect
from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic import Field as PydanticField
from pydantic.fields import FieldInfo
from pydantic_core import (
    CoreSchema,
    InitErrorDetails,
    PydanticCustomError,
    SchemaSerializer,
    ValidationError,
    core_schema,
    to_jsonable_python,
)

from trivet.schema.annotations import without_metadata

__all__ = ["MARK", "StructMark", "fields_in"]

Location = tuple[int | str, ...]

_PLACE = re.compile(r" - at `(?:key` in `)?\$([^`]*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[([^\]]*)\]")
_REFERENCE = "trivet-struct:"

# What msgspec calls a type in its messages, and how Pydantic names a value that is none.
_KINDS = {
    "array": "list_type",
    "bool": "bool_type",
    "bytes": "bytes_type",
    "float": "float_type",
    "int": "int_type",
    "object": "dict_type",
    "str": "string_type",
}

# What stays as it is where Python values are asked for instead of JSON's.
_PYTHON_TYPES = (bytes, date, datetime, Decimal, time, timedelta, UUID)

# Knows how to leave out parts of plain data.
_ANYTHING = SchemaSerializer(core_schema.any_schema())


class StructMark:
    """Metadata of an annotation: the struct below it is msgspec's business."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            partial(_validated, source),
            serialization=core_schema.plain_serializer_function_ser_schema(
                _serialized, info_arg=True, return_schema=core_schema.any_schema()
            ),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        struct = schema["function"]["function"].args[0]
        # Nothing else tells under which names definitions will stand in the document.
        return _described(struct, handler.generate_json_schema)  # type: ignore[attr-defined]


MARK = StructMark()

# What msgspec's `Meta` says that Pydantic's fields say by the same name.
_TOLD = (
    "gt",
    "ge",
    "lt",
    "le",
    "multiple_of",
    "pattern",
    "min_length",
    "max_length",
    "title",
    "description",
    "examples",
)


def fields_in(struct: Any) -> dict[str, FieldInfo]:
    """Give the fields of a struct as Pydantic describes its own."""
    found: dict[str, FieldInfo] = {}
    for field in msgspec.structs.fields(struct):
        told: dict[str, Any] = {}
        for meta in getattr(field.type, "__metadata__", ()):
            told |= {n: v for n in _TOLD if (v := getattr(meta, n, None)) is not None}
        if field.encode_name != field.name:
            told["alias"] = field.encode_name
        if field.default is not msgspec.NODEFAULT:
            told["default"] = field.default
        elif field.default_factory is not msgspec.NODEFAULT:
            told["default_factory"] = field.default_factory
        info: Any = PydanticField(**told)
        info.annotation = without_metadata(field.type)
        found[field.name] = info
    return found


def _validated(struct: Any, value: Any) -> Any:
    try:
        return msgspec.convert(
            value,
            struct,
            strict=False,
            from_attributes=True,
            str_keys=True,
            dec_hook=_decoded,
        )
    except msgspec.ValidationError as error:
        title = getattr(struct, "__name__", str(struct))
        raise ValidationError.from_exception_data(title, _line_errors(error, value)) from error


def _line_errors(error: msgspec.ValidationError, value: Any) -> list[InitErrorDetails]:
    text = str(error)
    place = _PLACE.search(text)
    location = _location(place[1]) if place else ()
    if place:
        text = text[: place.start()]
    cause = error.__cause__
    if isinstance(cause, ValidationError):  # of a Pydantic model inside the struct
        return [
            InitErrorDetails(
                type=PydanticCustomError(one["type"], one["msg"]),
                loc=(*location, *one["loc"]),
                input=one["input"],
            )
            for one in cause.errors(include_url=False, include_context=False)
        ]
    kind, text, more = _kind_of(text, cause)
    return [
        InitErrorDetails(
            type=PydanticCustomError(kind, text),
            loc=location + more,
            input=_value_at(value, location if kind != "extra_forbidden" else location + more),
        )
    ]


def _kind_of(text: str, cause: BaseException | None) -> tuple[Any, str, Location]:
    """Give Pydantic's name of an error, its text, and what its place has besides msgspec's."""
    if missing := re.fullmatch(r"Object missing required field `(.+)`", text):
        return "missing", "Field required", (missing[1],)
    if extra := re.fullmatch(r"Object contains unknown field `(.+)`", text):
        return "extra_forbidden", "Extra inputs are not permitted", (extra[1],)
    if expected := re.fullmatch(r"Expected `(\w+)`, got `.+`", text):
        return _KINDS.get(expected[1], "type_error"), text, ()
    if text.startswith("Invalid enum value"):
        return "enum", text, ()
    return "value_error", f"Value error, {text}" if cause is not None else text, ()


def _location(path: str) -> Location:
    return tuple(
        name or (int(index) if index.isdigit() else index) for name, index in _STEP.findall(path)
    )


def _value_at(value: Any, location: Location) -> Any:
    """Give what was received at `location`, or the nearest thing around it."""
    for step in location:
        try:
            value = value[step]
        except (LookupError, TypeError):
            break
    return value


@lru_cache(maxsize=512)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _decoded(kind: Any, value: Any) -> Any:
    """Read a type that msgspec does not know, as Pydantic reads it."""
    return _adapter(kind).validate_python(value, from_attributes=True)


def _encoded(value: Any) -> Any:
    """Write a value that msgspec does not know, as Pydantic writes it."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    return to_jsonable_python(value)


def _serialized(value: Any, info: core_schema.SerializationInfo) -> Any:
    write: Callable[[Any], Any] = partial(
        msgspec.to_builtins,
        builtin_types=() if info.mode_is_json() else _PYTHON_TYPES,
        str_keys=info.mode_is_json(),
        enc_hook=_encoded,
    )
    if info.exclude_none or info.exclude_defaults:
        found = _pruned(value, write, none=info.exclude_none, defaults=info.exclude_defaults)
    else:
        found = write(value)
    include: Any = info.include  # Pydantic spells its type in two ways
    exclude: Any = info.exclude
    if include is None and exclude is None:
        return found
    return _ANYTHING.to_python(found, include=include, exclude=exclude)


def _pruned(value: Any, write: Callable[[Any], Any], *, none: bool, defaults: bool) -> Any:
    """Write a value without the fields of structs that are None or have their default."""
    again = partial(_pruned, write=write, none=none, defaults=defaults)
    if isinstance(value, list | tuple):
        return [again(item) for item in value]
    if isinstance(value, dict):
        return {write(key): again(item) for key, item in value.items()}
    if not isinstance(value, msgspec.Struct) or value.__struct_config__.array_like:
        return write(value)
    config = value.__struct_config__
    found = {} if config.tag is None else {config.tag_field: config.tag}
    for field in msgspec.structs.fields(value):
        item = getattr(value, field.name)
        if item is msgspec.UNSET or (none and item is None):
            continue
        if defaults and _has_default(field, item):
            continue
        found[field.encode_name] = again(item)
    return found


def _has_default(field: msgspec.structs.FieldInfo, item: Any) -> bool:
    if field.default is not msgspec.NODEFAULT:
        return bool(item == field.default)
    # Other factories may give another value at every call.
    return field.default_factory in (dict, list, set) and not item


def _described(struct: Any, generator: Any) -> dict[str, Any]:
    """Describe a struct; it and all that it names become definitions of Pydantic's generator."""
    kinds = list(_named_kinds(inspect.type_info(struct), set()))
    references, components = msgspec.json.schema_components(
        [struct, *kinds],
        schema_hook=lambda kind: _described_by_pydantic(kind, generator),
        ref_template=_REFERENCE + "{name}",
    )
    found: dict[str, dict[str, Any]] = {}
    definitions: dict[str, str] = {}
    for kind, reference in zip([struct, *kinds], references, strict=True):
        marked = reference.get("$ref", "")
        if marked.startswith(_REFERENCE) and marked not in found:
            name = marked.removeprefix(_REFERENCE)
            module = getattr(kind, "__module__", "")
            key = f"{module}.{name.rpartition('.')[2]}:{id(kind)}"
            definitions[marked], found[marked] = generator.get_cache_defs_ref_schema(key)
    for marked, definition in definitions.items():
        written = components[marked.removeprefix(_REFERENCE)]
        generator.definitions[definition] = _with_references(written, found)
    described: dict[str, Any] = _with_references(references[0], found)
    return described


def _with_references(schema: Any, found: dict[str, dict[str, Any]]) -> Any:
    if isinstance(schema, dict):
        return {key: _with_references(value, found) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_with_references(value, found) for value in schema]
    if isinstance(schema, str) and schema in found:
        return found[schema]["$ref"]
    return schema


def _described_by_pydantic(kind: Any, generator: Any) -> dict[str, Any]:
    schema: dict[str, Any] = generator.generate_inner(_adapter(kind).core_schema)
    return schema


def _named_kinds(part: Any, seen: set[int]) -> Iterator[Any]:
    """Give all classes below a description that have a name in a document."""
    if isinstance(part, list | tuple):
        for item in part:
            yield from _named_kinds(item, seen)
    elif isinstance(part, inspect.Type | inspect.Field) and id(part) not in seen:
        seen.add(id(part))
        if isinstance(part, _NAMED):
            yield part.cls
        for name in part.__struct_fields__:
            yield from _named_kinds(getattr(part, name), seen)


_NAMED = (
    inspect.StructType,
    inspect.EnumType,
    inspect.DataclassType,
    inspect.TypedDictType,
    inspect.NamedTupleType,
)
