"""What a store keeps of a session, and for how long a session lives.

Moments are whole milliseconds since 1970, UTC, by the clock of the machine that serves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from trivet.errors import SetupError

__all__ = ["Kept", "Lifetimes", "as_datetime"]


@dataclass(frozen=True, slots=True)
class Kept:
    """One session as a store keeps it; the token that leads to it is no part of it."""

    id: str
    user: str | None
    data: str
    """Values and flashes as JSON; empty where there are none."""
    created: int
    seen: int
    expires: int
    authenticated: int | None
    is_remembered: bool
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long sessions live, in milliseconds."""

    idle: int
    absolute: int
    remember: int

    @classmethod
    def of(
        cls, idle: float | timedelta, absolute: float | timedelta, remember: float | timedelta
    ) -> Lifetimes:
        """Take them in seconds; raises `SetupError` for what is not above 0."""
        given = {"idle": idle, "absolute": absolute, "remember": remember}
        return cls(**{name: _milliseconds(name, value) for name, value in given.items()})

    def end(self, created: int, seen: int, *, is_remembered: bool) -> int:
        """Give the moment at which a session ends if nobody comes again."""
        if is_remembered:
            return created + self.remember
        return min(seen + self.idle, created + self.absolute)


def _milliseconds(name: str, given: float | timedelta) -> int:
    seconds = given.total_seconds() if isinstance(given, timedelta) else given
    if not seconds > 0:
        raise SetupError(
            f"Sessions cannot use {name}={given!r}",
            code="sessions.option",
            mend="write a number of seconds above 0, or a timedelta",
        )
    return round(seconds * 1000)


def as_datetime(moment: int) -> datetime:
    """Give a moment in UTC."""
    return datetime.fromtimestamp(moment / 1000, UTC)
