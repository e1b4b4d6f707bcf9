"""How many jobs of a queue may run at once, or begin within a time: in all, and for each key."""

from __future__ import annotations

from dataclasses import dataclass

from trivet.errors import SetupError

__all__ = ["Limit", "Rate"]


@dataclass(frozen=True)
class Rate:
    """At most `count` jobs begin within any `seconds`, after a rest all of them at once."""

    count: int
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.count < 1 or self.seconds <= 0:
            raise SetupError(
                f"{self!r} lets nothing run", code="jobs.limit", mend="Rate(10, seconds=1)"
            )

    @property
    def per_millisecond(self) -> float:
        """How many more may begin with each millisecond."""
        return self.count / (self.seconds * 1000)


@dataclass(frozen=True)
class Limit:
    """The limits of one queue, which hold for all workers together.

    `at_once` jobs run at the same time, and `rate` says how many begin; ``…_per_key`` hold for
    those jobs that have the same key by their `limit_by`. None is no limit. A queue with limits is
    claimed from by one worker after the other, which costs throughput.
    """

    queue: str
    at_once: int | None = None
    rate: Rate | None = None
    at_once_per_key: int | None = None
    rate_per_key: Rate | None = None

    def __post_init__(self) -> None:
        for name in ("at_once", "at_once_per_key"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise SetupError(
                    f"the queue {self.queue!r} has {name}={value!r}, which lets nothing run",
                    code="jobs.limit",
                    mend=f"{name}=1, or `trivet jobs pause {self.queue}`",
                )

    @property
    def is_by_key(self) -> bool:
        """True where jobs with the same key are counted together."""
        return self.at_once_per_key is not None or self.rate_per_key is not None
