"""Jobs as subscribers: the event is kept in the publisher's transaction, once."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.events.orders import LargeOrderPlaced, Note, OrderPlaced, Shipped, Shop, StockTaken
from trivet import App
from trivet.db import Database
from trivet.errors import SetupError
from trivet.events import Events
from trivet.jobs import Jobs, job
from trivet.jobs.tables import board_in
from trivet.testing import running


async def kept(database: Database) -> list[tuple[str, str]]:
    jobs = board_in(Shop.metadata).jobs
    async with database.engine.connect() as connection:
        rows = await connection.execute(select(jobs.c.name, jobs.c.arguments).order_by(jobs.c.id))
        return [(row.name, row.arguments) for row in rows]


async def test_a_job_keeps_the_event_in_the_publishers_transaction(
    database: Database, events: Events
) -> None:
    @events.on(OrderPlaced)
    @job(name="thank")
    async def thank(event: OrderPlaced) -> None: ...

    async def place(*, fails: bool) -> None:
        async with database.transaction():
            await Note.create(text="an order")
            await events.publish(OrderPlaced(7, 9.5))
            if fails:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await place(fails=True)
    assert await kept(database) == []

    await place(fails=False)
    assert await kept(database) == [("thank", '{"event":{"id":7,"total":9.5}}')]


@pytest.mark.parametrize("event", [OrderPlaced(7), StockTaken(order=7), Shipped(7)])
async def test_a_worker_runs_the_job_with_the_event(database: Database, event: object) -> None:
    app = App()
    app.use(database)
    jobs = app.use(Jobs(database))
    events = app.use(Events(database))
    kind = type(event)

    async def hear(event: object) -> str:
        return repr(event)

    hear.__annotations__["event"] = kind
    told = jobs.job(name="hear")(hear)
    events.on(kind)(told)

    async with running(app):
        async with database.transaction():
            queued = await told.enqueue(event)
        assert await queued.result(timeout=20) == repr(event)


async def test_a_job_for_a_class_keeps_of_a_subclass_what_the_class_has(
    database: Database, events: Events
) -> None:
    events.on(OrderPlaced)(job(name="thank")(thank))

    async with database.transaction():
        await events.publish(LargeOrderPlaced(7, 9.5, "gold"))

    assert await kept(database) == [("thank", '{"event":{"id":7,"total":9.5}}')]


async def thank(event: OrderPlaced) -> None:
    """Do nothing: what is kept for it is looked at."""


def test_a_job_after_the_commit_would_be_too_late_and_is_refused() -> None:
    with pytest.raises(SetupError, match="would do it too late") as caught:
        Events().after_commit(OrderPlaced)(job(thank))

    assert caught.value.code == "events.durable"
    assert caught.value.mend == "events.on(OrderPlaced)"
