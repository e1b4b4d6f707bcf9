"""The first page: figures, charts, and the models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trivet.admin.views.frame import Html, MenuGroup

__all__ = ["CardView", "ChartView", "HomePage", "Point", "Recent"]


@dataclass(frozen=True, slots=True)
class CardView:
    """One figure of the first page."""

    label: str
    value: str
    hint: str = ""
    url: str = ""
    icon: str = ""
    trend: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """One number of a chart, and how it is written."""

    label: str
    value: float
    text: str


@dataclass(frozen=True, slots=True)
class ChartView:
    """Numbers side by side: ``bars``, ``line`` or ``donut``."""

    label: str
    kind: str
    points: Sequence[Point]
    hint: str = ""
    url: str = ""
    total: str = ""
    arcs: Sequence[str] = ()
    """Of a ring: the path of each part."""


@dataclass(frozen=True, slots=True)
class Recent:
    """Something that happened lately."""

    label: str
    url: str
    action: str
    who: str = ""
    when: Html = ""
    icon: str = ""


@dataclass(frozen=True, slots=True)
class HomePage:
    """The first page."""

    title: str
    cards: Sequence[CardView] = ()
    charts: Sequence[ChartView] = ()
    models: Sequence[MenuGroup] = ()
    recent: Sequence[Recent] | None = ()
    """None where no history is kept."""
    html: Sequence[Html] = ()
