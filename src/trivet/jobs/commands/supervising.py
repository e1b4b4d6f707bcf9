"""Several processes of workers, kept alive by one that does nothing else.

Each is this very command again. It is told by the end of its stdin where its supervisor is gone,
however that ended, so that no worker is left behind that nobody would stop.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic

from trivet.jobs.commands.signals import EXIT_INTERRUPTED, stops_by_signals
from trivet.terminal import Pen

__all__ = ["Supervisor", "own_command"]

_FIRST_PAUSE = 1.0  # seconds before one that died is replaced, doubled each time
_LONGEST_PAUSE = 60.0
_HEALTHY = 60.0  # seconds after which one that lived so long is replaced at once again


def own_command() -> list[str]:
    """Give the command of one supervised process: this one's, of which the last option counts."""
    return [sys.executable, *sys.orig_argv[1:], "--processes", "1", "--until-stdin-ends"]


class Supervisor:
    """Keeps `count` processes of a command; with `until_empty` those that end well are let go."""

    def __init__(
        self, count: int, command: Sequence[str], pen: Pen, *, until_empty: bool = False
    ) -> None:
        self._count = count
        self._command = command
        self._pen = pen
        self._until_empty = until_empty
        self._processes: dict[int, Process] = {}
        self._stopping = asyncio.Event()
        self._is_killed = False

    async def run(self) -> int:
        """Run until they have all ended; gives the exit code."""
        with stops_by_signals(self._stop, self._kill):
            self._pen.write(f"Starting {self._count} processes of workers. Ctrl+C stops them.")
            await asyncio.gather(*[self._keep(number) for number in range(self._count)])
        if self._is_killed:
            return EXIT_INTERRUPTED
        self._pen.write("All processes have ended.")
        return 0

    async def _keep(self, number: int) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            began = monotonic()
            process = await self._started(number)
            code = await process.wait()
            del self._processes[number]
            if self._stopping.is_set() or (self._until_empty and code == 0):
                return
            is_first = pause == 0.0 or monotonic() - began >= _HEALTHY
            pause = _FIRST_PAUSE if is_first else min(2 * pause, _LONGEST_PAUSE)
            how = self._pen.paint(_how(code), "bad" if code else "dim")
            self._pen.write(
                f"Process {process.pid} ended ({how}); another one starts in {pause:g} s."
            )
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopping.wait()

    async def _started(self, number: int) -> Process:
        # A session of its own: Ctrl+C is for the supervisor, which passes it on.
        process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, start_new_session=True
        )
        self._processes[number] = process
        if self._stopping.is_set():
            process.terminate()
        return process

    def _stop(self) -> None:
        self._pen.write("Stopping: each process takes no new jobs, and ends those that run.")
        self._stopping.set()
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                process.terminate()

    def _kill(self) -> None:
        self._pen.write("Ending at once. What ran is given to others when its lease has lapsed.")
        self._is_killed = True
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                process.kill()


def _how(code: int) -> str:
    """Say how a process ended."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
