"""Several operations of one path and method, told apart by a header, as the one OpenAPI allows.

What they share is said as it is. Where they differ, the document says that it is one of several
(`anyOf`: a body may fit more than one), and a parameter of the header names the values. Which
value has which body is not said by this: a document of one value alone does (`sent`).
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from trivet.openapi.models import Operation, Parameter
from trivet.routing.state import RouteState
from trivet.routing.when import HeaderIs

__all__ = ["joined", "reached"]

Candidate = tuple[HeaderIs | None, Operation]


def reached(routes: Iterable[RouteState], sent: Mapping[str, str]) -> list[RouteState]:
    """Give the routes that a client reaches that sends these headers, and any others."""
    headers = {name.lower(): value for name, value in sent.items()}
    return [
        route
        for route in routes
        if route.when is None
        or headers.get(route.when.name.lower(), route.when.value) == route.when.value
    ]


def joined(candidates: Sequence[Candidate]) -> Operation:
    """Give one operation for all, in declared order; the default's texts stand for all of them."""
    ordered = sorted(candidates, key=lambda one: one[0] is None or not one[0].default)
    operations = [cast("dict[str, Any]", operation) for _, operation in ordered]
    found = copy.deepcopy(operations[0])
    found["parameters"] = [*_headers(candidates), *_parameters(operations)]
    bodies = [one["requestBody"] for one in operations if "requestBody" in one]
    if bodies:
        is_required = len(bodies) == len(operations) and all(one.get("required") for one in bodies)
        found["requestBody"] = {
            **({"required": True} if is_required else {}),
            "content": _contents([one["content"] for one in bodies]),
        }
    found["responses"] = _responses([one["responses"] for one in operations])
    if not all(one.get("deprecated") for one in operations):
        found.pop("deprecated", None)
    return cast("Operation", found)


def _headers(candidates: Sequence[Candidate]) -> list[Parameter]:
    """Give a parameter for each header that decides."""
    conditions = [when for when, _ in candidates if when is not None]
    found: list[Parameter] = []
    for key in dict.fromkeys(one.key for one in conditions):
        of_key = [one for one in conditions if one.key == key]
        default = next((one.value for one in of_key if one.default), None)
        schema: dict[str, Any] = {
            "type": "string",
            "enum": list(dict.fromkeys(one.value for one in of_key)),
        }
        if default is not None:
            schema["default"] = default
        # Routes without a condition answer whoever fits nothing else.
        is_needed = default is None and len(of_key) == len(candidates)
        parameter = Parameter(
            {"name": of_key[0].name, "in": "header", "required": is_needed, "schema": schema}
        )
        parameter["description"] = "Chooses which of several routes answers."
        found.append(parameter)
    return found


def _parameters(operations: Sequence[dict[str, Any]]) -> list[Any]:
    by_name: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for operation in operations:
        for one in operation.get("parameters", ()):
            by_name.setdefault((one["in"], one["name"]), []).append(one)
    found = []
    for same in by_name.values():
        shown = copy.deepcopy(same[0])
        shown["schema"] = _either([one["schema"] for one in same])
        shown["required"] = len(same) == len(operations) and all(one["required"] for one in same)
        found.append(shown)
    return found


def _contents(contents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in dict.fromkeys(kind for one in contents for kind in one):
        media = [one[kind] for one in contents if kind in one]
        shown = copy.deepcopy(dict(media[0]))
        for name in ("schema", "itemSchema"):
            schemas = [one[name] for one in media if name in one]
            if schemas:
                shown[name] = _either(schemas)
        found[kind] = shown
    return found


def _responses(responses: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status in dict.fromkeys(status for one in responses for status in one):
        same = [one[status] for one in responses if status in one]
        shown = copy.deepcopy(dict(same[0]))
        contents = [one["content"] for one in same if "content" in one]
        if contents:
            shown["content"] = _contents(contents)
        found[status] = shown
    return found


def _either(schemas: Sequence[Any]) -> Any:
    different = [one for index, one in enumerate(schemas) if one not in schemas[:index]]
    return different[0] if len(different) == 1 else {"anyOf": different}
