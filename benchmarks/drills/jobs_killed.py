"""Workers are killed again and again while they work: no job is lost, and only those that ran in a
killed process run twice.

``python -m benchmarks.drills.jobs_killed --database postgresql://…/empty --jobs 10000 --kills 100``
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

ROOT = Path(__file__).parents[2]
APP = Path(__file__).with_name("jobs_app.py")


@dataclass
class Report:
    """What was seen."""

    jobs: int
    kills: int
    seconds: float
    lost: int
    done_twice: int
    in_flight: int
    run_again: int
    run_again_needlessly: int
    long_run_again: int
    dead: int

    @property
    def is_kept(self) -> bool:
        """True where what is promised was kept."""
        return not (
            self.lost or self.done_twice or self.run_again_needlessly or self.long_run_again
        )


class Workers:
    """The processes, on one database, with one file of lines."""

    def __init__(self, database: str, lines: str, **settings: object) -> None:
        changed = {f"DRILL_{name.upper()}": str(value) for name, value in settings.items()}
        self._environment = {
            **os.environ,
            "DRILL_DATABASE": database,
            "DRILL_LINES": lines,
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            **changed,
        }
        self.killed: set[int] = set()
        self._all: list[subprocess.Popen[bytes]] = []

    def start(self, queues: str = "default") -> subprocess.Popen[bytes]:
        """Start one."""
        process = subprocess.Popen(
            [sys.executable, "-m", "trivet", "--app", f"{APP}:app", "worker", "--queues", queues],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._all.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill one as nothing can stop."""
        self.killed.add(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def end(self) -> None:
        """Kill all that are left."""
        for process in self._all:
            if process.poll() is None:
                process.kill()
                process.wait()


async def drill(
    database: str, jobs: int, kills: int, *, every: float = 0.7, long: float = 10.0
) -> Report:
    """Put jobs in, kill workers, wait until all is done, and count."""
    # So long that there is work while there are kills, with thirty hands.
    seconds = kills * every * 30 / jobs
    with tempfile.TemporaryDirectory() as folder:
        lines = str(Path(folder) / "lines")
        os.environ.update(DRILL_DATABASE=database, DRILL_LINES=lines)
        from benchmarks.drills import jobs_app as app

        await app.db.create_tables()
        began = time.monotonic()
        async with app.db.transaction():
            await app.work.enqueue_many((n, seconds) for n in range(jobs))
            for n in range(3):
                await app.long.enqueue(jobs + n, long)
                await app.blocking.enqueue(jobs + 3 + n, long)
        workers = Workers(database, lines)
        try:
            workers.start("long")
            running = [workers.start() for _ in range(3)]
            for _ in range(kills):
                await asyncio.sleep(random.uniform(0.5, 1.5) * every)
                index = await _at_work(running, Path(lines))
                workers.kill(running[index])
                running[index] = workers.start()
            while await _left(app):
                await asyncio.sleep(0.2)
        finally:
            workers.end()
        report = await _report(app, Path(lines), workers, jobs, kills)
        report.seconds = time.monotonic() - began
        await app.db.close()
        return report


async def _at_work(running: list[subprocess.Popen[bytes]], lines: Path) -> int:
    """Wait until one of them has begun jobs, and give which, at random."""
    while True:
        begun = {text.split()[2] for text in lines.read_text().splitlines()[-3000:]}
        found = [n for n, process in enumerate(running) if str(process.pid) in begun]
        if found:
            return random.choice(found)
        await asyncio.sleep(0.05)


async def _left(app: Any) -> int:
    table = app.jobs.board.jobs
    wanted = select(func.count()).where(table.c.state.not_in(["done", "dead", "cancelled"]))
    async with app.db.engine.connect() as connection:
        return (await connection.execute(wanted)).scalar_one()


async def _report(app: Any, lines: Path, workers: Workers, jobs: int, kills: int) -> Report:
    begun: dict[int, list[int]] = {}
    ended: set[tuple[int, int]] = set()
    for text in lines.read_text().splitlines():
        word, number, pid, _ = text.split()
        if word == "begin":
            begun.setdefault(int(number), []).append(int(pid))
        else:
            ended.add((int(number), int(pid)))
    async with app.db.transaction():
        done = Counter(await app.Done.where().values_list(app.Done.number))
    table = app.jobs.board.jobs
    async with app.db.engine.connect() as connection:
        dead = await connection.execute(select(func.count()).where(table.c.state == "dead"))
    again = {number: pids for number, pids in begun.items() if len(pids) > 1}
    # All but the last run must have been in a process that was killed.
    needless = [n for n, pids in again.items() if not set(pids[:-1]) <= workers.killed]
    return Report(
        jobs=jobs,
        kills=kills,
        seconds=0.0,
        lost=sum(done[n] == 0 for n in range(jobs + 3)),
        done_twice=sum(count > 1 for count in done.values()),
        in_flight=sum((n, pid) not in ended for n, pids in begun.items() for pid in pids),
        run_again=sum(len(pids) - 1 for pids in again.values()),
        run_again_needlessly=len(needless),
        long_run_again=sum(n >= jobs for n in again),
        dead=dead.scalar_one(),
    )


def main() -> None:
    """Run it, and say what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=100)
    given = parser.parse_args()
    report = asyncio.run(drill(given.database, given.jobs, given.kills))
    print(report)
    print("kept" if report.is_kept else "BROKEN")
    sys.exit(not report.is_kept)


if __name__ == "__main__":
    main()
