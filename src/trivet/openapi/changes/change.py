"""One change: what, where, and whether it breaks clients; and what one comparison gathers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

__all__ = ["Change", "Comparison", "Direction", "resolved"]


@dataclass(frozen=True, order=True)
class Change:
    """One change. `code` is stable; `where` is an operation; `what` is a sentence about it."""

    code: str
    where: str
    what: str
    is_breaking: bool


class Direction(Enum):
    """Who sends: REQUEST is what a client sends, RESPONSE what it is sent."""

    REQUEST = "request"
    RESPONSE = "response"

    @property
    def reverse(self) -> Direction:
        """Give the other one."""
        return Direction.RESPONSE if self is Direction.REQUEST else Direction.REQUEST


@dataclass
class Comparison:
    """Both documents, and the changes found so far."""

    old: Mapping[str, Any]
    new: Mapping[str, Any]
    found: list[Change] = field(default_factory=list)

    def note(self, code: str, where: str, what: str, *, breaks: bool = False) -> None:
        """Add a change, once."""
        change = Change(code, where, what, breaks)
        if change not in self.found:
            self.found.append(change)


def resolved(document: Mapping[str, Any], value: Any) -> Any:  # Any: parts of a JSON document
    """Give what a value of a document points at, or the value; None for a reference to nothing."""
    seen: set[str] = set()
    while isinstance(value, Mapping) and isinstance(value.get("$ref"), str):
        reference = value["$ref"]
        if reference in seen or not reference.startswith("#/"):
            return None
        seen.add(reference)
        value = document
        for part in reference[2:].split("/"):
            key = part.replace("~1", "/").replace("~0", "~").replace("%7B", "{").replace("%7D", "}")
            value = value.get(key) if isinstance(value, Mapping) else None
    return value
