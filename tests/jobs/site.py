"""An application with jobs, as the tests use it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import func, select, update

from tests.databases import clean_database
from tests.db.conftest import address
from tests.jobs.models import JobsModel
from trivet import App
from trivet.db import Database
from trivet.jobs import Jobs, State, Worker
from trivet.jobs.tables import board_in


class Site:
    """One application on one empty database, without a worker in its server."""

    def __init__(self, db: Database, **options: Any) -> None:
        self.db = db
        self.app = App()
        self.app.use(db)
        self.jobs = self.app.use(Jobs(db, in_server=False, **options))

    def worker(self, **options: Any) -> Worker:
        return self.jobs.worker(self.app, **{"poll": 0.02, **options})

    async def work(self, **options: Any) -> None:
        """Run everything that is ready, and what becomes so meanwhile."""
        await self.worker(**options).run(until_empty=True)

    async def row(self, id: int) -> Any:
        jobs = self.jobs.board.jobs
        async with self.db.engine.connect() as connection:
            return (await connection.execute(select(jobs).where(jobs.c.id == id))).one()

    async def states(self) -> dict[str, int]:
        """Count the jobs of each state."""
        jobs = self.jobs.board.jobs
        counted = select(jobs.c.state, func.count()).group_by(jobs.c.state)
        async with self.db.engine.connect() as connection:
            return {State(state): n for state, n in (await connection.execute(counted)).all()}

    async def change(self, id: int, **values: Any) -> None:
        """Change the row of a job, as another worker or a person would."""
        jobs = self.jobs.board.jobs
        async with self.db.transaction() as unit:
            await unit.execute(update(jobs).where(jobs.c.id == id).values(**values))

    async def due_now(self) -> None:
        """Let the moment come for which jobs wait."""
        jobs = self.jobs.board.jobs
        async with self.db.transaction() as unit:
            later = update(jobs).where(jobs.c.state == State.LATER)
            await unit.execute(later.values(state=State.READY))


@asynccontextmanager
async def site_on(kind: str, worker_id: str, **options: Any) -> AsyncIterator[Site]:
    tables = JobsModel.metadata
    board_in(tables)
    async with clean_database(address(kind), tables, models=JobsModel, timeout=20.0) as db:
        yield Site(db, **options)


async def until(is_true: Callable[[], Awaitable[bool] | bool]) -> None:
    """Wait until something is so; the test's own time limit ends what never is."""
    while True:
        found = is_true()
        if found if isinstance(found, bool) else await found:
            return
        await asyncio.sleep(0.01)


@asynccontextmanager
async def running(*workers: Worker) -> AsyncIterator[None]:
    """Let workers work while the block runs."""
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        await asyncio.gather(*tasks)
