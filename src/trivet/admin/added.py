"""What was said of a site besides its models: cards, charts, pages, links, how it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trivet.admin.declared.dashboard import Card, Chart
from trivet.admin.declared.own_page import MenuLink, OwnPage
from trivet.admin.writing import Functions

if TYPE_CHECKING:
    from trivet.admin.home.asking import Keeping

__all__ = ["Added"]


@dataclass
class Added:
    """Lists that grow while a site is declared, and what its application brings."""

    cards: list[Card] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    pages: list[OwnPage] = field(default_factory=list)
    links: list[MenuLink] = field(default_factory=list)
    groups: Sequence[str] = ()
    """The order of the groups in the menu."""
    keeping: Keeping | None = None
    """Keeps figures; there once the site is planned."""
    functions: Functions = field(default_factory=dict)
    """Of `trivet.i18n`; empty where it is not used."""
    views: Any = None
    """Keeps views; None where they are not kept."""
    live: Any = None
    """Tells of changes; None where nothing does."""
