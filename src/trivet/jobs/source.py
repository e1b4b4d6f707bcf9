"""Where a worker's jobs come from: the table itself, or an engine that carries them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from trivet.jobs.limits import Limit

__all__ = ["Source", "WorkerOptions"]


@dataclass(frozen=True)
class WorkerOptions:
    """How a worker works; times are in seconds.

    It serves `queues`, those of all jobs that it knows where none are named, in their order.
    `concurrency` jobs run at once. What a worker has claimed is its own for a `lease`, which it
    renews; it looks for jobs at least every `poll`, and gives those that run when it is stopped
    `grace` to end. Dead jobs are forgotten after `keep_dead`. The worker that leads the others says
    so again within `leads`, after which another one does. Where a job has been ready for longer
    than `most_lag`, the application's probe says so.
    """

    queues: tuple[str, ...] = ()
    concurrency: int = 10
    lease: float = 15.0
    poll: float = 0.5
    grace: float = 20.0
    keep_dead: float = 30 * 86_400.0
    leads: float = 5.0
    most_lag: float = 300.0
    limits: tuple[Limit, ...] = ()

    def limit_of(self, queue: str) -> Limit | None:
        """Give the limits of a queue."""
        return next((one for one in self.limits if one.queue == queue), None)


class Source(Protocol):
    """Brings jobs into a worker's hands, and sees that they stay there."""

    pause: float
    """Seconds between two heart-beats."""

    async def take(self) -> None:
        """Bring jobs, or wait until there may be some; called again and again."""

    async def beat(self) -> None:
        """Keep what is in hands, and stop what is not, or is unwanted."""

    def wake(self) -> None:
        """Hear that there may be something to take."""

    async def is_empty(self) -> bool:
        """Tell whether there is nothing more to take for now."""

    async def close(self) -> None:
        """Take nothing more."""
