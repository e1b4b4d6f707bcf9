"""The models of a client: Pydantic models, enumerations, aliases."""

from __future__ import annotations

from typing import Any

from trivet.clients.description import (
    ABSENT,
    Alias,
    Enumeration,
    Member,
    OneOf,
    Plain,
    Record,
)
from trivet.clients.naming import Names
from trivet.clients.python.layout import (
    WIDTH,
    Group,
    Text,
    docstring,
    flat,
    laid_out,
    quoted,
    width,
)
from trivet.clients.python.types import Types, enum_names, safe

__all__ = ["written_declarations"]


def written_declarations(types: Types) -> list[str]:
    """Give the lines of all declarations: classes by name, then aliases in the order of need."""
    lines: list[str] = []
    declared = list(types.declared.values())
    for one in declared:
        if isinstance(one, Enumeration):
            lines += ["", "", *_enumeration(one)]
    for one in declared:
        if isinstance(one, Record):
            lines += ["", "", *_record(one, types)]
    aliases = _in_order([one for one in declared if isinstance(one, Alias)], types)
    for number, alias in enumerate(aliases):
        lines += [*(["", ""] if number == 0 else []), *_alias(alias, types)]
    return lines


def _enumeration(declared: Enumeration) -> list[str]:
    kind = "StrEnum" if isinstance(declared.values[0], str) else "IntEnum"
    text = docstring(declared.description, 1)
    lines = [f"class {declared.name}({kind}):", *text, *([""] if text else [])]
    for name, value in zip(enum_names(declared), declared.values, strict=True):
        lines.append(f"    {name} = {quoted(value) if isinstance(value, str) else value}")
    return lines


def _record(declared: Record, types: Types) -> list[str]:
    parent = "OpenModel" if declared.is_open else "Model"
    text = docstring(declared.description, 1)
    lines = [f"class {declared.name}({parent}):", *text]
    taken = Names(types.declared)
    members: list[str] = []
    for member in declared.members:
        described = docstring(member.description, 1)
        members += [*_member(member, safe(member.name, taken), types), *described]
        members += [""] if described else []
    while members and not members[-1]:
        members.pop()
    if not members:
        return lines if text else [*lines, "    pass"]
    return [*lines, *([""] if text else []), *members]


def _member(member: Member, name: str, types: Types) -> list[str]:
    shape = member.shape
    options: list[Text] = []
    if not member.is_required:
        default = _default(member, types)
        if default is None and member.default is ABSENT:
            default = "None"
            shape = _nullable(shape)
        if default is None:
            made = Group("_made(", (types.text(shape), _json(member.default)), ")")
            options.append(f"default_factory=lambda: {flat(made)}")
        elif name == member.name:
            return laid_out(types.text(shape), 1, f"{name}: ", f" = {flat(default)}")
        else:
            options.append(f"default={flat(default)}")
    if name != member.name:
        wire = quoted(member.name)
        options += [f"validation_alias={wire}", f"serialization_alias={wire}"]
    kind = types.text(shape)
    if not options:
        return laid_out(kind, 1, f"{name}: ")
    head = f"{name}: {flat(kind)} = Field("
    if width(head) + 4 <= WIDTH:
        return laid_out(Group(head, tuple(options), ")"), 1)
    *first, last = laid_out(kind, 1, f"{name}: ", " = Field(")
    field = laid_out(Group(last.strip(), tuple(options), ")"), 1)
    return [*first, *field]


def _default(member: Member, types: Types) -> Text | None:
    if member.default is ABSENT:
        return None
    return types.literal(member.default, member.shape)


def _nullable(shape: Any) -> Any:  # Any: Shape, in and out
    if shape in (Plain("null"), Plain("any")):
        return shape
    if isinstance(shape, OneOf) and shape.discriminator is None:
        members = shape.members
        return shape if Plain("null") in members else OneOf((*members, Plain("null")))
    return OneOf((shape, Plain("null")))


def _json(value: Any) -> str:  # Any: JSON
    """Give a JSON value as an expression."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return "[" + ", ".join(_json(one) for one in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_json(k)}: {_json(v)}" for k, v in value.items()) + "}"
    return repr(value).replace("e+", "e")


def _alias(declared: Alias, types: Types) -> list[str]:
    if declared.name in types.recursive:
        quoted_type = quoted(types.name(declared.shape))
        kind: Text = Group("TypeAliasType(", (quoted(declared.name), quoted_type), ")")
        lines = laid_out(kind, 0, f"{declared.name} = ")
    else:
        lines = laid_out(types.text(declared.shape), 0, f"{declared.name}: TypeAlias = ")
    return [*lines, *docstring(declared.description, 0)]


def _in_order(aliases: list[Alias], types: Types) -> list[Alias]:
    """Give aliases so that each stands behind those it is made of."""
    by_name = {one.name: one for one in aliases}
    found: dict[str, Alias] = {}

    def visit(alias: Alias, within: tuple[str, ...]) -> None:
        for name in types.aliases_in(alias.shape):
            if name not in found and name not in within:
                visit(by_name[name], (*within, name))
        found.setdefault(alias.name, alias)

    for alias in aliases:
        visit(alias, (alias.name,))
    return list(found.values())
