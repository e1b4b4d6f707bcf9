"""Shapes as types of Python, and JSON values as its literals."""

from __future__ import annotations

import keyword
from typing import Any

from pydantic import BaseModel

from trivet.clients.description import (
    Alias,
    Choice,
    Declaration,
    Enumeration,
    ListOf,
    MapOf,
    Named,
    OneOf,
    Plain,
    Record,
    Shape,
    TupleOf,
)
from trivet.clients.naming import Names, snake
from trivet.clients.python.layout import Group, Text, flat, quoted

__all__ = ["Types", "enum_names", "safe"]

_PLAIN = {
    "any": "Any",
    "null": "None",
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "date": "dt.date",
    "date-time": "dt.datetime",
    "time": "dt.time",
    "duration": "dt.timedelta",
    "uuid": "UUID",
    "decimal": "Decimal",
    "file": "File",
}
# Names that annotations need: a field or parameter of one of these gets a line behind its name.
_RESERVED = frozenset(
    {
        "bool", "bytes", "cls", "dict", "dt", "float", "int", "json", "list", "self", "str",
        "tuple",
    }
)  # fmt: skip
# What Pydantic's models have by these names.
_OF_MODELS = frozenset(dir(BaseModel))


def safe(name: str, taken: Names) -> str:
    """Give the name of a field or parameter: snake case, and no word of Python's or of ours."""
    found = snake(name)
    if keyword.iskeyword(found) or found in _RESERVED or found in _OF_MODELS:
        found += "_"
    return taken.take(found)


class Types:
    """Writes the types of one description."""

    def __init__(self, declarations: tuple[Declaration, ...]) -> None:
        self.declared = {one.name: one for one in declarations}
        # Which aliases hold themselves, with no record between: those need a lazy type.
        self.recursive = {one.name for one in declarations if self._holds(one, one.name, set())}

    def _holds(self, declared: Declaration | None, name: str, seen: set[str]) -> bool:
        if not isinstance(declared, Alias) or declared.name in seen:
            return False
        seen.add(declared.name)
        inner = self.aliases_in(declared.shape)
        return name in inner or any(self._holds(self.declared[one], name, seen) for one in inner)

    def aliases_in(self, shape: Shape) -> list[str]:
        """Give the aliases that a shape names."""
        match shape:
            case Named(name):
                return [name] if isinstance(self.declared.get(name), Alias) else []
            case ListOf(inner) | MapOf(inner):
                return self.aliases_in(inner)
            case TupleOf(several) | OneOf(several):
                return [name for one in several for name in self.aliases_in(one)]
        return []

    def text(self, shape: Shape) -> Text:
        """Give the type of a shape."""
        match shape:
            case Plain(kind):
                return _PLAIN[kind]
            case Named(name):
                return name
            case ListOf(item):
                return Group("list[", (self.text(item),), "]", has_comma=False)
            case MapOf(value):
                return Group("dict[", ("str", self.text(value)), "]")
            case TupleOf(()):
                return "tuple[()]"
            case TupleOf(items):
                is_one = len(items) == 1
                return Group("tuple[", tuple(map(self.text, items)), "]", has_comma=not is_one)
            case Choice(values):
                literals = tuple(_scalar(one) for one in values)
                return Group("Literal[", literals, "]", has_comma=len(literals) > 1)
            case OneOf(members, discriminator):
                return self._one_of(members, discriminator)

    def name(self, shape: Shape) -> str:
        """Give the type of a shape on one line."""
        return flat(self.text(shape))

    def _one_of(self, members: tuple[Shape, ...], discriminator: str | None) -> Text:
        kinds = {one.kind for one in members if isinstance(one, Plain)}
        parts: list[Text] = [self.text(one) for one in members]
        if {"number", "string"} <= kinds:
            # What Trivet's document says of a Decimal that is sent.
            parts.insert(0, "Decimal")
        field = self.tag(members, discriminator)
        joined = _union(parts)
        if field is None:
            return joined
        return Group("Annotated[", (joined, f"Field(discriminator={quoted(field)})"), "]")

    def tag(self, members: tuple[Shape, ...], discriminator: str | None) -> str | None:
        """Give the field that tells members apart; None where Pydantic could not go by it."""
        fields = set()
        for one in members:
            record = self.declared.get(one.name) if isinstance(one, Named) else None
            if not isinstance(record, Record):
                return None
            fields.add(self._tag_of(record, discriminator))
        return fields.pop() if len(fields) == 1 else None

    def _tag_of(self, record: Record, discriminator: str | None) -> str | None:
        taken = Names()
        for member in record.members:
            name = safe(member.name, taken)
            if member.name == discriminator and isinstance(member.shape, Choice):
                return name
        return None

    def literal(self, value: Any, shape: Shape) -> Text | None:  # Any: JSON
        """Give a default as a literal; None where its shape takes more than that."""
        match shape:
            case OneOf(members):
                return next(
                    (found for one in members if (found := self.literal(value, one)) is not None),
                    None,
                )
            case Named(name):
                return self._literal_of(value, self.declared.get(name))
            case Choice(values):
                known = any(value == one and type(value) is type(one) for one in values)
                return _scalar(value) if known else None
            case ListOf() if value == []:
                return "[]"
            case MapOf() if value == {}:
                return "{}"
            case Plain(kind):
                return _scalar(value) if _fits(value, kind) else None
        return None

    def _literal_of(self, value: Any, declared: Declaration | None) -> Text | None:
        if isinstance(declared, Enumeration) and value in declared.values:
            return f"{declared.name}.{enum_names(declared)[list(declared.values).index(value)]}"
        return None


def enum_names(declared: Enumeration) -> list[str]:
    """Give the names of an enumeration's values: `in-stock` is `IN_STOCK`, 3 is `VALUE_3`."""
    taken = Names({"NAME", "VALUE"})
    return [
        taken.take(snake(str(one).replace("-", "minus_") if isinstance(one, int) else one).upper())
        for one in declared.values
    ]


def _fits(value: Any, kind: str) -> bool:
    if value is None:
        return kind in ("null", "any")
    kinds: dict[str, type | tuple[type, ...]] = {
        "string": str, "integer": int, "number": (int, float), "boolean": bool,
        "any": (str, int, float, bool),
    }  # fmt: skip
    fits = isinstance(value, kinds.get(kind, ()))
    return fits and (kind in ("boolean", "any") or not isinstance(value, bool))


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    return repr(value).replace("e+", "e") if isinstance(value, float) else repr(value)


def _union(parts: list[Text]) -> Text:
    """Join types by `|`; where that is no line, by Union, which can be laid out."""
    flattened: list[Text] = list(dict.fromkeys(parts))
    joined = " | ".join(flat(one) for one in flattened)
    if len(joined) <= _LONGEST_UNION:
        return joined
    return Group("Union[", tuple(flattened), "]")


_LONGEST_UNION = 40
