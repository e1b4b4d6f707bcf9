"""Asking for what a card or a chart shows, so that none of them holds up the page or breaks it."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from trivet.admin.visits import Visit
from trivet.auth.errors import NotAllowed
from trivet.cache import Cache, Namespace
from trivet.db import Query

__all__ = ["Asked", "Failed", "Keeping", "Piece", "all_of", "called", "takes_visit"]

Value = TypeVar("Value")
_log = logging.getLogger("trivet.admin")
_AT_ONCE = 4  # cards that are computed side by side


class Asked(Protocol):
    """What a card and a chart have in common."""

    @property
    def label(self) -> str:
        """What it is called."""

    @property
    def what(self) -> Any:
        """A query, or a function."""

    @property
    def permission(self) -> str:
        """Who may have it; empty for everybody."""

    @property
    def seconds(self) -> float:
        """For how long it is kept."""

    @property
    def deadline(self) -> float:
        """Seconds after which nobody waits for it any more."""


@dataclass(frozen=True)
class Piece:
    """What a page asks for by itself, with a deadline as a card that was declared has it."""

    label: str
    what: Any = None
    permission: str = ""
    seconds: float = 0.0
    deadline: float = 1.0


@dataclass(frozen=True)
class Failed:
    """What stands in the place of a card that could not be computed."""

    label: str
    is_late: bool = False


class Keeping:
    """Keeps what was computed: in the application's cache, or in one of this process."""

    def __init__(self, cache: Namespace | None, name: str) -> None:
        self._cache = (Cache() if cache is None else cache).namespace(f"admin{name}")

    async def kept(
        self,
        key: str,
        make: Callable[[], Awaitable[Value]],
        kind: type[Value],
        seconds: float,
        *,
        tag: str = "",
    ) -> Value:
        """Give what is kept under a key, or make it; `tag` is what it is forgotten by."""
        if seconds <= 0:
            return await make()
        tags = [tag] if tag else []
        return await self._cache.get_or_set(key, make, kind, ttl=seconds, tags=tags)

    async def forget(self, tag: str) -> None:
        """Let all that has a tag be made anew."""
        await self._cache.delete_tags(tag)


def takes_visit(function: Any) -> bool:
    """Tell whether a function wants to know who asks."""
    return bool(inspect.signature(function).parameters)


async def called(function: Any, visit: Visit) -> Any:
    """Call what a card or a chart was given; what is no function is given as it is."""
    if not callable(function):
        return function
    found = function(visit) if takes_visit(function) else function()
    is_awaited = inspect.isawaitable(found) and not isinstance(found, Query)
    return await found if is_awaited else found


async def all_of(
    visit: Visit, wanted: Sequence[Asked], make: Callable[[Asked], Awaitable[Any]]
) -> list[Any]:
    """Give what `make` makes of each, or `Failed`; without those that the visitor may not have."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(asked: Asked) -> Any:
        if asked.permission and not await visit.may(asked.permission):
            return None
        try:
            async with turns, asyncio.timeout(asked.deadline):
                return await make(asked)
        except NotAllowed:
            return None
        except TimeoutError:
            _log.warning("%r of the admin took more than %s s", asked.label, asked.deadline)
            return Failed(asked.label, is_late=True)
        except Exception:
            _log.exception("%r of the admin failed", asked.label)
            return Failed(asked.label)

    found = await asyncio.gather(*(one(asked) for asked in wanted))
    return [made for made in found if made is not None]
