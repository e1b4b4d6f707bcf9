"""Jobs that are put in by the clock, as data: what, when, and what becomes of ticks missed.

A tick is a moment, and the same one for all workers and after each restart: nothing here depends
on when a process was started.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol, get_args

from trivet.errors import SetupError
from trivet.jobs.arguments import BadArguments
from trivet.jobs.enqueueing import Entry
from trivet.jobs.job import Job
from trivet.jobs.moments import milliseconds

__all__ = ["Every", "Missed", "Schedule", "Ticks", "last_tick", "schedule_of"]

Missed = Literal["skip", "once", "all"]
"""What becomes of ticks at which nobody was there: nothing, one job for all, or one for each."""

_START = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_LONGEST_NAME = 190  # the name of its mark begins with "schedule:"


class Ticks(Protocol):
    """A rule that says when to tick, in whole milliseconds."""

    @property
    def text(self) -> str:
        """What it is, in short: another text is another rule, which begins anew."""

    def after(self, moment: datetime) -> datetime | None:
        """Give the first tick later than a moment, in UTC; None where there is none any more."""


@dataclass(frozen=True)
class Every:
    """Ticks `seconds` apart, at least 1: at the multiples of it since 1970 (UTC), and `offset`."""

    seconds: float
    offset: float = 0.0

    def __post_init__(self) -> None:
        if not self.seconds >= 1:
            raise SetupError(
                f"a schedule ticks every {self.seconds!r} seconds; it is one second at least",
                code="jobs.schedule",
                mend="jobs.every(60, …)",
            )

    @property
    def text(self) -> str:
        """What it is, in short."""
        return f"every {self.seconds:g} {self.offset:g}"

    def after(self, moment: datetime) -> datetime:
        """Give the first tick later than a moment."""
        period = timedelta(milliseconds=milliseconds(self.seconds))
        offset = timedelta(milliseconds=milliseconds(self.offset))
        return _START + offset + ((moment - _START - offset) // period + 1) * period


@dataclass(frozen=True)
class Schedule:
    """One job that is put in with each tick; `name` is what its last tick is kept by."""

    name: str
    entry: Entry
    ticks: Ticks
    missed: Missed = "once"


def schedule_of(
    what: Job[..., Any] | Entry, ticks: Ticks, missed: Missed, name: str | None
) -> Schedule:
    """Make a schedule; raises `SetupError` for what cannot be."""
    entry = _entry(what)
    name = entry.options.name if name is None else name
    if not name or len(name) > _LONGEST_NAME:
        raise SetupError(
            f"a schedule is called {name!r}; its name has 1 to {_LONGEST_NAME} characters",
            code="jobs.schedule",
            mend='name="cleanup"',
        )
    if missed not in get_args(Missed):
        raise SetupError(
            f"the schedule {name!r} has missed={missed!r}",
            code="jobs.schedule",
            mend=f"missed= one of {', '.join(map(repr, get_args(Missed)))}",
        )
    if entry.when.at is not None:
        raise SetupError(
            f"the schedule {name!r} puts in jobs that all run at the same moment",
            code="jobs.schedule",
            mend=".using(delay=…), or nothing: the tick is the moment",
        )
    return Schedule(name, entry, ticks, missed)


def last_tick(ticks: Ticks, start: datetime, now: datetime) -> datetime | None:
    """Give the last tick later than `start` and not later than `now`; None without one."""
    last = ticks.after(start)
    if last is None or last > now:
        return None
    # The next tick after a moment grows with the moment, so that halving finds it: about thirty
    # steps for fifty years, where walking would take one for each tick.
    low, high = last, now
    while high - low > _SECOND:
        middle = low + (high - low) / 2
        tick = ticks.after(middle)
        if tick is not None and tick <= now:
            low = last = tick
        else:
            high = middle
    while (tick := ticks.after(last)) is not None and tick <= now:
        last = tick
    return last


def _entry(what: Job[..., Any] | Entry) -> Entry:
    if isinstance(what, Entry):
        return what
    if not isinstance(what, Job):
        raise SetupError(
            f"{what!r} is not a job", code="jobs.schedule", mend="@jobs.job above the function"
        )
    try:
        return what.entry((), {})
    except (TypeError, BadArguments) as error:
        raise SetupError(
            f"the job {what.name!r} cannot be put in by a schedule without arguments: {error}",
            code="jobs.schedule",
            mend=f"{what.__name__}.step(…) in its place",
        ) from error
