"""The jobs in a worker's hands: those that run, are about to, or ended and are not written down.

Where they come from is a source's affair, and so is how they stay the worker's own. A job leaves
the hands once what became of it is in the table.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from trivet.db import Database
from trivet.jobs.engines.engine import Delivery, EngineAway
from trivet.jobs.held import Held, Outcome
from trivet.jobs.moments import as_datetime
from trivet.jobs.performing import Performer
from trivet.jobs.run import Run
from trivet.jobs.table.claiming import writing
from trivet.jobs.table.finishing import finish
from trivet.jobs.table.results import results_before
from trivet.jobs.tables import Board, State

__all__ = ["Hands"]

_log = logging.getLogger("trivet.jobs")
_MOST = 200  # outcomes of one transaction


@dataclass(eq=False)
class _Running:
    held: Held
    run: Run
    task: asyncio.Task[None] | None = None
    is_unwanted: bool = False  # cancelled by somebody, not by the worker's end
    is_lost: bool = False


class Hands:
    """What one worker holds; `concurrency` jobs run at once."""

    def __init__(
        self, performer: Performer, database: Database, board: Board, concurrency: int
    ) -> None:
        self.finished = 0  # attempts, however they ended
        self.failed = 0  # of these
        self.mean = 1.0  # seconds that a job takes, of late
        self.freed = asyncio.Event()
        """Set whenever a job has ended."""
        self._performer = performer
        self._database = database
        self._board = board
        self._concurrency = concurrency
        self._running: dict[int, _Running] = {}
        self._waiting: deque[Held] = deque()  # taken, and not begun
        self._outcomes: deque[Outcome] = deque()
        self._settled: deque[Delivery] = deque()  # an engine may forget them
        self._to_write = asyncio.Event()
        self._is_ending = False

    @property
    def running(self) -> int:
        """How many jobs run at this moment."""
        return len(self._running)

    @property
    def free(self) -> int:
        """How many more jobs could begin now."""
        return self._concurrency - len(self._running) - len(self._waiting)

    @property
    def is_empty(self) -> bool:
        """True where nothing runs, and all is written down."""
        return not (self._running or self._waiting or self._outcomes or self._settled)

    @property
    def has_suspect(self) -> bool:
        """True while one is held whose last worker died."""
        return any(held.lapses for held in self._active())

    def held(self) -> list[Held]:
        """Give all that are held, those too that have ended."""
        return [*self._active(), *(one.held for one in self._outcomes)]

    def active(self) -> dict[int, Held]:
        """Give those that run, by their number."""
        return {id: one.held for id, one in self._running.items()}

    def said(self) -> dict[int, tuple[float | None, str | None]]:
        """Give the progress that jobs have told since this was asked."""
        found = {}
        for id, one in self._running.items():
            if one.run.said is not None:
                found[id], one.run.said = one.run.said, None
        return found

    def take(self, held: Sequence[Held]) -> None:
        """Take jobs, and begin as many as there are hands for.

        One that is here already, and came back because its lease had lapsed, goes on with what the
        new claim gives: nobody else has it.
        """
        here = {one.id: one for one in self.held()}
        stopped = {id for id, one in self._running.items() if one.is_lost or one.is_unwanted}
        for one in held:
            known = here.get(one.id)
            if known is None or one.id in stopped:
                self._waiting.append(one)
            else:
                known.token, known.attempt, known.delivery = one.token, one.attempt, one.delivery
        self._begin()

    def lose(self, id: int) -> None:
        """Stop a job that somebody else has by now."""
        if (one := self._running.get(id)) is not None:
            one.is_lost = True
            _cancel(one)

    def stop(self, id: int) -> None:
        """Stop a job because somebody has asked to cancel it."""
        if (one := self._running.get(id)) is not None:
            one.is_unwanted = one.run.is_cancelled = True
            _cancel(one)

    def wake(self) -> None:
        """Let who waits in `write` go on."""
        self._to_write.set()

    def put(self, outcome: Outcome) -> None:
        """Let something be written down of a job."""
        self._outcomes.append(outcome)
        self._to_write.set()

    def hand_back(self, held: Held) -> None:
        """Give a job back as it came."""
        self.put(Outcome(held, State.READY, is_counted=False))

    async def write(self) -> None:
        """Wait for jobs that end, and write down what became of all that have."""
        await self._to_write.wait()
        self._to_write.clear()
        try:
            await self._write_all()
        except BaseException:
            self._to_write.set()
            raise

    async def end(self, grace: float) -> None:
        """Hand back what has not begun, and wait `grace` seconds for what runs."""
        self._is_ending = True
        while self._waiting:
            self.hand_back(self._waiting.popleft())
        tasks = self._tasks()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def leave(self) -> None:
        """Write down what is still to be said; what cannot be is found by its lapsed lease."""
        tasks = self._tasks()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            await self._write_all()
        except Exception as error:
            _log.warning("%s jobs are handed back by their leases: %r", len(self._outcomes), error)

    # -- beginning and ending --------------------------------------------------------------------

    def _active(self) -> Iterator[Held]:
        for one in self._running.values():
            yield one.held
        yield from self._waiting

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [one.task for one in self._running.values() if one.task is not None]

    def _begin(self) -> None:
        for _ in range(len(self._waiting)):
            if len(self._running) >= self._concurrency:
                return
            held = self._waiting.popleft()
            if held.id in self._running:  # what was lost is still being stopped
                self._waiting.append(held)
                continue
            run = Run(
                held.id, held.name, held.queue, held.attempt, held.max_attempts,
                as_datetime(held.tick),
            )  # fmt: skip
            if held.has_before:
                run._read_results = results_before(self._database, self._board, held.id)
            one = self._running[held.id] = _Running(held, run)
            one.task = asyncio.create_task(self._perform(one), name=f"job {held.id} {held.name}")

    async def _perform(self, one: _Running) -> None:
        held = one.held
        began = monotonic()
        outcome: Outcome | None = None
        try:
            outcome = await self._performer.perform(held, one.run)
        except asyncio.CancelledError:
            if one.is_unwanted:
                outcome = Outcome(held, State.CANCELLED)
            elif not one.is_lost:
                outcome = Outcome(held, State.READY, is_counted=False)
        finally:
            del self._running[held.id]  # nobody else begins one of this number before
            # What is to come is better told by the latest.
            self.mean += (max(monotonic() - began, 1e-5) - self.mean) / 8
            if outcome is not None:
                self.put(outcome)
            else:
                self.finished += 1
                self._settle(held)
            if not self._is_ending:
                self._begin()
            self.freed.set()

    def _settle(self, held: Held) -> None:
        if held.delivery is not None:
            self._settled.append(held.delivery)
            self._to_write.set()

    # -- writing down ----------------------------------------------------------------------------

    async def _write_all(self) -> None:
        while self._outcomes:
            some = [self._outcomes[n] for n in range(min(_MOST, len(self._outcomes)))]
            async with writing(self._database) as unit:
                await finish(unit, self._board, some)
            for one in some:
                self._outcomes.popleft()
                self.finished += one.is_counted
                self.failed += one.is_counted and one.error is not None
                self._settle(one.held)
        # Only now: what an engine forgets is in the table.
        while self._settled:
            some_settled = [self._settled.popleft() for _ in range(len(self._settled))]
            await asyncio.gather(*[_done(one) for one in some_settled])


def _cancel(one: _Running) -> None:
    if one.task is not None:
        one.task.cancel()


async def _done(delivery: Delivery) -> None:
    with suppress(EngineAway):  # it comes again, and is known by its row to be over
        await delivery.done()
