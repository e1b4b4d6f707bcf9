"""The mark that makes a route a tool: a program that speaks to a model may offer it to the model.

Nothing is a tool unless it says so. The mark is on the handler, in any order with the verb.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, overload

__all__ = ["ToolMark", "mark_of", "tool"]

Handler = TypeVar("Handler", bound=Callable[..., Any])

_MARK = "__trivet_tool__"


@dataclass(frozen=True)
class ToolMark:
    """What a handler says of itself as a tool; None is what its route says already."""

    name: str | None = None
    description: str | None = None
    reads_only: bool | None = None
    destroys: bool | None = None


@overload
def tool(handler: Handler, /) -> Handler: ...


@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    reads_only: bool | None = None,
    destroys: bool | None = None,
) -> Callable[[Handler], Handler]: ...


def tool(
    handler: Handler | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    reads_only: bool | None = None,
    destroys: bool | None = None,
) -> Handler | Callable[[Handler], Handler]:
    """Let the routes of a handler be tools: ``@tool``, or ``@tool(description="…")``.

    The name is the handler's, the description its docstring's, unless others are given here. A GET
    only reads, a DELETE destroys; say so where a route does otherwise.
    """

    def mark(marked: Handler) -> Handler:
        setattr(marked, _MARK, ToolMark(name, description, reads_only, destroys))
        return marked

    return mark if handler is None else mark(handler)


def mark_of(handler: Callable[..., Any]) -> ToolMark | None:
    """Give what a handler says of itself as a tool; None where it is none."""
    found: ToolMark | None = getattr(handler, _MARK, None)
    return found
