"""A job that was put in, as who did it sees it: what became of it, and its result."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import select

from trivet.db import Database
from trivet.jobs.arguments import Arguments
from trivet.jobs.moments import as_datetime
from trivet.jobs.tables import State, board_of

__all__ = ["JobCancelled", "JobFailed", "JobUnknown", "Queued", "Status", "status_in"]

R = TypeVar("R", covariant=True)
_FIRST_PAUSE = 0.02  # seconds between two looks, growing to
_LONGEST_PAUSE = 0.5


class JobFailed(Exception):  # what happened to the job, in its own words
    """The job whose result was asked for is dead: its message is the error of its last attempt."""


class JobCancelled(Exception):
    """The job whose result was asked for was cancelled."""


class JobUnknown(LookupError):
    """There is no such job, or it is over for longer than it was to be kept."""


@dataclass(frozen=True)
class Status:
    """What is known of a job at one moment; moments are in UTC."""

    id: int
    name: str
    queue: str
    state: State
    attempt: int
    max_attempts: int
    progress: float | None
    note: str | None
    error: str | None
    created: datetime | None
    started: datetime | None
    finished: datetime | None
    due: datetime | None


class Queued(Generic[R]):
    """One job that was put in. `is_new` is False where its like was there already."""

    def __init__(
        self, id: int, arguments: Arguments, database: Database, *, is_new: bool = True
    ) -> None:
        self.id = id
        self.is_new = is_new
        self._arguments = arguments
        self._database = database

    def __repr__(self) -> str:
        return f"<job number {self.id}>"

    async def status(self) -> Status:
        """Give what is known of it, once its transaction is committed; raises `JobUnknown`."""
        return await status_of(self._database, self.id)

    async def result(self, timeout: float | None = None) -> R:
        """Wait until it is done, at most `timeout` seconds, and give what its function returned.

        Raises `TimeoutError`, `JobFailed`, `JobCancelled`, and `JobUnknown`. It looks into the
        table again and again, and sees nothing before the transaction that put the job in.
        """
        async with asyncio.timeout(timeout):
            pause = _FIRST_PAUSE
            while True:
                row = await _row(self._database, self.id)
                state = State(row.state)
                if state is State.DONE:
                    value: R = self._arguments.read_result(row.result)
                    return value
                if state is State.DEAD:
                    raise JobFailed(row.error)
                if state is State.CANCELLED:
                    raise JobCancelled(f"job {self.id} was cancelled")
                await asyncio.sleep(pause)
                pause = min(_LONGEST_PAUSE, pause * 1.5)


async def status_of(database: Database, id: int) -> Status:
    """Give what is known of a job; raises `JobUnknown`."""
    return status_in(await _row(database, id))


def status_in(row: Any) -> Status:  # Any: a row of the table's, of whatever columns are read
    """Give what a row says of its job."""
    return Status(
        row.id, row.name, row.queue, State(row.state), row.attempt, row.max_attempts,
        row.progress, row.note, row.error,
        as_datetime(row.created), as_datetime(row.started), as_datetime(row.finished),
        as_datetime(row.due),
    )  # fmt: skip


async def _row(database: Database, id: int) -> Any:
    jobs = board_of(database).jobs
    async with database.engine.connect() as connection:
        row = (await connection.execute(select(jobs).where(jobs.c.id == id))).one_or_none()
    if row is None:
        raise JobUnknown(f"there is no job {id}, or not any more")
    return row
