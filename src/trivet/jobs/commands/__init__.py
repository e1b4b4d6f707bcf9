"""What `trivet` can do with jobs: `trivet worker`, and the group `trivet jobs`.

Loaded where a command is listed or run, never by a service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trivet.jobs.commands.jobs import JobsCommands
from trivet.jobs.commands.worker import WorkerCommand

if TYPE_CHECKING:
    from trivet.jobs.part import Jobs

__all__ = ["commands_of"]


def commands_of(jobs: Jobs) -> list[Any]:  # Any: see Part.commands
    """Give the commands of an application's jobs."""
    return [WorkerCommand(jobs).worker, JobsCommands(jobs).group()]
