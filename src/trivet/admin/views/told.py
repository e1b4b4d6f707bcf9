"""What was done: the history of a row, and the log of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from trivet.admin.views.frame import Choice, Html
from trivet.admin.views.list import Pager

__all__ = [
    "Change",
    "HistoryEntry",
    "HistoryPage",
    "LogField",
]


class Change(NamedTuple):
    """One field of a change: what it is called, and what was there before and after."""

    label: str
    old: Html
    new: Html


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Something that was done."""

    when: Html
    who: str
    action: str
    icon: str = ""
    label: str = ""
    """Of what row, in a list of all that was done."""
    url: str = ""
    text: str = ""
    changes: Sequence[Change] = ()
    revert_url: str = ""
    """Where what was there before is brought back."""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """What was done with a row, or with all."""

    title: str
    entries: Sequence[HistoryEntry]
    back_url: str = ""
    pager: Pager | None = None
    empty_hint: str = ""
    fields: Sequence[LogField] = ()
    """What narrows a log of all; each is an input."""


@dataclass(frozen=True, slots=True)
class LogField:
    """One input above a log."""

    name: str
    label: str
    value: str = ""
    kind: str = "text"
    """The type of the input; ``select`` where there are choices."""
    choices: Sequence[Choice] = ()
