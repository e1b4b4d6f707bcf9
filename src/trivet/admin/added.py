"""What was said of a site besides its models: cards, charts, pages, links, how it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from trivet.admin.declared.dashboard import Card, Chart
from trivet.admin.declared.own_page import MenuLink, OwnPage

__all__ = ["Added"]


@dataclass(frozen=True, slots=True)
class Added:
    """Lists that grow while a site is declared."""

    cards: list[Card] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    pages: list[OwnPage] = field(default_factory=list)
    links: list[MenuLink] = field(default_factory=list)
    groups: Sequence[str] = ()
    """The order of the groups in the menu."""
