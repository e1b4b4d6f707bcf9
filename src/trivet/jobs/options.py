"""What is said of a job when it is declared, as data."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

from trivet.errors import SetupError

__all__ = ["Backoff", "JobArgs", "JobOptions", "Unique", "options_of"]

_LONGEST_NAME = 100


@dataclass(frozen=True)
class Backoff:
    """How long a job that failed waits: `first` seconds, `factor` times as long with each attempt.

    Never longer than `most` seconds. `spread` is the share by which the pause is drawn longer or
    shorter, so that what failed together is not tried again together.
    """

    first: float = 2.0
    factor: float = 3.0
    most: float = 3600.0
    spread: float = 0.2

    def pause(self, attempt: int) -> float:
        """Give the seconds to wait after the attempt of this number, which is 1 for the first."""
        # The power is bounded first: 3.0 ** 700 is more than a float holds.
        grown = min(self.most, self.first * self.factor ** min(attempt - 1, 64))
        return grown * (1 + self.spread * (2 * random.random() - 1))


@dataclass(frozen=True)
class Unique:
    """One at a time: a job that is put in while its like is there is that one.

    Jobs are alike by what `by` gives for their arguments; without it, by all of them. The like is
    there `until` it is over (``"end"``), or until it begins (``"start"``): then one more may wait
    while one runs.
    """

    by: Callable[..., object] | None = None
    until: Literal["start", "end"] = "end"


@dataclass(frozen=True)
class JobOptions:
    """See `job`."""

    name: str
    queue: str = "default"
    max_attempts: int = 5
    backoff: Backoff | Callable[[int], float] = field(default_factory=Backoff)
    timeout: float | None = 3600.0
    unique: Unique | None = None
    priority: int = 0
    keep: float = 86_400.0
    limit_by: Callable[..., object] | None = None

    def pause(self, attempt: int) -> float:
        """Give the seconds to wait after the attempt of this number."""
        if isinstance(self.backoff, Backoff):
            return self.backoff.pause(attempt)
        return max(0.0, self.backoff(attempt))


class JobArgs(TypedDict, total=False):
    """What may be said of a job.

    `queue` is where it waits, and the workers that serve it take it from. It is tried
    `max_attempts` times, with a `backoff` between: a number of seconds, a `Backoff`, or a function
    from the attempt's number to seconds. One that runs longer than `timeout` seconds has failed;
    None means that it may run for ever. `unique` says that its like is put in once. In a queue,
    those with the highest `priority` (-100 to 100) come first. For `keep` seconds after it is done,
    its result is there to be asked for. `limit_by` gives, from its arguments, what it shares the
    limits of its queue with. `name` is what it is called in the tables, by default its module and
    name: a job that has moved keeps its name so.
    """

    name: str
    queue: str
    max_attempts: int
    backoff: Backoff | float | Callable[[int], float]
    timeout: float | None
    unique: bool | Unique
    priority: int
    keep: float
    limit_by: Callable[..., object]


def options_of(name: str, where: str | None, given: JobArgs) -> JobOptions:
    """Give the options; raises `SetupError` for what cannot be."""
    values: dict[str, Any] = {"name": name, **given}
    backoff = values.get("backoff")
    if isinstance(backoff, int | float):
        values["backoff"] = Backoff(float(backoff), factor=1.0, most=float(backoff))
    unique = values.get("unique")
    if isinstance(unique, bool):
        values["unique"] = Unique() if unique else None
    options = JobOptions(**values)
    wrong = _wrong(options)
    if wrong is not None:
        what, mend = wrong
        raise SetupError(
            f"the job {options.name!r} {what}", code="jobs.option", where=where, mend=mend
        )
    return options


def _wrong(options: JobOptions) -> tuple[str, str] | None:
    if options.max_attempts < 1:
        return f"has max_attempts={options.max_attempts!r}, and would never run", "max_attempts=1"
    if not -100 <= options.priority <= 100:
        return f"has priority={options.priority!r}; it is from -100 to 100", "priority=100"
    if options.timeout is not None and options.timeout <= 0:
        return f"has timeout={options.timeout!r} seconds", "timeout=60, or None for no limit"
    if not options.queue or len(options.queue) > _LONGEST_NAME:
        return (
            f"is in the queue {options.queue!r}, whose name has to have 1 to {_LONGEST_NAME}"
            " characters",
            'queue="default"',
        )
    if len(options.name) > 2 * _LONGEST_NAME:
        return "has a name of more than 200 characters", 'name="…"'
    if options.keep < 0:
        return f"has keep={options.keep!r} seconds", "keep=0"
    return None
