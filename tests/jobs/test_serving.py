"""Jobs beside requests: put in by handlers, run by the server's own worker."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.jobs.models import Bill, JobsModel
from trivet import App, HTTPException
from trivet.db import Database
from trivet.jobs import Jobs, State, WorkerOptions, job
from trivet.testing import TestClient


@job
async def bill(number: int) -> int:
    await Bill(number=number).save()
    return number


def serving() -> tuple[App, Jobs]:
    app = App()
    db = app.use(Database("sqlite://", models=JobsModel))
    jobs = app.use(Jobs(db, options=WorkerOptions(poll=0.02)))
    jobs.add(bill)

    @app.get("/tables")
    async def tables() -> None:
        await db.create_tables()

    @app.post("/orders/{number}")
    async def order(number: int) -> int:
        queued = await bill.enqueue(number)
        if number < 0:
            raise HTTPException(400, "no such order")
        return queued.id

    @app.get("/jobs/{id}")
    async def state(id: int) -> State:
        from trivet.jobs.handles import status_of

        return (await status_of(db, id)).state

    @app.get("/bills")
    async def bills() -> list[int]:
        return await Bill.where().values_list(Bill.number)

    return app, jobs


def wait_until_done(client: TestClient, id: int) -> None:
    while client.get(f"/jobs/{id}").json() != "done":
        time.sleep(0.01)


def test_a_handler_puts_a_job_in_and_the_server_runs_it() -> None:
    app, _ = serving()
    with TestClient(app) as client:
        client.get("/tables")

        id = client.post("/orders/7").json()
        wait_until_done(client, id)

        assert client.get("/bills").json() == [7]


def test_a_request_that_fails_puts_nothing_in() -> None:
    app, _ = serving()
    with TestClient(app) as client:
        client.get("/tables")

        assert client.post("/orders/-1").status_code == 400
        id = client.post("/orders/2").json()
        wait_until_done(client, id)

        assert client.get("/bills").json() == [2]


def test_a_server_without_the_tables_serves_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app, _ = serving()
    with caplog.at_level(logging.WARNING, "trivet.jobs"), TestClient(app) as client:
        while not caplog.records:
            time.sleep(0.01)

        assert client.get("/openapi.json").status_code == 200
    assert "no such table" in caplog.text


def test_jobs_run_within_the_lifespan_of_the_application() -> None:
    events: list[str] = []

    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[None]:
        await asyncio.sleep(0.1)
        events.append("opened")
        yield
        events.append("closed")

    app = App(lifespan=lifespan)
    db = app.use(Database("sqlite://", models=JobsModel))
    jobs = app.use(Jobs(db, options=WorkerOptions(poll=0.01)))

    @jobs.job
    async def work() -> None:
        events.append("begun")
        await asyncio.sleep(0.2)
        events.append("ended")

    async def prepare() -> None:
        await db.create_tables()
        async with db.transaction():
            await work.enqueue()

    asyncio.run(prepare())
    with TestClient(app):
        while "begun" not in events:
            time.sleep(0.01)

    assert events == ["opened", "begun", "ended", "closed"]
