"""Transactions that put jobs in, half of them rolled back, in processes that are killed at any
moment: there is a job for each that was committed, and for no other.

``python -m benchmarks.drills.jobs_committed --database postgresql://…/empty --transactions 10000``
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
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

ROOT = Path(__file__).parents[2]
_WRITE = """
import asyncio, random, sys
from benchmarks.drills import jobs_app as app

async def main(start: int) -> None:
    number = start
    while True:
        try:
            async with app.db.transaction():
                await app.Order(number=number).save()
                await app.work.enqueue(number, 0.0)
                if random.random() < 0.5:
                    await app.Order(number=number + 1).save()
                    await app.work.enqueue(number + 1, 0.0)
                if random.random() < 0.5:
                    raise LookupError
        except LookupError:
            pass
        number += 2
        app.line("tried", number)

asyncio.run(main(int(sys.argv[1])))
"""


@dataclass
class Report:
    """What was seen."""

    transactions: int
    kills: int
    orders: int
    jobs: int
    without_job: int
    without_order: int

    @property
    def is_kept(self) -> bool:
        """True where there is exactly one job for each order."""
        return self.orders == self.jobs > 0 and not (self.without_job or self.without_order)


async def drill(database: str, transactions: int, every: float = 1.0) -> Report:
    """Let processes write until so many transactions were tried, killing them, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "lines"
        lines.touch()
        os.environ.update(DRILL_DATABASE=database, DRILL_LINES=str(lines))
        from benchmarks.drills import jobs_app as app

        await app.db.create_tables()
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
        started = kills = 0
        running: list[subprocess.Popen[bytes]] = []
        try:
            while (tried := lines.read_bytes().count(b"\n")) < transactions:
                while len(running) < 2:
                    started += 1
                    start = str(started * 10_000_000)
                    command = [sys.executable, "-c", _WRITE, start]
                    running.append(subprocess.Popen(command, env=environment))
                await asyncio.sleep(random.uniform(0.2, 1.0) * every)
                if lines.read_bytes().count(b"\n") > tried:
                    victim = running.pop(0)
                    victim.send_signal(signal.SIGKILL)
                    victim.wait()
                    kills += 1
        finally:
            for process in running:
                process.kill()
                process.wait()
        jobs = app.jobs.board.jobs
        async with app.db.engine.connect() as connection:
            texts = (await connection.execute(select(jobs.c.arguments))).scalars().all()
        async with app.db.transaction():
            orders = await app.Order.where().values_list(app.Order.number)
        numbers = [app.work.arguments.read(text)["number"] for text in texts]
        await app.db.close()
        return Report(
            transactions=lines.read_bytes().count(b"\n"),
            kills=kills,
            orders=len(orders),
            jobs=len(numbers),
            without_job=len(set(orders) - set(numbers)),
            without_order=len(set(numbers) - set(orders)),
        )


def main() -> None:
    """Run it, and say what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--transactions", type=int, default=10_000)
    given = parser.parse_args()
    report = asyncio.run(drill(given.database, given.transactions))
    print(report)
    print("kept" if report.is_kept else "BROKEN")
    sys.exit(not report.is_kept)


if __name__ == "__main__":
    main()
