"""The page on which conditions are put together: groups, and what is asked in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from trivet.admin.views.frame import Choice

__all__ = ["ConditionGroup", "ConditionRow", "ConditionsPage"]


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """One condition: lists of columns and of look-ups, and inputs for its values."""

    place: str
    """Stands behind the names of its fields: ``.1.0``."""
    label: str
    """What it is about, for who hears the page; empty where nothing is chosen yet."""
    subjects: Sequence[Choice]
    lookups: Sequence[Choice] = ()
    takes: Literal["none", "one", "two", "some"] = "none"
    input_type: Literal["text", "number", "date", "row", "choice"] = "text"
    values: Sequence[str] = ()
    """Two, where several are not taken: the second is where a stretch ends."""
    choices: Sequence[Choice] = ()
    """What is chosen instead of typed; of rows, those that are chosen already."""
    pick_url: str = ""
    """For rows: gives those that fit what was typed, as JSON."""
    problem: str = ""
    has_focus: bool = False


@dataclass(frozen=True, slots=True)
class ConditionGroup:
    """Conditions that belong together, and groups of them."""

    place: str
    how: Literal["all", "any"]
    items: Sequence[ConditionRow | ConditionGroup]
    can_add: bool = True
    can_group: bool = True


@dataclass(frozen=True, slots=True)
class ConditionsPage:
    """The conditions of a list, as a form that is sent by GET."""

    title: str
    path: str
    """Where the form is sent."""
    back_url: str
    root: ConditionGroup
    kept: Sequence[tuple[str, str]] = ()
    """What of the list goes on, as hidden inputs."""
    clear_url: str = ""
    limit: str = ""
    """What is said where there are as many conditions as there may be."""
