"""The application of the drills of jobs: each run leaves a line, each end a row.

Its settings come from the environment of the process: where the data is, where lines go, and what
carries jobs to workers, where that is not the table.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

from trivet import App
from trivet.db import Database, Mapped, Model, field
from trivet.jobs import Jobs, Run, WorkerOptions


class Drill(Model, apart=True):
    """What the drills keep."""


class Done(Drill):
    """One job that was done, written in its own transaction."""

    number: Mapped[int] = field(index=True)


class Order(Drill):
    """One order, which is committed with its job or not at all."""

    number: Mapped[int] = field(unique=True)


class Like(Drill):
    """A row like a job's, with what that is given, to compare the two."""

    name: Mapped[str] = field(max_length=200)
    queue: Mapped[str] = field(max_length=100)
    state: Mapped[str] = field(max_length=10)
    arguments: Mapped[str]
    due: Mapped[int]
    attempts: Mapped[int]
    keep: Mapped[int]
    begun: Mapped[int]


def engine(url: str) -> Any:  # Any: an engine, whose library is loaded where one is asked for
    """Give what carries jobs, by its address; None for the table itself."""
    prefix = f"trivet-drill-{os.getpid()}"
    if url.startswith("nats"):
        from trivet.jobs.engines.nats import NatsEngine

        return NatsEngine(url, prefix=prefix)
    if url.startswith("redis"):
        from trivet.jobs.engines.redis import RedisEngine

        return RedisEngine(url, prefix=prefix)
    if url.startswith("amqp"):
        from trivet.jobs.engines.rabbitmq import RabbitMqEngine

        return RabbitMqEngine(url, prefix=prefix)
    return None


app = App()
db = app.use(Database(os.environ["DRILL_DATABASE"], models=Drill))
jobs = app.use(
    Jobs(
        db,
        engine=engine(os.environ.get("DRILL_ENGINE", "")),
        in_server=False,
        options=WorkerOptions(
            concurrency=int(os.environ.get("DRILL_CONCURRENCY", "10")),
            lease=float(os.environ.get("DRILL_LEASE", "3")),
            leads=1.0,
            poll=0.2,
            grace=1.0,
        ),
    )
)
LINES = os.open(os.environ["DRILL_LINES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def line(*words: object) -> None:
    """Write one line that stays, whatever happens to the process."""
    os.write(LINES, (" ".join(map(str, words)) + "\n").encode())


@jobs.job(max_attempts=100)
async def work(run: Run, number: int, seconds: float) -> None:
    """Take a while, and write a row."""
    line("begin", number, os.getpid(), run.attempt)
    await asyncio.sleep(seconds)
    await Done(number=number).save()
    line("end", number, os.getpid(), run.attempt)


@jobs.job(queue="long", max_attempts=100)
async def long(run: Run, number: int, seconds: float) -> None:
    """Take much longer than a lease."""
    line("begin", number, os.getpid(), run.attempt)
    await asyncio.sleep(seconds)
    await Done(number=number).save()
    line("end", number, os.getpid(), run.attempt)


@jobs.job(queue="long", max_attempts=100)
def blocking(run: Run, number: int, seconds: float) -> None:
    """Take much longer than a lease, on a thread."""
    line("begin", number, os.getpid(), run.attempt)
    time.sleep(seconds)
    line("end", number, os.getpid(), run.attempt)


@jobs.job(max_attempts=3, backoff=0.1)
async def poison(run: Run) -> None:
    """Kill whoever runs it."""
    line("poison", run.id, os.getpid(), run.attempt)
    os.kill(os.getpid(), 9)


@jobs.job(max_attempts=3, backoff=0.1)
async def failing(run: Run) -> None:
    """Fail each time."""
    line("failing", run.id, os.getpid(), run.attempt)
    raise ValueError("always")
