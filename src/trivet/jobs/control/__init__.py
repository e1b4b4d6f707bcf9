"""What people do with jobs: look at them, try them again, cancel and delete them, stop a queue.

Plain functions over one database, which the commands, the methods of `Jobs` and whoever shows jobs
in pages stand on. None of them needs an application or a worker. What is about many rows goes
through them in short transactions, so that it holds up nobody.
"""

from __future__ import annotations

from trivet.jobs.control.cancelling import Cancelled, cancel
from trivet.jobs.control.choice import Choice, Told
from trivet.jobs.control.looking import (
    Details,
    QueueStats,
    count,
    details,
    listing,
    missing_tables,
    stats,
)
from trivet.jobs.control.purging import purge
from trivet.jobs.control.resending import resend
from trivet.jobs.control.retrying import KeyOf, Retried, retry, retry_all
from trivet.jobs.table.pausing import pause, paused, resume

__all__ = [
    "Cancelled",
    "Choice",
    "Details",
    "KeyOf",
    "QueueStats",
    "Retried",
    "Told",
    "cancel",
    "count",
    "details",
    "listing",
    "missing_tables",
    "pause",
    "paused",
    "purge",
    "resend",
    "resume",
    "retry",
    "retry_all",
    "stats",
]
