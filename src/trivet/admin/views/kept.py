"""The page on which kept views are looked after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["KeptView", "ViewsPage"]


@dataclass(frozen=True, slots=True)
class KeptView:
    """A kept view, where views are looked after."""

    id: int
    label: str
    url: str
    told: Sequence[str]
    """What it says, in words."""
    is_mine: bool
    is_shared: bool
    is_default: bool
    owner: str = ""


@dataclass(frozen=True, slots=True)
class ViewsPage:
    """The kept views of a list."""

    title: str
    views: Sequence[KeptView]
    back_url: str
    can_share: bool
