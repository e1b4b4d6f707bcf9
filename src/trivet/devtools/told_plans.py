"""The plan of a recorded request in words, with the values that came for its arguments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from trivet.app.debug_frames import short_path
from trivet.binding.plan import Call
from trivet.devtools.records import Received, Record
from trivet.devtools.redacted import Rows
from trivet.errors import place_of
from trivet.routing.around import joined
from trivet.routing.explained import arguments_of, dependencies_of, how_called, name_of
from trivet.routing.serve import compile_route
from trivet.routing.state import RouteState
from trivet.schema.field import names_of

__all__ = ["Given", "Told", "told_plan"]


@dataclass(frozen=True, slots=True)
class Given:
    """One argument: where it comes from, and the text that came for it."""

    name: str
    origin: str
    type: str
    value: str | None
    """None where nothing that came is read for it, empty where nothing came."""


@dataclass(frozen=True, slots=True)
class Told:
    """A plan in words."""

    title: str
    handler: str
    place: str
    how: str
    arguments: tuple[Given, ...]
    dependencies: str
    source: str


def told_plan(app: Any, record: Record) -> Told | None:  # Any: the application
    """Give the plan of the typed route that answered; None where it was none."""
    route = record.route
    if not isinstance(route, RouteState):
        return None
    values = _values(route.plan, record.received)
    rows = arguments_of(route.plan, embeds=route.embeds_body)
    place = place_of(route.endpoint)
    file, line = place.get("file"), place.get("line")
    return Told(
        title=f"{', '.join(sorted(route.methods))} {route.path}",
        handler=name_of(route.endpoint),
        place=f"{short_path(file)}:{line}" if file else "",
        how=how_called(route.plan),
        arguments=tuple(
            Given(row.name, row.origin, row.type, values.get(row.name)) for row in rows
        ),
        dependencies="\n".join(_dependencies(route.plan)),
        source=compile_route(route, app.dependency_overrides, joined(app.arounds)).text,
    )


def _dependencies(plan: Call) -> Iterator[str]:
    for one in dependencies_of(plan):
        pad = "  " * one.depth
        name = f"{one.call.name} = " if one.call.name else ""
        yield f"{pad}{name}{name_of(one.call.function)}: {', '.join(one.notes)}"
        for each in one.arguments:
            yield f"{pad}    {each.name}: {each.origin}"


def _values(call: Call, received: Received) -> dict[str, str]:
    """Find what came for each argument that is read from the request."""
    found: dict[str, str] = {}
    places: tuple[tuple[Any, Rows], ...] = (
        (call.path, received.path),
        (call.query, received.query),
        (call.header, received.headers),
        (call.cookie, received.cookies),
    )
    for fields, rows in places:
        for field in fields:
            names = {wire.lower() for _, wire in names_of(field)}
            texts = [text for name, text in rows if name.lower() in names]
            found[field.name] = ", ".join(texts)
    for field in call.body:
        found[field.name] = "the body, below" if received.body else ""
    return found
