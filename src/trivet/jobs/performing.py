"""One attempt of a job: its unit of work, its dependencies, its function, and how it ended.

A job stands where a handler stands in a request: what an application opens around handlers is
opened around it, and committed behind it. What it has written and that it is done are committed
together, so that work on the same database is done once, however often the job was begun.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from trivet.binding.outside import Prepared
from trivet.binding.plan import Kind
from trivet.binding.signature import kind_of
from trivet.concurrency import run_in_thread
from trivet.db import Database
from trivet.jobs.held import Held, LeaseLost, Outcome
from trivet.jobs.job import Job
from trivet.jobs.run import Retry, Run, Stop
from trivet.jobs.table.finishing import conclude
from trivet.jobs.tables import Board, State
from trivet.routing.around import Around, failed
from trivet.watching import Happening, Watcher, begun, ended

__all__ = ["Performer"]

_log = logging.getLogger("trivet.jobs")
_UNKNOWN_PAUSE = 10.0  # seconds until another worker, of a newer version, may have a look
_OUTCOME = "trivet.job.outcome"
_ANSWERED = 200  # what a request that ended well would have


class Performer:
    """Runs the jobs of one application; what it needs of them is looked up once a job."""

    def __init__(
        self,
        jobs: Mapping[str, Job[..., Any]],
        database: Database,
        board: Board,
        around: Around | None,
        overrides: Mapping[Callable[..., Any], Callable[..., Any]],
        watchers: Sequence[Watcher] = (),
    ) -> None:
        self._watchers = watchers
        self._jobs = jobs
        self._database = database
        self._board = board
        self._around = around
        self._overrides = overrides
        self._calls: dict[str, _Call] = {}

    async def perform(self, held: Held, run: Run) -> Outcome | None:
        """Run one attempt; None where what became of it is written down already, or unwanted."""
        if not self._watchers:
            return await self._performed(held, run, None)
        happening = begun(self._watchers, _happening(held))
        try:
            outcome = await self._performed(held, run, happening)
        except BaseException as error:  # somebody has cancelled it, or the worker ends
            happening.facts[_OUTCOME] = State.CANCELLED.value
            ended(self._watchers, happening, error)
            raise
        state = State.DONE if outcome is None else outcome.state
        happening.facts.setdefault(_OUTCOME, state.value)
        ended(self._watchers, happening)
        return outcome

    async def _performed(self, held: Held, run: Run, happening: Happening | None) -> Outcome | None:
        job = self._jobs.get(held.name)
        if job is None:
            _log.warning(
                "job %s: no %r is known here; handed back for a worker that knows it",
                held.id,
                held.name,
            )
            return Outcome(
                held,
                State.LATER,
                error=f"{held.name!r} was not known to the worker",
                pause=_UNKNOWN_PAUSE,
                is_counted=False,
            )
        try:
            return await self._attempt(job, held, run)
        except LeaseLost:
            _log.warning("job %s (%s): somebody else has it by now", held.id, held.name)
            if happening is not None:
                happening.facts[_OUTCOME] = "lost"
            return None
        except Exception as error:
            if happening is not None:
                happening.error = error
            return _failed(job, held, error)

    async def _attempt(self, job: Job[..., Any], held: Held, run: Run) -> Outcome | None:
        call = self._calls.get(job.name)
        if call is None:
            call = self._calls[job.name] = _Call(job, self._overrides)
        around = self._around
        opened = None if around is None else around.begin(None)
        try:
            async with asyncio.timeout(job.options.timeout):
                value = await call(held, run)
            outcome = Outcome(held, State.DONE, job.arguments.write_result(value))
            unit = self._database.open_unit
            is_concluded = unit is not None and not unit.is_settled
            if unit is not None and is_concluded:
                await conclude(unit, self._board, outcome)
            if around is not None:
                await around.finish(opened, _ANSWERED)
        except BaseException as error:
            if around is not None:
                await failed(around, opened, error)
            raise
        if around is not None:
            await around.leave(opened, None)
        return None if is_concluded else outcome


class _Call:
    """How one job's function is called."""

    def __init__(
        self, job: Job[..., Any], overrides: Mapping[Callable[..., Any], Callable[..., Any]]
    ) -> None:
        self._function = job.function
        self._arguments = job.arguments
        self._is_async = kind_of(job.function) is Kind.ASYNC
        needed = job.arguments.dependencies
        self._resolver = Prepared.of(needed, overrides) if needed else None

    async def __call__(self, held: Held, run: Run) -> Any:
        values = self._arguments.read(held.arguments)
        first = (run,) if self._arguments.wants_run else ()
        async with AsyncExitStack() as stack:
            if self._resolver is not None:
                values |= await stack.enter_async_context(self._resolver.opened())
            if self._is_async:
                return await self._function(*first, **values)
            return await run_in_thread(self._function, *first, **values)


def _happening(held: Held) -> Happening:
    """Give what is told of an attempt."""
    return Happening(
        "job",
        held.name,
        {
            "messaging.system": "trivet",
            "messaging.operation.type": "process",
            "messaging.destination.name": held.queue,
            "messaging.message.id": str(held.id),
            "trivet.job.attempt": held.attempt,
        },
    )


def _failed(job: Job[..., Any], held: Held, error: Exception) -> Outcome:
    """Say what becomes of an attempt that has failed."""
    is_last = held.attempt >= held.max_attempts
    if isinstance(error, Retry | Stop):
        text = f"{type(error).__name__}: {error}"
    else:
        text = "".join(traceback.format_exception(error))
    if is_last or isinstance(error, Stop):
        _log.error("job %s (%s) is dead: %s", held.id, held.name, _line(error))
        return Outcome(held, State.DEAD, error=text)
    pause = job.options.pause(held.attempt)
    if isinstance(error, Retry) and error.after is not None:
        pause = error.after
    _log.warning(
        "job %s (%s): attempt %s of %s failed, the next in %.1f s: %s",
        held.id, held.name, held.attempt, held.max_attempts, pause, _line(error),
    )  # fmt: skip
    return Outcome(held, State.LATER, error=text, pause=pause)


def _line(error: Exception) -> str:
    return traceback.format_exception_only(error)[-1].strip()
