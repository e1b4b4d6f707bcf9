"""Which jobs are meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_

from trivet.jobs.tables import Board, State

__all__ = ["BATCH", "Choice", "Told"]

BATCH = 200  # rows of one transaction

Told = Callable[[int], None]
"""Is told after each transaction how many rows are done so far."""


@dataclass(frozen=True)
class Choice:
    """Jobs by what they have in common; what is None does not count.

    A `name` is a whole one, or what stands behind a dot in it: ``send`` is ``shop.mail.send`` too.
    """

    state: State | None = None
    queue: str | None = None
    name: str | None = None

    def conditions(self, board: Board) -> list[ColumnElement[Any]]:
        """Give it as conditions."""
        jobs = board.jobs
        found: list[ColumnElement[Any]] = []
        if self.state is not None:
            found.append(jobs.c.state == self.state)
        if self.queue is not None:
            found.append(jobs.c.queue == self.queue)
        if self.name is not None:
            behind = jobs.c.name.endswith(f".{self.name}", autoescape=True)
            found.append(or_(jobs.c.name == self.name, behind))
        return found
