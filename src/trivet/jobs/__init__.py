"""Work outside the request: jobs that are kept in the database, and the workers that run them.

``from trivet.jobs import Jobs, job``
"""

from __future__ import annotations

from trivet.jobs.arguments import BadArguments
from trivet.jobs.cron import Cron
from trivet.jobs.groups import chain, group
from trivet.jobs.handles import JobCancelled, JobFailed, JobUnknown, Queued, Status
from trivet.jobs.job import Job, job
from trivet.jobs.limits import Limit, Rate
from trivet.jobs.options import Backoff, Unique
from trivet.jobs.part import Jobs
from trivet.jobs.run import Retry, Run, Stop
from trivet.jobs.schedules import Every, Missed, Schedule, Ticks
from trivet.jobs.tables import State
from trivet.jobs.worker import Worker, WorkerOptions

__all__ = [
    "Backoff",
    "BadArguments",
    "Cron",
    "Every",
    "Job",
    "JobCancelled",
    "JobFailed",
    "JobUnknown",
    "Jobs",
    "Limit",
    "Missed",
    "Queued",
    "Rate",
    "Retry",
    "Run",
    "Schedule",
    "State",
    "Status",
    "Stop",
    "Ticks",
    "Unique",
    "Worker",
    "WorkerOptions",
    "chain",
    "group",
    "job",
]
