"""Commands as a user types them, each in a process of its own.

Starting an interpreter costs more than most commands do, so that processes are forked from one
that has imported Trivet and nothing of any application. `new_process` starts them the long way.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trivet.cli import main

SCRIPT = str(Path(sys.executable).parent / "trivet")
LONGEST = 60  # seconds; a command that waits for something is a failure

_DROPPED = {"FORCE_COLOR", "NO_COLOR", "PYTHONWARNINGS"}
# Nothing that registers a model: an application would have its table.
_WARM = [
    "tests.cli.typed", "trivet.cli.routes", "trivet.cli.explain", "trivet.cli.check",
    "trivet.db.commands", "trivet.db.migrate.commands", "alembic.autogenerate",
    "aiosqlite", "asyncpg", "asyncmy", "trivet.jobs.commands", "trivet.mail", "trivet.sessions",
]  # fmt: skip


@dataclass(frozen=True)
class Done:
    """What a command wrote and how it ended."""

    code: int
    out: str
    err: str


Trivet = Callable[..., Done]
Write = Callable[[dict[str, str]], Path]


def environment(changes: dict[str, str]) -> dict[str, str]:
    """Give the environment of a plain, wide terminal without colour."""
    kept = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    return {**kept, "COLUMNS": "120", "PYTHONDONTWRITEBYTECODE": "1", **changes}


def new_process(words: list[str], cwd: Path, text: str = "", **changes: str) -> Done:
    """Run the installed `trivet` in a fresh interpreter."""
    done = subprocess.run(
        [SCRIPT, *words],
        cwd=cwd,
        input=text,
        capture_output=True,
        text=True,
        env=environment(changes),
        check=False,
        timeout=LONGEST,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def forked(words: list[str], cwd: Path, text: str = "", **changes: str) -> Done:
    """Run `trivet` in a process that is forked from a warm one."""
    if sys.platform == "win32":
        return new_process(words, cwd, text, **changes)
    context: Any = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_WARM)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("in", "out", "err")]
        files[0].write_text(text)
        process = context.Process(
            target=_typed, args=(words, str(cwd), [str(file) for file in files], changes)
        )
        process.start()
        process.join(LONGEST)
        if process.exitcode is None:
            process.kill()
            process.join()
        code = process.exitcode
        process.close()
        return Done(code, files[1].read_text(), files[2].read_text())


def _typed(words: list[str], cwd: str, files: list[str], changes: dict[str, str]) -> None:
    """Be the process of one command: its folder, environment, streams and import path."""
    for number, file in enumerate(files):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT
        opened = os.open(file, flags)
        os.dup2(opened, number)
        os.close(opened)
    # What a fresh interpreter would have made of them.
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
    made = environment(changes)
    os.environ.clear()
    os.environ.update(made)
    os.chdir(cwd)
    repository = str(Path(__file__).parents[2])
    sys.path[:] = [entry for entry in sys.path if entry not in ("", ".", repository)]
    sys.argv = [SCRIPT, *words]
    sys.dont_write_bytecode = True
    main()
