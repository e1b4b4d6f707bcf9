"""A job in a worker's hands, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trivet.jobs.tables import State

__all__ = ["Held", "LeaseLost", "Outcome"]


class LeaseLost(Exception):  # what happened, not a fault
    """Somebody else has the job by now: nothing that was done for it here is kept."""


@dataclass(slots=True, eq=False)
class Held:
    """One attempt of a job that was claimed. Only who has its `token` may say how it ended."""

    id: int
    name: str
    queue: str
    arguments: str
    attempt: int
    max_attempts: int
    lapses: int
    keep: int
    next_id: int | None
    has_before: bool
    token: int
    delivery: Any = None
    """What an engine outside has handed out; None for a job of the table's."""
    tick: int | None = None
    """The moment of the schedule that has put it in."""
    trace: str | None = None
    """The trace in which it was put in, as W3C's `traceparent`."""


@dataclass(slots=True, frozen=True, eq=False)
class Outcome:
    """What became of an attempt."""

    held: Held
    state: State
    result: str | None = None
    error: str | None = None
    pause: float = 0.0
    """Seconds after which it may be tried again."""
    is_counted: bool = True
    """False where it was handed back as it came."""
