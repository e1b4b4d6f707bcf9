"""Three schedulers, a tick a second, and a leader that is killed or paused again and again.

The full drill, of two minutes with a leader killed every ten seconds, prints its figures::

    python -m tests.jobs.schedule_drill postgresql://postgres@127.0.0.1:5432/drill
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from sqlalchemy import select

from tests.cli.typed import SCRIPT, environment
from trivet.db import BareModel, Database
from trivet.jobs import Jobs
from trivet.jobs.moments import as_datetime
from trivet.jobs.tables import Board, State, board_of

APP = """\
import os

from trivet import App
from trivet.db import Database
from trivet.jobs import Jobs, Run, WorkerOptions

app = App()
db = app.use(Database(os.environ["DATABASE"], timeout=5.0))
options = WorkerOptions(leads=float(os.environ["LEADS"]), lease=4.0, poll=0.1)
jobs = app.use(Jobs(db, options=options))


@jobs.job(max_attempts=20)
async def tick(run: Run) -> None:
    pass


jobs.every(1, tick, missed="all")
"""


class DrillModel(BareModel, apart=True):
    """Where the tables of the drill are registered."""


@dataclass
class Figures:
    """What came of it."""

    ticks: int  # from the first to the last
    missing: int
    doubled: int
    not_done: int
    kills: int
    pauses: int
    latest: float  # seconds from a tick to its job, at most


async def drill(
    database: Database, folder: Path, *, seconds: float, every: float, leads: float
) -> Figures:
    """Run it on a database that has the tables of jobs; `every` so many seconds a leader falls."""
    (folder / "main.py").write_text(APP)
    board = board_of(database)
    processes = [_started(database, folder, leads) for _ in range(3)]
    kills = pauses = 0
    paused: list[subprocess.Popen[bytes]] = []
    try:
        await _first_tick(database, board)
        end = monotonic() + seconds
        while monotonic() < end:
            await asyncio.sleep(every)
            for process in paused:
                process.send_signal(signal.SIGCONT)
            paused.clear()
            leading = await _leader(database, board, processes)
            if leading is None:
                continue
            # One in three wakes up later, and believes that it leads still.
            if (kills + pauses) % 3 == 2:
                pauses += 1
                leading.send_signal(signal.SIGSTOP)
                paused.append(leading)
            else:
                kills += 1
                leading.kill()
                leading.wait()
                processes.remove(leading)
                processes.append(_started(database, folder, leads))
        for process in paused:
            process.send_signal(signal.SIGCONT)
        await _all_done(database, board)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return await _figures(database, board, kills, pauses)


def _started(database: Database, folder: Path, leads: float) -> subprocess.Popen[bytes]:
    url = database.driver.url.set(drivername=database.engine.dialect.name)
    text = url.render_as_string(hide_password=False)
    with (folder / "out.txt").open("ab") as out:
        return subprocess.Popen(
            [SCRIPT, "worker"],
            cwd=folder,
            env=environment({"DATABASE": text, "LEADS": str(leads)}),
            stdout=out,
            stderr=out,
        )


async def _leader(
    database: Database, board: Board, processes: list[subprocess.Popen[bytes]]
) -> subprocess.Popen[bytes] | None:
    marks = board.marks
    async with database.engine.connect() as connection:
        found = await connection.execute(select(marks.c.holder).where(marks.c.name == "leader"))
        holder = str(found.scalar_one_or_none())
    return next((one for one in processes if f":{one.pid}:" in holder), None)


async def _first_tick(database: Database, board: Board) -> None:
    async with asyncio.timeout(30):
        while True:
            if await _ticks(database, board):
                return
            await asyncio.sleep(0.1)


async def _all_done(database: Database, board: Board) -> None:
    """Wait until jobs that were in killed hands are done by others."""
    jobs = board.jobs
    async with asyncio.timeout(60):
        while True:
            async with database.engine.connect() as connection:
                rows = await connection.execute(
                    select(jobs.c.id).where(jobs.c.lapses > 0, jobs.c.state != State.DONE)
                )
                suspect = rows.first()
                held = await connection.execute(
                    select(jobs.c.id).where(jobs.c.state == State.RUNNING)
                )
                if suspect is None and held.first() is None:
                    return
            await asyncio.sleep(0.1)


async def _ticks(database: Database, board: Board) -> list[tuple[int, int, str]]:
    jobs = board.jobs
    wanted = select(jobs.c.tick, jobs.c.created, jobs.c.state).where(jobs.c.tick.is_not(None))
    async with database.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(wanted)]  # type: ignore[misc]


async def _figures(database: Database, board: Board, kills: int, pauses: int) -> Figures:
    rows = await _ticks(database, board)
    counts = Counter(tick for tick, _, _ in rows)
    first, last = min(counts), max(counts)
    expected = range(first, last + 1, 1000)
    return Figures(
        ticks=len(expected),
        missing=sum(tick not in counts for tick in expected),
        doubled=sum(count - 1 for count in counts.values()),
        not_done=sum(state != State.DONE for tick, _, state in rows if tick < last - 10_000),
        kills=kills,
        pauses=pauses,
        latest=max(created - tick for tick, created, _ in rows) / 1000,
    )


async def _full(url: str) -> None:
    database = Database(url, models=DrillModel)
    Jobs(database)
    await database.drop_tables()
    await database.create_tables()
    with tempfile.TemporaryDirectory() as folder:
        found = await drill(database, Path(folder), seconds=120, every=10, leads=5.0)
    began = as_datetime(min(tick for tick, _, _ in await _ticks(database, board_of(database))))
    await database.drop_tables()
    await database.close()
    sys.stdout.write(f"{url.split(':')[0]}, from {began}: {found}\n")


if __name__ == "__main__":
    asyncio.run(_full(sys.argv[1]))
