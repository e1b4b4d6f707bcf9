"""Jobs that kill their worker and jobs that always fail, among others: they end as dead jobs after
their attempts, and the others are done.

``python -m benchmarks.drills.jobs_poison --database postgresql://…/empty``
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from sqlalchemy import select

from benchmarks.drills.jobs_killed import Workers


async def drill(database: str, poisonous: int, failing: int, others: int) -> dict[str, object]:
    """Put them in, keep two processes alive until all is over, and count."""
    with tempfile.TemporaryDirectory() as folder:
        lines = str(Path(folder) / "lines")
        os.environ.update(DRILL_DATABASE=database, DRILL_LINES=lines)
        from benchmarks.drills import jobs_app as app

        await app.db.create_tables()
        async with app.db.transaction():
            for _ in range(poisonous):
                await app.poison.enqueue()
            for _ in range(failing):
                await app.failing.enqueue()
            await app.work.enqueue_many((n, 0.05) for n in range(others))
        workers = Workers(database, lines)
        running: list[subprocess.Popen[bytes]] = []
        table = app.jobs.board.jobs
        over = ("done", "dead")
        try:
            while True:
                running = [one for one in running if one.poll() is None]
                while len(running) < 2:  # as `--processes 2` does, without its pause
                    running.append(workers.start())
                await asyncio.sleep(0.3)
                async with app.db.engine.connect() as connection:
                    rows = (
                        await connection.execute(
                            select(table.c.name, table.c.state, table.c.attempt, table.c.lapses)
                        )
                    ).all()
                if all(row.state in over for row in rows):
                    break
        finally:
            workers.end()
        async with app.db.transaction():
            done = Counter(await app.Done.where().values_list(app.Done.number))
        await app.db.close()
        ends = Counter((row.name.rpartition(".")[2], row.state, row.attempt) for row in rows)
        return {
            "kept": all(
                (
                    ends["poison", "dead", 3] == poisonous,
                    ends["failing", "dead", 3] == failing,
                    sum(
                        n
                        for (name, state, _), n in ends.items()
                        if (name, state) == ("work", "done")
                    )
                    == others,
                    set(done.values()) == {1},
                )
            ),
            "ends": dict(ends),
            "most_lapses_of_others": max(row.lapses for row in rows if row.name.endswith("work")),
        }


def main() -> None:
    """Run it, and say what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--poisonous", type=int, default=3)
    parser.add_argument("--failing", type=int, default=3)
    parser.add_argument("--others", type=int, default=300)
    given = parser.parse_args()
    report = asyncio.run(drill(given.database, given.poisonous, given.failing, given.others))
    print(report)
    print("kept" if report["kept"] else "BROKEN")
    sys.exit(not report["kept"])


if __name__ == "__main__":
    main()
