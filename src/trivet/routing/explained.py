"""A plan in words: where each argument comes from, and what is called, opened and closed.

Rows of plain text for whoever shows them: `trivet explain` and the page of an unhandled error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from trivet.binding.instant import may_block
from trivet.binding.params import Body, File, Form
from trivet.binding.plan import Call, Injected, Kind
from trivet.schema.field import Field, names_of

__all__ = [
    "Argument",
    "Dependency",
    "arguments_of",
    "dependencies_of",
    "how_called",
    "name_of",
    "written",
]


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a function: its name, where it comes from, and its type in words."""

    name: str
    origin: str
    type: str
    is_dependency: bool = False


@dataclass(frozen=True, slots=True)
class Dependency:
    """One dependency, as deep as it stands; without arguments where its value is there already."""

    depth: int
    call: Call
    notes: tuple[str, ...]
    arguments: tuple[Argument, ...]


def how_called(call: Call) -> str:
    """Say how a function of the plan is run."""
    if call.kind is Kind.SYNC:
        if may_block(call.function):
            return "runs in a worker thread"
        return "called on the event loop: it cannot block"
    if call.kind is Kind.ASYNC:
        return "awaited on the event loop"
    streams = "in a worker thread" if call.kind is Kind.GENERATOR else "on the event loop"
    return f"a generator, run {streams}"


def arguments_of(call: Call, *, embeds: bool) -> list[Argument]:
    """Give all that a call is given; `embeds` says that body fields lie under their names."""
    rows: list[Argument] = []
    for place, fields in (
        ("path", call.path),
        ("query", call.query),
        ("header", call.header),
        ("cookie", call.cookie),
    ):
        for field in fields:
            names = " or ".join(wire for _, wire in names_of(field))
            rows.append(Argument(field.name, f"{place} {names}".rstrip(), _type_of(field)))
    for field in call.body:
        kind = _body_kind(field)
        origin = f"{kind} {field.alias}" if embeds or kind != "JSON body" else kind
        rows.append(Argument(field.name, origin, _type_of(field)))
    for dependency in call.dependencies:
        if dependency.name is not None:
            origin = f"depends on {name_of(dependency.function)}"
            rows.append(Argument(dependency.name, origin, "", is_dependency=True))
    for name, injected in call.injected.items():
        text = f"scopes {', '.join(call.scopes)}" if injected is Injected.SCOPES else ""
        rows.append(Argument(name, f"the {injected.value}", text))
    return rows


def dependencies_of(plan: Call) -> Iterator[Dependency]:
    """Give all dependencies in the order in which they are called, each before its own."""
    seen: set[Any] = set()
    for call in plan.dependencies:
        yield from _below(call, 0, seen)


def _below(call: Call, depth: int, seen: set[Any]) -> Iterator[Dependency]:
    is_known = call.key in seen and call.use_cache
    own = () if is_known else arguments_of(call, embeds=False)
    shown = tuple(one for one in own if not one.is_dependency)
    yield Dependency(depth, call, tuple(_notes(call, is_known=is_known)), shown)
    if is_known:
        return
    seen.add(call.key)
    for inner in call.dependencies:
        yield from _below(inner, depth + 1, seen)


def _notes(call: Call, *, is_known: bool) -> Iterator[str]:
    if is_known:
        yield "called already: the same value"
    else:
        yield how_called(call) if not call.kind.yields else "opened and closed"
    if call.kind.yields:
        end = "the handler has returned" if call.lifetime == "function" else "the answer was sent"
        yield f"closed when {end}"
    if not call.use_cache:
        yield "called anew each time"
    if call.limit is not None:
        yield "limited in how many run at once"
    if call.scheme is not None:
        yield "a security scheme"
    if call.own_scopes:
        yield f"scopes {', '.join(call.own_scopes)}"


def _body_kind(field: Field) -> str:
    info = field.field_info
    if isinstance(info, File):
        return "file of the form"
    if isinstance(info, Form):
        return "field of the form"
    if isinstance(info, Body) and info.media_type != "application/json":
        return f"body ({info.media_type})"
    return "JSON body"


def _type_of(field: Field) -> str:
    info = field.field_info
    parts = [written(field.annotation), *map(str, info.metadata)]
    text = ", ".join(parts)
    if field.required:
        return f"{text}, required"
    if info.default_factory is not None:
        return f"{text}, made by {name_of(info.default_factory)} where absent"
    return f"{text}, {info.default!r} where absent"


def written(annotation: Any) -> str:  # Any: a type expression
    """Give a type as one writes it."""
    if isinstance(annotation, type) and not hasattr(annotation, "__args__"):
        return annotation.__qualname__
    return str(annotation).replace("typing.", "")


def name_of(function: Any) -> str:  # Any: functions, partials, objects with __call__
    """Give the qualified name of a function, of a class, or of the class of an object."""
    while isinstance(function, partial):
        function = function.func
    return str(getattr(function, "__qualname__", None) or type(function).__qualname__)
