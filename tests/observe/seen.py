"""A watcher that keeps what it is told, and a target that it watches."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from trivet.watching import Happening


class Seen:
    """Keeps what has begun and what has ended, in order."""

    def __init__(self) -> None:
        self.all: list[Happening] = []
        self.begun: list[Happening] = []

    def begins(self, happening: Happening) -> None:
        self.begun.append(happening)

    def ends(self, happening: Happening) -> None:
        self.all.append(happening)

    def of(self, kind: str) -> list[Happening]:
        """Give what has ended of one kind."""
        return [one for one in self.all if one.kind == kind]

    def names(self, kind: str) -> list[str]:
        """Give the names of one kind."""
        return [one.name for one in self.of(kind)]


class Waits:
    """A target that waits for ever."""

    reads_body = needs_body = False
    max_body = None

    def enter(self, scope: object, params: tuple[str, ...]) -> None:
        """Nothing to enter."""

    def begin(self, exchange: object) -> Coroutine[Any, Any, None]:
        return asyncio.sleep(3600)
