"""Columns that are computed of a row: ``@computed(label="Age")`` above a `ModelAdmin`'s method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Computed", "computed"]


@dataclass(frozen=True)
class Computed:
    """One computed column: what computes it, and what is said about it."""

    function: Callable[[Any, Any], Any]
    """Of the `ModelAdmin` and a row."""
    label: str | None = None
    kind: str = "text"
    order: Any = None
    """A column or an expression that the list is sorted by in its place."""
    needs: Sequence[Any] = ()
    """Relations that it reads, which the list loads with the rows."""

    def __set_name__(self, owner: type[Any], name: str) -> None:
        object.__setattr__(self, "name", name)

    name = ""


def computed(
    *, label: str | None = None, kind: str = "text", order: Any = None, needs: Sequence[Any] = ()
) -> Callable[[Callable[[Any, Any], Any]], Computed]:
    """Make a method of a `ModelAdmin` a column: it is given a row, and gives what is shown.

    `kind` says how: ``text``, ``number``, ``boolean``, ``badge``, ``link`` …; markup is shown as
    such where it is a `markupsafe.Markup`.
    """

    def made(function: Callable[[Any, Any], Any]) -> Computed:
        return Computed(function, label, kind, order, needs)

    return made
