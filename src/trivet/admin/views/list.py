"""A list: its heads and rows, filters, and where one goes from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from trivet.admin.views.frame import Choice, Html, Link, Option

__all__ = [
    "Asked",
    "Chip",
    "Filter",
    "Head",
    "ListPage",
    "Pager",
    "Row",
]


@dataclass(frozen=True, slots=True)
class Head:
    """The head of one column."""

    name: str
    label: str
    kind: str
    """How it is drawn: ``text``, ``number``, ``boolean``, ``moment``, ``badge``, ``image`` …"""
    sort_url: str = ""
    """Where the list is sorted by it; empty where it cannot be."""
    order: Literal["", "up", "down"] = ""
    priority: int = 0
    """Its place among several columns that the list is sorted by, from 1."""
    unsort_url: str = ""
    total: Html = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells are in the order of the heads."""

    key: str
    url: str
    """The page of the row; empty where there is none."""
    cells: Sequence[Html]
    label: str
    actions: Sequence[Link] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter beside or above a list."""

    name: str
    label: str
    kind: Literal["options", "relation", "range", "dates", "text"]
    options: Sequence[Option] = ()
    """For `options`: links, the first of which is "All"."""
    least: str = ""
    most: str = ""
    """For `range` and `dates`: what is chosen."""
    input_type: str = "text"
    value: str = ""
    value_label: str = ""
    search_url: str = ""
    """For `relation`: gives rows for what was typed, as JSON."""
    is_active: bool = False


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing that narrows the list now, and where it does no longer."""

    label: str
    value: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One piece of what conditions say, in the order in which it is read."""

    kind: Literal["condition", "word", "sign"]
    """A condition; "and" or "or" between two; a bracket around several."""
    text: str
    remove_url: str = ""
    """Where a condition is no longer asked."""


@dataclass(frozen=True, slots=True)
class Pager:
    """Where the page of a list is, and where one goes from it."""

    shown: str
    """Such as "51 to 100 of about 10,000,000"."""
    first_url: str = ""
    previous_url: str = ""
    next_url: str = ""
    last_url: str = ""
    numbers: Sequence[Option] = ()
    """Links to numbered pages near this one, where there are any."""
    sizes: Sequence[Option] = ()


@dataclass(frozen=True, slots=True)
class ListPage:
    """A list of rows, and all that can be done with it."""

    title: str
    heads: Sequence[Head]
    rows: Sequence[Row]
    pager: Pager
    path: str
    """The address of the list without anything chosen."""
    kept: Sequence[tuple[str, str]] = ()
    """What of the address goes on with a search or a filter, as hidden inputs."""
    search: str | None = None
    """What is searched for; None where nothing can be."""
    search_hint: str = ""
    filters: Sequence[Filter] = ()
    chips: Sequence[Chip] = ()
    conditions: Sequence[Sequence[Asked]] = ()
    """What else narrows the list: a chip for each condition and for each group of them."""
    conditions_url: str = ""
    """Where they are put together; empty where nothing can be asked."""
    clear_url: str = ""
    add_url: str = ""
    add_label: str = ""
    tools: Sequence[Link] = ()
    """Further pages of the list: exports, an import, its trash."""
    actions: Sequence[Choice] = ()
    """What can be done with rows that are chosen."""
    views: Sequence[Option] = ()
    """Kept views: filters, columns and order under a name."""
    columns: Sequence[Choice] = ()
    """All columns there are, and whether each is shown."""
    hierarchy: Sequence[Option] = ()
    """Years, months or days, to go down into."""
    empty_title: str = ""
    empty_hint: str = ""
    is_dense: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)

    def lines(self) -> Iterator[tuple[Row, Html, Sequence[tuple[bool, Html]]]]:
        """Give each row with its first cell, and its others, each with whether it is a number."""
        are_numbers = [head.kind == "number" for head in self.heads[1:]]
        for row in self.rows:
            first = row.cells[0] if row.cells else ""
            yield row, first, list(zip(are_numbers, row.cells[1:], strict=True))
