"""One row in its form, and what is asked where two people changed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trivet.admin.views.frame import Html, Link

__all__ = [
    "AccountPage",
    "BothChanged",
    "Button",
    "ConflictPage",
    "Fact",
    "FormPage",
    "Presence",
    "Section",
    "Tab",
]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is shown and cannot be changed."""

    label: str
    value: Html
    url: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Fields of a form under one heading, by their names in the form."""

    label: str
    fields: Sequence[str]
    hint: str = ""
    is_closed: bool = False
    facts: Sequence[Fact] = ()


@dataclass(frozen=True, slots=True)
class Tab:
    """Sections that are seen together; `problems` counts what is wrong in them."""

    id: str
    label: str
    sections: Sequence[Section]
    problems: int = 0


@dataclass(frozen=True, slots=True)
class Button:
    """One way of sending a form."""

    name: str
    value: str
    label: str
    kind: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Presence:
    """Where a page hears who else has its row open, by which script, and who looks at the page."""

    channel: str
    client_url: str
    me: str


@dataclass(frozen=True, slots=True)
class FormPage:
    """A row in its form."""

    title: str
    sections: Sequence[Section]
    is_new: bool
    tabs: Sequence[Tab] = ()
    subtitle: str = ""
    facts: Sequence[Fact] = ()
    """Beside the form."""
    facts_label: str = ""
    buttons: Sequence[Button] = ()
    actions: Sequence[Link] = ()
    delete_url: str = ""
    history_url: str = ""
    view_only: bool = False
    pickers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By the names of fields: where rows are found, and what those are called that stand there."""
    wide: Sequence[str] = ()
    sort: Mapping[str, str] = field(default_factory=dict)
    """Rows whose order is moved, with the fields that keep it."""
    tables: Sequence[str] = ()
    """Rows that are the lines of a table."""
    slugs: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    """What stood in the form when it was made; it comes back with what is posted."""
    draft: str = ""
    rich: str = ""
    """What rich text may hold, as JSON for its editor; empty where no field is rich text."""
    related: Sequence[Link] = ()
    presence: Presence | None = None
    """None for a new row, and where nobody hears of others."""


@dataclass(frozen=True, slots=True)
class BothChanged:
    """A field that two people changed at the same time."""

    name: str
    label: str
    theirs: Html
    mine: Html
    base: Html = ""
    is_conflict: bool = True
    chosen: str = "mine"


@dataclass(frozen=True, slots=True)
class ConflictPage:
    """Somebody else saved meanwhile: what shall be kept?"""

    title: str
    fields: Sequence[BothChanged]
    hidden: Sequence[tuple[str, str]]
    back_url: str
    who: str = ""
    when: Html = ""


@dataclass(frozen=True, slots=True)
class AccountPage:
    """What is done with an account besides its form."""

    title: str
    back_url: str
    can_send: bool = False
    """True where a link to set a password can be sent."""
    act_as_url: str = ""
