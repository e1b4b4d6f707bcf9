"""What the first page shows besides the models: cards with a figure, and charts.

``admin.card(Card("Orders today", orders_today, link="order/?f.created=today"))``
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

__all__ = ["Card", "Chart", "Figure"]

Number = int | float | Decimal
By = Literal["day", "week", "month"]


@dataclass(frozen=True)
class Figure:
    """What a card shows: ``Figure(12, trend="+3", tone="good")``."""

    value: Number | str
    hint: str = ""
    trend: str = ""
    tone: Literal["", "good", "bad"] = ""


@dataclass(frozen=True)
class Card:
    """One figure: ``Card("Open orders", Order.where(Order.is_open), link="order/")``.

    `what` is a query, whose rows are counted, or an async function: of the visit, or of nothing. It
    gives a query, a number, a text, or a `Figure`. Rows that a visitor may not see are not counted,
    and who may see none of the model has no such card.
    """

    label: str
    what: Any
    link: str = ""
    """A page of the site, such as ``order/?f.is_open=true``, or any address."""
    hint: str = ""
    icon: str = ""
    permission: str = ""
    """Whoever lacks it does not have the card."""
    seconds: float = 0.0
    """For how long the figure is kept: for each visitor, or for all that of a function without
    parameters."""
    deadline: float = 2.0
    """Seconds after which the page goes on without it."""


@dataclass(frozen=True)
class Chart:
    """Numbers side by side: ``Chart("Sales", rows=Order.all(), on=Order.created)``.

    `rows` is a query: its rows are counted, or their `value` is added up, for each day, week or
    month of `on`, of which there are the last `last`. Or it is an async function, of the visit or
    of nothing, that gives numbers by their labels, as a mapping or as pairs.
    """

    label: str
    rows: Any
    on: Any = None
    value: Any = None
    by: By = "day"
    last: int = 30
    kind: Literal["bar", "line", "donut"] = "bar"
    link: str = ""
    hint: str = ""
    permission: str = ""
    seconds: float = 0.0
    deadline: float = 2.0

    @property
    def what(self) -> Callable[..., Any] | Any:
        """What is asked, by the name that a card has for it."""
        return self.rows
