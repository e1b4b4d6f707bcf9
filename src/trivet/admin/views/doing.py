"""What is done with rows: deletion, actions, imports, and how far they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from trivet.admin.views.frame import Choice, Link

__all__ = [
    "ActionPage",
    "DeletePage",
    "ImportColumn",
    "ImportPage",
    "Node",
    "ProgressPage",
]


@dataclass(frozen=True, slots=True)
class Node:
    """A row, or a kind of rows, with what hangs on it."""

    label: str
    url: str = ""
    kind: str = ""
    children: Sequence[Node] = ()


@dataclass(frozen=True, slots=True)
class DeletePage:
    """What goes with rows that are deleted."""

    title: str
    back_url: str
    text: str = ""
    gone: Sequence[Node] = ()
    counts: Sequence[tuple[str, str]] = ()
    """What goes in all: how many, by what they are called."""
    kept: Sequence[Node] = ()
    """What stays, and loses its link."""
    protected: Sequence[Node] = ()
    """What stands in the way: then there is no button."""
    hidden: Sequence[tuple[str, str]] = ()
    button: str = ""
    is_trash: bool = False
    """True where the rows can be brought back."""
    must_type: str = ""


@dataclass(frozen=True, slots=True)
class ActionPage:
    """What is asked before something is done with rows."""

    title: str
    button: str
    back_url: str
    text: str = ""
    kind: str = "first"
    rows: Sequence[Link] = ()
    """Some of the rows."""
    more: str = ""
    hidden: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class ProgressPage:
    """How far something is that goes on alone."""

    title: str
    back_url: str
    status_url: str = ""
    """Gives the same as JSON: ``over``, ``share`` (from 0 to 1) and ``note``."""
    share: float | None = None
    note: str = ""
    text: str = ""
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class ImportColumn:
    """One column of a file, and the fields that it may be."""

    name: str
    head: str
    examples: Sequence[str]
    choices: Sequence[Choice]


@dataclass(frozen=True, slots=True)
class ImportPage:
    """One step of an import."""

    title: str
    back_url: str
    step: Literal["file", "match", "tried"]
    limits: str
    problem: str = ""
    data: str = ""
    """What was read, which the form sends back."""
    count: str = ""
    columns: Sequence[ImportColumn] = ()
    by: Sequence[Choice] = ()
    """What rows that are there already may be found by."""
    found: Any = None
    """What was tried: ``new``, ``changed``, ``same``, ``wrong`` and ``troubles``."""
