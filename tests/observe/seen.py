"""A watcher that keeps what it is told."""

from __future__ import annotations

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
