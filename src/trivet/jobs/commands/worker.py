"""`trivet worker`: workers without a server, within the lifespan of the application."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import TYPE_CHECKING

from trivet.app.lifespan import running
from trivet.jobs.commands.opened import refuse_without_tables
from trivet.jobs.commands.signals import EXIT_INTERRUPTED, stops_by_signals, when_input_ends
from trivet.jobs.commands.supervising import Supervisor, own_command
from trivet.jobs.worker import Worker
from trivet.terminal import Pen

if TYPE_CHECKING:
    from trivet.jobs.part import Jobs

__all__ = ["WorkerCommand"]

_TELL_LIVE = 1.0  # seconds between two lines on a terminal, where each takes the other's place
_TELL_LOG = 60.0  # and where each stays


class WorkerCommand:
    """The command of one application's jobs."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    async def worker(
        self,
        *,
        queues: str = "",
        concurrency: int = 0,
        processes: int = 1,
        until_empty: bool = False,
        until_stdin_ends: bool = False,
    ) -> None:
        """Run jobs without a server, until it is stopped.

        --queues names those that it takes from, with commas between, in their order; otherwise
        those of all jobs. --concurrency jobs run at once in each of --processes, which are started
        again when they die. SIGTERM or Ctrl+C: it takes no new jobs, and ends when those that run
        have ended, or after the grace; Ctrl+C again ends it at once. --until-empty ends when
        nothing is left that can run now, --until-stdin-ends with what comes in.
        """
        pen = Pen()
        wanted = tuple(name.strip() for name in queues.split(",") if name.strip())
        if concurrency < 0 or processes < 1:
            sys.stderr.write("--concurrency and --processes are 1 at least.\n")
            raise SystemExit(2)
        await refuse_without_tables(self._jobs.database)
        if processes > 1:
            supervisor = Supervisor(processes, own_command(), pen, until_empty=until_empty)
            raise SystemExit(await supervisor.run())
        async with self._working(wanted, concurrency, pen) as worker:
            if until_stdin_ends:
                when_input_ends(worker.stop)
            shown = asyncio.create_task(_tell(worker, pen, is_live=not until_stdin_ends))
            try:
                await worker.run(until_empty=until_empty)
            finally:
                shown.cancel()
                with suppress(asyncio.CancelledError):
                    await shown
        pen.write(f"Stopped {_said(worker)}.")

    @asynccontextmanager
    async def _working(
        self, queues: tuple[str, ...], concurrency: int, pen: Pen
    ) -> AsyncIterator[Worker]:
        """Give a worker while the application is started and signals stop it."""
        jobs = self._jobs
        app = jobs.app
        assert app is not None, "commands are those of an application"
        jobs.in_server = False  # this process serves nobody, and has its worker here
        changed = {"queues": queues, "concurrency": concurrency}
        worker = jobs.worker(app, **{name: value for name, value in changed.items() if value})
        options = worker.options

        def stop() -> None:
            pen.write(
                f"Stopping: no new jobs; those that run have {options.grace:g} s."
                " Ctrl+C ends it at once."
            )
            worker.stop()

        def end() -> None:
            pen.write("Ended at once. What ran is given to others when its lease has lapsed.")
            os._exit(EXIT_INTERRUPTED)

        with stops_by_signals(stop, end):
            async with running(app):
                pen.write(
                    f"{pen.paint('Working', 'good')} (process {os.getpid()}):"
                    f" queues {pen.paint(', '.join(options.queues), 'name')},"
                    f" {options.concurrency} jobs at once. Ctrl+C stops it."
                )
                yield worker


async def _tell(worker: Worker, pen: Pen, *, is_live: bool) -> None:
    """Say how it goes: in one line on a terminal, now and then where lines stay."""
    is_live = is_live and pen.is_terminal
    last, since = 0, monotonic()
    while True:
        await asyncio.sleep(_TELL_LIVE if is_live else _TELL_LOG)
        finished, now = worker.finished, monotonic()
        rate = (finished - last) / (now - since)
        if is_live:
            pen.live(f"  {_counts(worker)}, {rate:,.0f} a second, {worker.running} at work")
        elif finished > last:
            pen.write(f"{_said(worker)}.")
        last, since = finished, now


def _said(worker: Worker) -> str:
    return f"(process {os.getpid()}): {_counts(worker)}"


def _counts(worker: Worker) -> str:
    return f"{worker.finished - worker.failed:,} jobs done, {worker.failed:,} attempts failed"
