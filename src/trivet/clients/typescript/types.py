"""Shapes and declarations as types of TypeScript; what is on the wire is what a program has."""

from __future__ import annotations

import json
import re

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

__all__ = ["comment", "key", "type_of", "written_declaration"]

_PLAIN = {
    "any": "unknown",
    "null": "null",
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "file": "Blob",
}
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)


def type_of(shape: Shape) -> str:
    """Give the type of a shape; dates, UUIDs and decimals are texts, as they are in JSON."""
    match shape:
        case Plain(kind):
            return _PLAIN.get(kind, "string")
        case Named(name):
            return name
        case ListOf(item):
            inner = type_of(item)
            return f"({inner})[]" if " | " in inner else f"{inner}[]"
        case TupleOf(items):
            return f"[{', '.join(map(type_of, items))}]"
        case MapOf(value):
            return f"Record<string, {type_of(value)}>"
        case Choice(values):
            return " | ".join(json.dumps(one, ensure_ascii=False) for one in values)
        case OneOf(members):
            return " | ".join(dict.fromkeys(map(type_of, members)))


def key(name: str) -> str:
    """Give the name of a property, in quotes where it needs them."""
    return name if _IDENTIFIER.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def comment(text: str, depth: int = 0) -> list[str]:
    """Give the lines of a comment for readers and editors; none for no text."""
    lines = [line.rstrip() for line in text.strip().replace("*/", "*\\/").splitlines()]
    pad = "  " * depth
    if not lines:
        return []
    if len(lines) == 1:
        return [f"{pad}/** {lines[0]} */"]
    return [f"{pad}/**", *(f"{pad} * {line}".rstrip() for line in lines), f"{pad} */"]


def written_declaration(declared: Declaration) -> list[str]:
    """Give the lines of one exported type."""
    lines = comment(declared.description)
    match declared:
        case Record(name, _, members, is_open):
            lines.append(f"export interface {name} {{")
            for one in members:
                mark = "" if one.is_required else "?"
                lines += comment(one.description, 1)
                lines.append(f"  {key(one.name)}{mark}: {type_of(one.shape)};")
            lines += ["  [name: string]: unknown;"] if is_open else []
            return [*lines, "}"]
        case Enumeration(name, _, values):
            return [*lines, *_joined(name, [json.dumps(one, ensure_ascii=False) for one in values])]
        case Alias(name, _, shape):
            shapes = shape.members if isinstance(shape, OneOf) else (shape,)
            return [*lines, *_joined(name, list(dict.fromkeys(map(type_of, shapes))))]


def _joined(name: str, parts: list[str]) -> list[str]:
    line = f"export type {name} = {' | '.join(parts)};"
    if len(line) <= 80 or len(parts) == 1:
        return [line]
    return [f"export type {name} =", *(f"  | {one}" for one in parts[:-1]), f"  | {parts[-1]};"]
