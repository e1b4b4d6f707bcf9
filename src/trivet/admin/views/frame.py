"""What is around every page, and the small things that all pages share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = [
    "Choice",
    "Crumb",
    "Entry",
    "Frame",
    "Html",
    "Link",
    "MenuGroup",
    "MessagePage",
    "Option",
    "Visitor",
]

Html = str
"""Markup that is safe as it stands (`markupsafe.Markup`)."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where one can go, and what it is called."""

    label: str
    url: str
    icon: str = ""
    """A name of one of the drawings in ``admin/icons.html``."""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One model, or one page, in the menu."""

    label: str
    url: str
    icon: str = ""
    is_here: bool = False
    add_url: str = ""
    count: str = ""
    slug: str = ""
    """The model's place in addresses; empty for what is no model."""


@dataclass(frozen=True, slots=True)
class MenuGroup:
    """Entries of the menu under one heading."""

    label: str
    entries: Sequence[Entry]

    @property
    def models(self) -> Sequence[Entry]:
        """The same, as the first page calls them."""
        return self.entries


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way to a page; the last has no address."""

    label: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at the page."""

    name: str
    account_url: str = ""
    sign_out_url: str = ""
    acting_as: str = ""
    """Whom they act as; empty where they are who they are."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page of a site has around its content."""

    title: str
    """What the site is called."""
    home: str
    menu: Sequence[MenuGroup]
    crumbs: Sequence[Crumb]
    visitor: Visitor
    files: Mapping[str, str]
    """Addresses of the style sheet and the scripts, by their names."""
    notices: Sequence[Mapping[str, str]] = ()
    """What the last page has to say: ``{"level": "success", "text": …}``."""
    theme_url: str = ""
    """A style sheet of the user's, behind ours."""
    logo_url: str = ""
    palette_url: str = ""
    """Gives what the command palette finds, as JSON; empty where there is none."""
    is_read_only: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a filter."""

    label: str
    url: str
    is_chosen: bool = False
    count: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to pick in an input of a filter: its value and its name."""

    value: str
    label: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class MessagePage:
    """A page that only says something, such as that there is nothing."""

    title: str
    text: str = ""
    code: str = ""
    icon: str = ""
    links: Sequence[Link] = ()
