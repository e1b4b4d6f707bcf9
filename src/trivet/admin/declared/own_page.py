"""Pages of one's own within a site, and further entries of its menu."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["MenuLink", "OwnPage"]


@dataclass(frozen=True)
class OwnPage:
    """A page: an async function of the visit that gives a response, or what its template shows."""

    path: str
    function: Callable[[Any], Awaitable[Any]]
    label: str
    icon: str = ""
    group: str = ""
    permission: str = ""
    template: str = ""
    posts: bool = False
    is_in_menu: bool = True


@dataclass(frozen=True)
class MenuLink:
    """An entry of the menu that leads anywhere."""

    label: str
    url: str
    icon: str = "external"
    group: str = ""
    permission: str = ""
