"""Processes that are kept alive, with commands that cost little to start."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from pathlib import Path

from tests.cli.typed import LONGEST
from trivet.jobs.commands.supervising import Supervisor, own_command
from trivet.terminal import Pen

SCRIPT = """\
import asyncio, sys
from trivet.jobs.commands.supervising import Supervisor
from trivet.terminal import Pen

deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True)"
waiting = [sys.executable, "-c", f"{deaf}; time.sleep(100)"]
sys.exit(asyncio.run(Supervisor(2, waiting, Pen()).run()))
"""


def supervisor(code: str, *, until_empty: bool) -> tuple[Supervisor, io.StringIO]:
    said = io.StringIO()
    command = [sys.executable, "-c", code]
    return Supervisor(2, command, Pen(said), until_empty=until_empty), said


async def test_processes_that_are_done_are_let_go() -> None:
    found, said = supervisor("pass", until_empty=True)

    assert await found.run() == 0
    assert said.getvalue() == (
        "Starting 2 processes of workers. Ctrl+C stops them.\nAll processes have ended.\n"
    )


async def test_a_process_that_fails_is_started_again_after_a_pause(tmp_path: Path) -> None:
    """The first one to come makes a folder and fails; all others find it there."""
    code = f"import os, sys\ntry: os.mkdir({str(tmp_path / 'seen')!r})\n"
    found, said = supervisor(
        code + "except FileExistsError: sys.exit(0)\nsys.exit(7)", until_empty=True
    )

    assert await found.run() == 0
    assert said.getvalue().count("ended (exit code 7); another one starts in 1 s.") == 1


def test_interrupting_a_supervisor_twice_kills_its_processes() -> None:
    process = subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    starting, *deaf = [process.stdout.readline() for _ in range(3)]

    process.send_signal(signal.SIGINT)
    stopping = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=LONGEST)

    assert (starting[:8], deaf) == ("Starting", ["deaf\n"] * 2)
    assert stopping.startswith("Stopping: each process")
    assert rest.startswith("Ending at once.")
    assert process.returncode == 130


def test_the_command_of_one_process_is_this_one_with_other_options() -> None:
    found = own_command()

    assert found[0] == sys.executable
    assert found[1:-3] == sys.orig_argv[1:]
    assert found[-3:] == ["--processes", "1", "--until-stdin-ends"]
