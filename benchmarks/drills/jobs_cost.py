"""What a job costs: to put it in, beside the insertion of a row, and to run one that does nothing.

``python -m benchmarks.drills.jobs_cost --database postgresql://…/empty`` prints microseconds of
processor time, alternating between the two, and jobs a second of one process; with ``--engine
nats://…`` (or redis, amqp) those that it carries, with ``--procrastinate`` the same by
procrastinate, on the same server.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable

from sqlalchemy import func, select

_ROUNDS = 15
_EACH = 200


async def putting_in() -> None:
    """Compare transactions that put one job in with transactions that insert one row like it."""
    from benchmarks.drills import jobs_app as app

    table = app.jobs.board.jobs
    await app.db.create_tables()

    async def insert() -> None:
        row = app.Like(
            name=app.work.name, queue="default", state="ready", due=0, attempts=5, keep=86400,
            arguments='{"number":1,"seconds":0.0}', begun=0,
        )  # fmt: skip
        async with app.db.transaction():
            await row.save()

    async def enqueue() -> None:
        async with app.db.transaction():
            await app.work.enqueue(1, 0.0)

    async def both() -> None:
        async with app.db.transaction():
            await app.Done(number=1).save()
            await app.work.enqueue(1, 0.0)

    async def order() -> None:
        async with app.db.transaction():
            await app.Done(number=1).save()

    costs = await _alternately({"insert": insert, "enqueue": enqueue, "order": order, "both": both})
    for name, (cpu, wall) in costs.items():
        print(f"{name:10} {cpu:8.1f} µs of CPU {wall:8.1f} µs")
    print(f"enqueue / insert, CPU: {costs['enqueue'][0] / costs['insert'][0]:.2f}")
    print(f"enqueue / insert, wall: {costs['enqueue'][1] / costs['insert'][1]:.2f}")
    async with app.db.engine.begin() as connection:
        await connection.execute(table.delete())


async def _alternately(
    functions: dict[str, Callable[[], Awaitable[None]]],
) -> dict[str, tuple[float, float]]:
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in functions}
    for _ in range(_ROUNDS):
        for name, function in functions.items():
            cpu, wall = time.process_time(), time.perf_counter()
            for _ in range(_EACH):
                await function()
            found[name].append(
                (
                    (time.process_time() - cpu) / _EACH * 1e6,
                    (time.perf_counter() - wall) / _EACH * 1e6,
                )
            )
    return {
        name: (
            statistics.median(cpu for cpu, _ in values),
            statistics.median(wall for _, wall in values),
        )
        for name, values in found.items()
    }


async def throughput(count: int, concurrency: int) -> None:
    """Run so many empty jobs in this process."""
    from benchmarks.drills import jobs_app as app

    @app.jobs.job(name="nothing")
    async def nothing(number: int) -> None: ...

    async with app.db.transaction():
        await nothing.enqueue_many((n,) for n in range(count))
    worker = app.jobs.worker(app.app, concurrency=concurrency, poll=0.5)
    cpu, wall = time.process_time(), time.perf_counter()
    await worker.run(until_empty=True)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    async with app.db.engine.connect() as connection:
        table = app.jobs.board.jobs
        done = select(func.count()).where(table.c.name == "nothing", table.c.state == "done")
        assert (await connection.execute(done)).scalar_one() == count
    print(f"trivet        {count / wall:8.0f} jobs/s {cpu / count * 1e6:8.1f} µs of CPU a job")
    await app.db.close()


async def procrastinate_throughput(url: str, count: int, concurrency: int) -> None:
    """Run so many empty jobs by procrastinate in this process."""
    import procrastinate

    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))

    @app.task(name="nothing")
    async def nothing(number: int) -> None: ...

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await nothing.batch_defer_async(*[{"number": n} for n in range(count)])
        cpu, wall = time.process_time(), time.perf_counter()
        await app.run_worker_async(
            concurrency=concurrency, wait=False, install_signal_handlers=False,
            delete_jobs="never",
        )  # fmt: skip
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        left = await app.job_manager.list_jobs_async(status="todo")
        assert not list(left)
    print(f"procrastinate {count / wall:8.0f} jobs/s {cpu / count * 1e6:8.1f} µs of CPU a job")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--concurrency", type=int, default=10)
    parser.add_argument("--engine", metavar="URL", default="")
    parser.add_argument("--procrastinate", metavar="URL")
    given = parser.parse_args()
    os.environ.update(DRILL_ENGINE=given.engine)
    os.environ.update(DRILL_DATABASE=given.database, DRILL_LINES=os.devnull)
    asyncio.run(_all(given))


async def _all(given: argparse.Namespace) -> None:
    await putting_in()
    await throughput(given.jobs, given.concurrency)
    if given.procrastinate:
        await procrastinate_throughput(given.procrastinate, given.jobs, given.concurrency)


if __name__ == "__main__":
    main()
