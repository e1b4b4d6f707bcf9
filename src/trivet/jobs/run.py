"""What a job's function is told of its attempt, and can say while it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter

__all__ = ["Retry", "Run", "Stop"]

Value = TypeVar("Value")


class Retry(Exception):  # a request, not a fault
    """Raise it to be tried again, `after` seconds from now or as the backoff says."""

    def __init__(self, reason: str = "", *, after: float | None = None) -> None:
        self.after = after
        super().__init__(reason or "the job asked to be tried again")


class Stop(Exception):  # a request, not a fault
    """Raise it for what no further attempt can mend: the job is dead at once."""


@dataclass
class Run:
    """One attempt of a job: the first parameter of a function that has one of this type."""

    id: int
    """The job's number."""
    name: str
    queue: str
    attempt: int
    """1 for the first."""
    max_attempts: int
    tick: datetime | None = None
    """The moment, in UTC, for which a schedule has put it in; None where somebody else has."""
    is_cancelled: bool = False
    """True once somebody has asked to cancel it. A coroutine is cancelled then; a function on a
    thread looks here."""
    said: tuple[float | None, str | None] | None = field(default=None, repr=False)
    """The progress that is still to be told."""
    _read_results: Callable[[], Awaitable[list[str | None]]] | None = field(
        default=None, repr=False
    )

    def progress(self, share: float | None = None, note: str | None = None) -> None:
        """Say how far it is: `share` is from 0 to 1. It is told with the next heart-beat."""
        self.said = (None if share is None else min(1.0, max(0.0, share)), note and note[:200])

    async def results(self, kind: type[Value]) -> list[Value]:
        """Give what the jobs before this one returned, in the order in which they were put in."""
        if self._read_results is None:
            return []
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        texts = await self._read_results()
        return [adapter.validate_json("null" if text is None else text) for text in texts]
