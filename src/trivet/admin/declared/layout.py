"""How the fields of a form are put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Fieldset"]


@dataclass(frozen=True)
class Fieldset:
    """Fields under a heading: ``Fieldset("Prices", [Album.price, Album.tax], closed=True)``.

    `tab` names the tab that it is on; fieldsets of one tab need not stand together.
    """

    label: str
    fields: Sequence[Any]
    hint: str = ""
    closed: bool = False
    tab: str = ""
