"""A worker: takes jobs while it has hands free, runs them, says what became of them.

Its loops stand beside each other: one takes jobs, one writes down how they ended, one keeps them,
one leads, where nobody else does, and one gives jobs to the engine outside, where there is one.
Whatever the database or the engine say, none of them ends before the worker is stopped: each waits
and tries again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from types import MappingProxyType

from trivet.db import Database
from trivet.jobs.engines.engine import Engine
from trivet.jobs.engines.relay import Relay
from trivet.jobs.engines.source import EngineSource
from trivet.jobs.hands import Hands
from trivet.jobs.hints import CHANNEL
from trivet.jobs.leading import Leader
from trivet.jobs.performing import Performer
from trivet.jobs.schedules import Schedule
from trivet.jobs.source import Source, WorkerOptions
from trivet.jobs.table.source import TableSource
from trivet.jobs.tables import Board

__all__ = ["Worker", "WorkerOptions"]

_log = logging.getLogger("trivet.jobs")
_PAUSES = (0.1, 0.5, 1.0, 2.0, 5.0)  # seconds after errors, one after the other
_STEP = 5.0  # seconds in which a step that was begun may end, when the worker is stopped
_LOOK = 0.01  # seconds between two looks whether there is nothing left
_HINTED = 60.0  # seconds for which one waits for hints; the sources look by themselves


class Worker:
    """One worker in this process; `run` it once. Jobs come by an `engine`, where there is one."""

    def __init__(
        self,
        performer: Performer,
        database: Database,
        board: Board,
        options: WorkerOptions,
        schedules: Mapping[str, Schedule] = MappingProxyType({}),
        engine: Engine | None = None,
    ) -> None:
        self.id = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self.options = options
        self._database = database
        self._board = board
        self._hands = Hands(performer, database, board, options.concurrency)
        self._leader = Leader(
            database, board, self.id, schedules,
            leads=options.leads, lease=options.lease, keep_dead=options.keep_dead,
        )  # fmt: skip
        self._relay: Relay | None = None
        self._source: Source
        if engine is None:
            self._source = TableSource(self._hands, database, board, options, self.id)
        else:
            self._relay = Relay(database, board, options, engine)
            self._source = EngineSource(self._hands, database, board, options, engine)
        self._stopping = asyncio.Event()
        self._over = asyncio.Event()

    @property
    def running(self) -> int:
        """How many jobs run at this moment."""
        return self._hands.running

    @property
    def finished(self) -> int:
        """How many attempts have ended, however they did."""
        return self._hands.finished

    @property
    def failed(self) -> int:
        """How many attempts have failed."""
        return self._hands.failed

    def wake(self) -> None:
        """Look for jobs now."""
        self._source.wake()
        if self._relay is not None:
            self._relay.wake()

    def stop(self) -> None:
        """Take no more jobs, and end when those that run have ended, or after the grace."""
        self._stopping.set()
        self.wake()

    async def run(self, *, until_empty: bool = False) -> None:
        """Work until `stop` is called, or, `until_empty`, until no job is ready and none runs."""
        self._board.listeners.append(self.wake)
        taking = [asyncio.create_task(self._until_stopped("taking jobs", self._source.take))]
        if self._relay is not None:
            sending = self._until_stopped("giving jobs to the engine", self._relay.step)
            taking.append(asyncio.create_task(sending))
        keeping = [
            asyncio.create_task(one)
            for one in (
                self._forever("keeping jobs", self._source.pause, self._source.beat),
                self._forever("writing down how jobs ended", 0.0, self._hands.write),
                self._forever("leading", self.options.poll, self._leader.step),
                self._forever("hearing of jobs", 0.0, self._hear),
            )
        ]
        try:
            await (self._until_empty() if until_empty else self._stopping.wait())
            self.stop()
            # What was just claimed comes into the hands, from which it is handed back.
            await asyncio.wait(taking, timeout=_STEP)
            await self._hands.end(self.options.grace)
        finally:
            self._board.listeners.remove(self.wake)
            # A transaction that is cut short may keep its locks for a while: let them end.
            self._over.set()
            self._hands.wake()
            await asyncio.wait(keeping[:-1], timeout=_STEP)  # the last only listens
            await _ended([*taking, *keeping])
            await self._hands.leave()
            await self._source.close()
            with suppress(Exception):  # its time as the leader is over soon anyway
                await self._leader.leave()

    async def _forever(self, what: str, pause: float, step: Callable[[], Awaitable[None]]) -> None:
        failures = 0
        while not self._over.is_set():
            failures = 0 if await self._went_well(what, step, failures) else failures + 1
            if pause and not failures:
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._over.wait()

    async def _until_stopped(self, what: str, step: Callable[[], Awaitable[None]]) -> None:
        failures = 0
        while not self._stopping.is_set():
            failures = 0 if await self._went_well(what, step, failures) else failures + 1

    async def _went_well(
        self, what: str, step: Callable[[], Awaitable[None]], failures: int
    ) -> bool:
        try:
            await step()
        except Exception as error:
            self._leader.was_away()
            _log.warning("%s failed, and is tried again: %r", what, error)
            await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
            return False
        return True

    async def _hear(self) -> None:
        """Be woken by other processes, where the database tells of them."""
        async with self._database.listen(CHANNEL) as listener:
            while True:
                await listener.wait(_HINTED)
                self.wake()

    async def _until_empty(self) -> None:
        while not self._stopping.is_set():
            # Asked before: what ends while one looks may let others be ready.
            was_empty = self._hands.is_empty
            if was_empty and await self._source.is_empty():
                return
            await asyncio.sleep(_LOOK)


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
