"""JSON Schemas of a document as shapes; whatever has a name or properties becomes a declaration.

Only what is asked for is declared, in the order of first use, so that one document always gives
one description. A schema that cannot be understood is `any`: a client that says less is still
right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from trivet.clients.description import (
    ABSENT,
    Alias,
    Choice,
    Declaration,
    Enumeration,
    ListOf,
    MapOf,
    Member,
    Named,
    OneOf,
    Plain,
    PlainKind,
    Record,
    Shape,
    TupleOf,
)
from trivet.clients.naming import Names, pascal
from trivet.errors import SetupError

__all__ = ["Schemas", "one_of", "resolve"]

# Any in this file: parts of a JSON document.
ANY = Plain("any")
NULL = Plain("null")
_PREFIX = "#/components/schemas/"
_FORMATS: dict[str, PlainKind] = {
    "date": "date",
    "date-time": "date-time",
    "time": "time",
    "time-local": "time",
    "duration": "duration",
    "uuid": "uuid",
    "decimal": "decimal",
    "binary": "file",
}
_TYPES: dict[str, PlainKind] = {
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}


def resolve(document: Mapping[str, Any], found: Any) -> Any:
    """Give what `found` points at, and `found` itself where it points nowhere."""
    seen: set[str] = set()
    while isinstance(found, Mapping) and isinstance(found.get("$ref"), str):
        reference = found["$ref"]
        if reference in seen:
            raise _missing(reference, "it points at itself")
        seen.add(reference)
        found = _pointed(document, reference)
    return found


def _pointed(document: Mapping[str, Any], reference: str) -> Any:
    if not reference.startswith("#/"):
        raise _missing(reference, "it points out of the document")
    found: Any = document
    for part in reference[2:].split("/"):
        key = unquote(part).replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and key.isdigit() and int(key) < len(found):
            found = found[int(key)]
        elif isinstance(found, Mapping) and key in found:
            found = found[key]
        else:
            raise _missing(reference, "there is nothing")
    return found


def _missing(reference: str, why: str) -> SetupError:
    return SetupError(
        f"$ref {reference!r} in the document cannot be followed: {why}",
        code="clients.reference",
        mend="bundle the document into one file first; everything in it must be there",
    )


class Schemas:
    """Makes shapes of schemas, and keeps what they declare."""

    def __init__(self, document: Mapping[str, Any], taken: Names) -> None:
        self._document = document
        self._taken = taken
        self._names: dict[str, str] = {}
        self._declared: dict[str, Declaration] = {}
        schemas = (document.get("components") or {}).get("schemas") or {}
        for key in schemas:
            self._names[_PREFIX + key.replace("~", "~0").replace("/", "~1")] = taken.take(
                pascal(key)
            )

    @property
    def declarations(self) -> tuple[Declaration, ...]:
        """Give what was declared: by name, so that a new use moves nothing."""
        return tuple(self._declared[name] for name in sorted(self._declared))

    def alias(self, hint: str, shape: Shape) -> Named:
        """Declare a name for a shape."""
        name = self._taken.take(pascal(hint))
        self._declared[name] = Alias(name, "", shape)
        return Named(name)

    def shape(self, schema: Any, hint: str, *, in_form: bool = False) -> Shape:
        """Give the shape of a schema; `hint` names what is declared and has no name."""
        if not isinstance(schema, Mapping):
            return ANY
        if isinstance(schema.get("$ref"), str):
            return self._referred(schema["$ref"], in_form)
        found = self._inline(schema, hint, in_form)
        if schema.get("nullable") is True:  # OpenAPI 3.0
            found = one_of((found, NULL))
        return found

    def _referred(self, reference: str, in_form: bool) -> Shape:
        name = self._names.get(reference)
        if name is None:
            name = self._taken.take(pascal(reference.rsplit("/", 1)[-1]))
            self._names[reference] = name
        if name not in self._declared:
            self._declared[name] = Alias(name, "", ANY)  # while it is made: it may hold itself
            schema = _pointed(self._document, reference)
            self._declared[name] = self._declare(schema, name, in_form)
        return Named(name)

    def _declare(self, schema: Any, name: str, in_form: bool) -> Declaration:
        if not isinstance(schema, Mapping):
            return Alias(name, "", ANY)
        text = str(schema.get("description") or "")
        if _is_record(schema) and not schema.get("nullable"):
            return self._record(schema, name, in_form)
        values = schema.get("enum")
        if isinstance(values, list) and len(values) > 0 and not schema.get("nullable"):
            if all(isinstance(one, str) for one in values):
                return Enumeration(name, text, tuple(values))
            if all(isinstance(one, int) and not isinstance(one, bool) for one in values):
                return Enumeration(name, text, tuple(values))
        return Alias(name, text, self.shape(schema, f"{name}Value", in_form=in_form))

    def _inline(self, schema: Mapping[str, Any], hint: str, in_form: bool) -> Shape:
        if "const" in schema:
            return _choice([schema["const"]])
        if isinstance(schema.get("enum"), list):
            return _choice(schema["enum"])
        if _is_record(schema):
            return self._hoisted(schema, hint, in_form)
        several = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if isinstance(several, list) and several:
            discriminator = (schema.get("discriminator") or {}).get("propertyName")
            shapes = tuple(
                self.shape(one, f"{hint}{number}" if len(several) > 1 else hint, in_form=in_form)
                for number, one in enumerate(several, 1)
            )
            return one_of(shapes, discriminator)
        kind = schema.get("type")
        if isinstance(kind, list):
            return one_of(
                tuple(self._inline({**schema, "type": one}, hint, in_form) for one in kind)
            )
        return self._of_type(schema, kind, hint, in_form)

    def _of_type(self, schema: Mapping[str, Any], kind: Any, hint: str, in_form: bool) -> Shape:
        if kind == "array" or (kind is None and "items" in schema):
            if isinstance(schema.get("prefixItems"), list) and "items" not in schema:
                items = schema["prefixItems"]
                parts = (self.shape(one, f"{hint}Item", in_form=in_form) for one in items)
                return TupleOf(tuple(parts))
            return ListOf(self.shape(schema.get("items"), f"{hint}Item", in_form=in_form))
        if kind == "object":
            more = schema.get("additionalProperties")
            return MapOf(self.shape(more, f"{hint}Value", in_form=in_form))
        if kind == "string":
            is_file = schema.get("format") == "binary" or "contentMediaType" in schema
            if is_file and "contentSchema" not in schema:
                # In JSON, bytes are a text.
                return Plain("file" if in_form else "string")
            return Plain(_FORMATS.get(str(schema.get("format")), "string"))
        return Plain(_TYPES.get(str(kind), "any"))

    def _hoisted(self, schema: Mapping[str, Any], hint: str, in_form: bool) -> Named:
        name = self._taken.take(pascal(hint))
        self._declared[name] = Alias(name, "", ANY)
        self._declared[name] = self._record(schema, name, in_form)
        return Named(name)

    def _record(self, schema: Mapping[str, Any], name: str, in_form: bool) -> Record:
        merged = _merged(self._document, schema)
        required = set(merged.get("required") or ())
        members = tuple(
            Member(
                name=key,
                shape=self.shape(one, f"{name}_{key}", in_form=in_form),
                is_required=key in required,
                default=one.get("default", ABSENT) if isinstance(one, Mapping) else ABSENT,
                description=str(one.get("description") or "") if isinstance(one, Mapping) else "",
            )
            for key, one in (merged.get("properties") or {}).items()
        )
        more = merged.get("additionalProperties")
        text = str(schema.get("description") or "")
        return Record(name, text, members, is_open=more is True or isinstance(more, Mapping))


def one_of(shapes: tuple[Shape, ...], discriminator: str | None = None) -> Shape:
    """Join shapes: those inside each other become flat, and each stands there once."""
    found: list[Shape] = []
    for shape in shapes:
        inner = shape.members if isinstance(shape, OneOf) and not shape.discriminator else (shape,)
        found += [one for one in inner if one not in found]
    if ANY in found:
        return ANY
    if len(found) == 1:
        return found[0]
    return OneOf(tuple(found), discriminator if NULL not in found else None)


def _choice(values: list[Any]) -> Shape:
    plain = [one for one in values if one is None or isinstance(one, str | int | bool)]
    if len(plain) < len(values) or not plain:
        is_number = bool(values) and all(isinstance(one, int | float) for one in values)
        return Plain("number") if is_number else ANY
    if plain == [None]:
        return NULL
    return Choice(tuple(dict.fromkeys(plain)) if _are_of_one_type(plain) else tuple(plain))


def _are_of_one_type(values: list[Any]) -> bool:
    return len({type(one) for one in values}) == 1


def _is_record(schema: Mapping[str, Any]) -> bool:
    """Tell whether a schema is an object with properties, or several of them in one."""
    if schema.get("properties") and not schema.get("anyOf") and not schema.get("oneOf"):
        return True
    if schema.get("type") == "object" and schema.get("additionalProperties") is False:
        return True
    every = schema.get("allOf")
    return isinstance(every, list) and len(every) > 1


def _merged(
    document: Mapping[str, Any], schema: Mapping[str, Any], within: tuple[int, ...] = ()
) -> dict[str, Any]:
    """Give one object schema for all that `allOf` holds."""
    found: dict[str, Any] = {"properties": {}, "required": []}
    if id(schema) in within:
        return found
    for one in [*(schema.get("allOf") or ()), {**schema, "allOf": None}]:
        part = resolve(document, one)
        if not isinstance(part, Mapping):
            continue
        if part.get("allOf"):
            part = _merged(document, part, (*within, id(schema)))
        found["properties"].update(part.get("properties") or {})
        found["required"] += part.get("required") or []
        if "additionalProperties" in part:
            found["additionalProperties"] = part["additionalProperties"]
    return found
