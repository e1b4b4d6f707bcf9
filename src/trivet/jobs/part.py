"""The jobs of an application as a part: ``jobs = app.use(Jobs(db))``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

from trivet.app.application import App
from trivet.app.part import Part
from trivet.db import Database
from trivet.errors import SetupError
from trivet.jobs.arguments import BadArguments
from trivet.jobs.control import (
    Cancelled,
    QueueStats,
    Retried,
    cancel,
    pause,
    resume,
    retry,
    stats,
)
from trivet.jobs.cron import Cron
from trivet.jobs.engines.engine import Engine
from trivet.jobs.enqueueing import Entry
from trivet.jobs.hints import others_told
from trivet.jobs.job import Declare, Job, place
from trivet.jobs.limits import Limit
from trivet.jobs.performing import Performer
from trivet.jobs.schedules import Every, Missed, Schedule, Ticks, schedule_of
from trivet.jobs.tables import board_in
from trivet.jobs.watched import gauges_of, in_time
from trivet.jobs.worker import Worker, WorkerOptions
from trivet.routing.around import joined
from trivet.watching import Gauge, Probe, Watcher

__all__ = ["Jobs"]

# By name: the command line alone wants it.
_COMMANDS = "trivet.jobs.commands"


class Jobs(Part):
    """Jobs that are kept in `database`, and run by workers.

    With an `engine` they are carried to workers by that. A worker runs in each process that serves
    the application, unless `in_server` is False: then, or besides, `trivet worker` runs them.
    `limits` are those of queues, for all workers together; see `WorkerOptions` for the rest.
    """

    name = "jobs"

    def __init__(
        self,
        database: Database,
        *,
        engine: Engine | None = None,
        in_server: bool = True,
        limits: Sequence[Limit] = (),
        options: WorkerOptions | None = None,
    ) -> None:
        self.database = database
        self.requires = (database,)
        self.board = board_in(database.metadata)
        self.engine = engine
        self.in_server = in_server
        self.options = replace(options or WorkerOptions(), limits=tuple(limits))
        self.known: dict[str, Job[..., Any]] = {}
        self.schedules: dict[str, Schedule] = {}
        self.app: App | None = None
        self.watchers: list[Watcher] = []
        self.job = Declare(self.add)
        """Declares a job that workers of this application know; see `job`."""

    def add(self, *given: Job[..., Any] | ModuleType) -> None:
        """Let workers know jobs: each of them, or all that are declared in a module.

        Raises `SetupError` where two have the same name.
        """
        for one in _jobs_in(given):
            known = self.known.setdefault(one.name, one)
            if known.function is not one.function:
                raise SetupError(
                    f"two jobs are called {one.name!r}, so that a worker could not tell which of"
                    " them is meant",
                    code="jobs.same-name",
                    where=place(one.function),
                    mend='@job(name="another")',
                )

    def install(self, app: App) -> None:
        """Know the application, whose jobs these are."""
        self.app = app

    # -- schedules -------------------------------------------------------------------------------

    def every(
        self,
        seconds: float | timedelta,
        what: Job[..., Any] | Entry,
        *,
        offset: float = 0.0,
        missed: Missed = "once",
        name: str | None = None,
    ) -> Schedule:
        """Put a job in every `seconds`, counted from 1970 (UTC) and `offset` seconds.

        `what` is a job, or a call of one: ``jobs.every(60, clean.step(days=7))``. What becomes of
        ticks at which no worker was there, `missed` says; see `Missed`. The last tick is kept by
        the schedule's `name`, by default the job's. Raises `SetupError`.
        """
        with _declared_at(_caller()):
            if isinstance(seconds, timedelta):
                seconds = seconds.total_seconds()
            return self._schedule(what, Every(seconds, offset), missed, name)

    def cron(
        self,
        expression: str,
        what: Job[..., Any] | Entry,
        *,
        zone: str = "UTC",
        missed: Missed = "once",
        name: str | None = None,
    ) -> Schedule:
        """Put a job in whenever a cron expression ticks in a time zone; else as `every`.

        ``jobs.cron("0 3 * * *", clean, zone="Europe/Berlin")``; see `Cron` for what can be said.
        """
        with _declared_at(_caller()):
            return self._schedule(what, Cron(expression, zone), missed, name)

    def schedule(
        self,
        what: Job[..., Any] | Entry,
        ticks: Ticks,
        *,
        missed: Missed = "once",
        name: str | None = None,
    ) -> Schedule:
        """Put a job in by a rule of one's own; else as `every`."""
        with _declared_at(_caller()):
            return self._schedule(what, ticks, missed, name)

    def _schedule(
        self, what: Job[..., Any] | Entry, ticks: Ticks, missed: Missed, name: str | None
    ) -> Schedule:
        schedule = schedule_of(what, ticks, missed, name)
        if schedule.name in self.schedules:
            raise SetupError(
                f"two schedules are called {schedule.name!r}, and each keeps its last tick by its"
                " name",
                code="jobs.same-schedule",
                mend='name="another"',
            )
        if isinstance(what, Job):
            self.add(what)
        self.schedules[schedule.name] = schedule
        return schedule

    # -- what is there ---------------------------------------------------------------------------

    async def retry(self, *ids: int) -> Retried:
        """Let jobs run again that are dead or cancelled, with new attempts, or wait for theirs."""
        return await retry(self.database, ids, key_of=self.unique_key)

    async def cancel(self, *ids: int) -> Cancelled:
        """Cancel jobs: those that wait at once, with what waits for them; ask those that run."""
        return await cancel(self.database, ids)

    async def stats(self) -> list[QueueStats]:
        """Give each queue in numbers."""
        return await stats(self.database)

    async def pause(self, queue: str) -> bool:
        """Let workers take nothing more from a queue; False where that is so already."""
        return await pause(self.database, queue)

    async def resume(self, queue: str) -> bool:
        """Let workers take from a queue again; False where they do already."""
        return await resume(self.database, queue)

    def unique_key(self, name: str, arguments: str) -> str | None:
        """Give the unique key of a job that was kept; None where it has none, or is not known."""
        job = self.known.get(name)
        try:
            return None if job is None else job.unique_key(arguments)
        except BadArguments:  # of an older version's; it fails when it runs, where that is told
            return None

    # -- workers ---------------------------------------------------------------------------------

    def worker(self, app: App, **changed: Any) -> Worker:
        """Make a worker; `changed` are `WorkerOptions` of its own.

        Raises `SetupError` where a schedule puts in a job that no worker would know.
        """
        for schedule in self.schedules.values():
            if schedule.entry.options.name not in self.known:
                raise SetupError(
                    f"the schedule {schedule.name!r} puts in the job"
                    f" {schedule.entry.options.name!r}, which no worker would know",
                    code="jobs.schedule-unknown",
                    mend="jobs.add(…) with the job, or its module",
                )
        options = replace(self.options, **changed)
        queues = options.queues or self.queues()
        options = replace(options, queues=queues)
        performer = Performer(
            self.known, self.database, self.board, joined(app.arounds), app.dependency_overrides,
            self.watchers,
        )  # fmt: skip
        return Worker(performer, self.database, self.board, options, self.schedules, self.engine)

    async def run_pending(self) -> int:
        """Run all jobs that are ready, and what becomes so meanwhile; gives how many attempts.

        For tests and scripts; the application need not be served. Raises `SetupError` where no
        application uses these jobs.
        """
        if self.app is None:
            raise SetupError(
                "no application uses these jobs, and so nobody says what is opened around them",
                code="jobs.not-installed",
                mend="jobs = app.use(Jobs(db))",
            )
        worker = self.worker(self.app)
        await worker.run(until_empty=True)
        return worker.finished

    def queues(self) -> tuple[str, ...]:
        """Give the queues of all jobs that are known."""
        found = dict.fromkeys(one.options.queue for one in self.known.values())
        return tuple(found) or ("default",)

    def watch(self, watcher: Watcher) -> None:
        """Tell of each job that this process puts in, and of each attempt that it makes."""
        self.watchers.append(watcher)
        self.board.watchers.append(watcher)

    def probes(self) -> Sequence[Probe]:
        """Ask whether a queue has fallen behind by more than `WorkerOptions.most_lag`."""
        asked = partial(in_time, self.database, self.options.most_lag)
        return (Probe("jobs", asked, needed=False),)

    def gauges(self) -> Sequence[Gauge]:
        """Count the jobs of each queue by their state, and how long the oldest one has waited."""
        return gauges_of(self.database)

    def commands(self) -> Sequence[Any]:
        """Give `trivet worker`, and what `trivet jobs` can do."""
        return list(import_module(_COMMANDS).commands_of(self))

    def serving(self, app: App) -> AbstractAsyncContextManager[Any]:
        """Tell other processes of jobs that are put in, and run a worker, while it is served."""
        return self._serving(app)

    @asynccontextmanager
    async def _serving(self, app: App) -> AsyncIterator[None]:
        # In the transaction of a test, where all is rolled back, jobs run when the test says so.
        is_tested = self.database.driver.is_within
        with others_told(self.database, self.board):
            if not self.in_server or is_tested:
                yield
                return
            worker = self.worker(app)
            task = asyncio.create_task(worker.run(), name="the worker of jobs")
            try:
                yield
            finally:
                worker.stop()
                await task


def _caller() -> str:
    """Say where who called the caller is written."""
    frame = sys._getframe(2)
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


@contextmanager
def _declared_at(where: str) -> Iterator[None]:
    """Let an error say where the declaration is that it is about."""
    try:
        yield
    except SetupError as error:
        error.where = error.where or where
        raise


def _jobs_in(given: tuple[Job[..., Any] | ModuleType, ...]) -> Iterator[Job[..., Any]]:
    for one in given:
        if isinstance(one, ModuleType):
            yield from [found for found in vars(one).values() if isinstance(found, Job)]
        else:
            yield one
