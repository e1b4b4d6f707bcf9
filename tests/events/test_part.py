"""Who is told of what, when, and in which transaction; the same on every database."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from functools import partial
from typing import Any

import pytest

from tests.events.orders import LargeOrderPlaced, Note, OrderPlaced, Shipped, StockTaken
from trivet import App, Depends
from trivet.db import Database
from trivet.errors import SetupError
from trivet.events import Events, EventsGoRound
from trivet.testing import TestClient, async_client


async def notes(database: Database) -> list[str]:
    async with database.own_transaction():
        return [note.text for note in await Note.all().order_by("id")]


# -- within the transaction ----------------------------------------------------------------------


async def test_what_a_subscriber_writes_is_committed_with_the_rest(
    database: Database, events: Events
) -> None:
    @events.on(OrderPlaced)
    async def count(event: OrderPlaced) -> None:
        await Note.create(text=f"order {event.id}")

    async with database.transaction():
        await Note.create(text="before")
        await events.publish(OrderPlaced(7))

    assert await notes(database) == ["before", "order 7"]


async def test_a_subscriber_that_raises_lets_nothing_be_committed(
    database: Database, events: Events
) -> None:
    @events.on(OrderPlaced)
    async def refuse(event: OrderPlaced) -> None:
        raise ValueError("no")

    async def place() -> None:
        async with database.transaction():
            await Note.create(text="lost")
            await events.publish(OrderPlaced(7))

    with pytest.raises(ValueError, match="no"):
        await place()

    assert await notes(database) == []


async def test_those_behind_one_that_raises_are_not_told() -> None:
    events = Events()
    told: list[int] = []

    @events.on(OrderPlaced)
    async def refuse(event: OrderPlaced) -> None:
        raise ValueError("no")

    @events.on(OrderPlaced)
    async def hear(event: OrderPlaced) -> None:
        told.append(event.id)

    with pytest.raises(ValueError, match="no"):
        await events.publish(OrderPlaced(7))

    assert told == []


# -- after the commit ----------------------------------------------------------------------------


async def test_after_the_commit_what_was_written_is_there(
    database: Database, events: Events
) -> None:
    seen: list[list[str]] = []

    @events.after_commit(OrderPlaced)
    async def look(event: OrderPlaced) -> None:
        seen.append([note.text for note in await Note.all()])

    async with database.transaction():
        await Note.create(text="kept")
        await events.publish(OrderPlaced(7))
        assert seen == []

    assert seen == [["kept"]]


async def test_after_a_roll_back_nobody_is_told(database: Database, events: Events) -> None:
    told: list[int] = []

    @events.after_commit(OrderPlaced)
    def hear(event: OrderPlaced) -> None:
        told.append(event.id)

    async def place() -> None:
        async with database.transaction():
            await Note.create(text="lost")
            await events.publish(OrderPlaced(7))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await place()

    assert told == []


async def test_after_a_savepoint_was_taken_back_nobody_is_told_of_it(
    database: Database, events: Events
) -> None:
    told: list[int] = []

    @events.after_commit(OrderPlaced)
    def hear(event: OrderPlaced) -> None:
        told.append(event.id)

    async def fail() -> None:
        async with database.transaction():
            await events.publish(OrderPlaced(2))
            raise ZeroDivisionError

    async with database.transaction():
        await events.publish(OrderPlaced(1))
        with pytest.raises(ZeroDivisionError):
            await fail()
        await events.publish(OrderPlaced(3))

    assert told == [1, 3]


async def test_what_fails_after_the_commit_is_logged_and_stops_nobody(
    database: Database, events: Events, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[int] = []

    @events.after_commit(OrderPlaced)
    async def fail(event: OrderPlaced) -> None:
        await Note.create(text="taken back")
        raise ValueError("the printer is on fire")

    @events.after_commit(OrderPlaced)
    async def hear(event: OrderPlaced) -> None:
        told.append(event.id)

    async with database.transaction():
        await Note.create(text="kept")
        await events.publish(OrderPlaced(7))

    assert told == [7]
    assert await notes(database) == ["kept"]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "fail failed, told of OrderPlaced" in record.getMessage()
    assert "the printer is on fire" in str(record.exc_info)


async def test_what_is_written_after_the_commit_is_committed_too(
    database: Database, events: Events
) -> None:
    @events.after_commit(OrderPlaced)
    async def write(event: OrderPlaced) -> None:
        await Note.create(text=f"after {event.id}")

    async with database.transaction():
        await events.publish(OrderPlaced(7))

    assert await notes(database) == ["after 7"]


async def test_what_is_published_after_a_commit_waits_for_its_own(
    database: Database, events: Events
) -> None:
    order: list[str] = []

    @events.after_commit(OrderPlaced)
    async def take(event: OrderPlaced) -> None:
        await events.publish(StockTaken(order=event.id))
        order.append("published")

    @events.after_commit(StockTaken)
    async def hear(event: StockTaken) -> None:
        order.append("stock taken")

    async with database.transaction():
        await events.publish(OrderPlaced(7))

    assert order == ["published", "stock taken"]


async def test_in_a_request_it_is_told_after_a_good_answer_alone(database: Database) -> None:
    app = App()
    app.use(database)
    events = app.use(Events(database))
    told: list[int] = []

    @events.after_commit(OrderPlaced)
    async def hear(event: OrderPlaced) -> None:
        told.append(event.id)

    @app.post("/orders/{id}")
    async def place(id: int) -> dict[str, int]:
        await events.publish(OrderPlaced(id))
        return {"id": id} if id < 10 else {}["a bug"]

    async with async_client(app, raise_app_exceptions=False) as client:
        assert (await client.post("/orders/1")).status_code == 200
        assert (await client.post("/orders/11")).status_code == 500

    assert told == [1]


# -- order ---------------------------------------------------------------------------------------


async def test_subscribers_are_told_in_the_order_in_which_they_were_declared() -> None:
    events = Events()
    order: list[str] = []
    for name in "abc":
        events.on(OrderPlaced)(partial(lambda name, event: order.append(name), name))

    await events.publish(OrderPlaced(7))

    assert order == ["a", "b", "c"]


async def test_what_a_subscriber_publishes_is_heard_before_the_next_one_is_told() -> None:
    events = Events()
    order: list[str] = []

    @events.on(OrderPlaced)
    async def take(event: OrderPlaced) -> None:
        await events.publish(StockTaken(order=event.id))
        order.append("taken")

    @events.on(OrderPlaced)
    async def thank(event: OrderPlaced) -> None:
        order.append("thanked")

    @events.on(StockTaken)
    async def count(event: StockTaken) -> None:
        order.append("counted")

    await events.publish(OrderPlaced(7))

    assert order == ["counted", "taken", "thanked"]


async def test_a_circle_of_events_says_which() -> None:
    events = Events()

    @events.on(OrderPlaced)
    async def take(event: OrderPlaced) -> None:
        await events.publish(StockTaken(order=event.id))

    @events.on(StockTaken)
    async def place(event: StockTaken) -> None:
        await events.publish(OrderPlaced(event.order))

    with pytest.raises(EventsGoRound, match="OrderPlaced → StockTaken → OrderPlaced"):
        await events.publish(OrderPlaced(7))


async def test_a_circle_behind_commits_ends_too(
    database: Database, events: Events, caplog: pytest.LogCaptureFixture
) -> None:
    @events.after_commit(OrderPlaced)
    async def again(event: OrderPlaced) -> None:
        await events.publish(OrderPlaced(event.id + 1))

    async with database.transaction():
        await events.publish(OrderPlaced(1))

    assert "published inside each other" in str(caplog.records[-1].exc_info)


# -- who is told ---------------------------------------------------------------------------------


async def test_a_parameter_may_be_of_any_type() -> None:
    events = Events()
    told: list[Any] = []

    @events.on(OrderPlaced)
    async def hear(event: Any) -> None:
        told.append(event.id)

    await events.publish(OrderPlaced(7))

    assert told == [7]


@pytest.mark.parametrize("event", [OrderPlaced(7), StockTaken(order=7), Shipped(7)])
async def test_an_event_is_an_object_of_any_class(event: object) -> None:
    events = Events()
    told: list[object] = []
    events.on(type(event))(lambda heard: told.append(heard))

    await events.publish(event)

    assert told == [event]


async def test_who_subscribes_to_a_class_hears_its_subclasses_and_no_other() -> None:
    events = Events()
    told: list[tuple[str, object]] = []

    @events.on(OrderPlaced)
    def all_of_them(event: OrderPlaced) -> None:
        told.append(("all", event))

    @events.on(LargeOrderPlaced)
    def large_ones(event: LargeOrderPlaced) -> None:
        told.append(("large", event))

    small, large = OrderPlaced(1), LargeOrderPlaced(2)
    for event in (small, large, StockTaken(order=3)):
        await events.publish(event)

    assert told == [("all", small), ("all", large), ("large", large)]


async def test_who_subscribes_to_object_hears_everything() -> None:
    events = Events()
    told: list[object] = []
    events.on(object)(told.append)

    await events.publish(StockTaken(order=3))

    assert told == [StockTaken(order=3)]


async def test_who_subscribes_after_the_first_event_hears_the_next() -> None:
    events = Events()
    await events.publish(OrderPlaced(1))
    told: list[int] = []

    @events.on(OrderPlaced)
    def hear(event: OrderPlaced) -> None:
        told.append(event.id)

    await events.publish(OrderPlaced(2))

    assert told == [2]


async def test_without_a_database_the_commit_is_when_the_others_have_heard() -> None:
    events = Events()
    order: list[str] = []

    @events.after_commit(OrderPlaced)
    async def later(event: OrderPlaced) -> None:
        order.append("later")

    @events.on(OrderPlaced)
    async def now(event: OrderPlaced) -> None:
        order.append("now")

    await events.publish(OrderPlaced(7))

    assert order == ["now", "later"]


# -- how they are called -------------------------------------------------------------------------


async def test_a_plain_function_that_may_block_is_called_on_a_thread() -> None:
    events = Events()
    threads: list[threading.Thread] = []

    @events.on(OrderPlaced)
    def hear(event: OrderPlaced) -> None:
        threads.append(threading.current_thread())

    await events.publish(OrderPlaced(7))

    assert threads[0] is not threading.current_thread()


async def test_dependencies_are_opened_and_closed_around_a_subscriber() -> None:
    events = Events()
    order: list[str] = []

    async def printer():
        order.append("open")
        yield "the printer"
        order.append("close")

    @events.on(OrderPlaced)
    async def hear(event: OrderPlaced, by: str = Depends(printer)) -> None:
        order.append(f"{event.id} on {by}")

    await events.publish(OrderPlaced(7))

    assert order == ["open", "7 on the printer", "close"]


def test_overrides_of_the_application_count_for_subscribers() -> None:
    app = App()
    events = app.use(Events())
    told: list[str] = []

    def name() -> str:
        return "the real one"

    @events.on(OrderPlaced)
    async def hear(event: OrderPlaced, by: str = Depends(name)) -> None:
        told.append(by)

    @app.post("/")
    async def place() -> None:
        await events.publish(OrderPlaced(7))

    TestClient(app).post("/")
    app.dependency_overrides[name] = lambda: "another"
    TestClient(app).post("/")

    assert told == ["the real one", "another"]


# -- mistakes ------------------------------------------------------------------------------------


def test_what_is_no_class_is_refused() -> None:
    with pytest.raises(SetupError, match="'order' is no class") as caught:
        Events().on("order")(lambda event: None)  # type: ignore[arg-type]

    assert caught.value.code == "events.kind"


def test_what_cannot_be_told_is_refused() -> None:
    with pytest.raises(SetupError, match="cannot be told of OrderPlaced") as caught:
        Events().on(OrderPlaced)("a text")

    assert caught.value.code == "events.subscriber"


def test_a_function_without_a_parameter_is_refused() -> None:
    with pytest.raises(SetupError, match="no parameter to take it") as caught:

        @Events().on(OrderPlaced)
        async def hear() -> None: ...

    assert caught.value.code == "events.parameter"
    assert caught.value.mend == "def hear(event: OrderPlaced, ...)"


def test_a_parameter_of_another_class_is_refused() -> None:
    with pytest.raises(SetupError, match="its parameter 'event' is a StockTaken") as caught:

        @Events().on(OrderPlaced)
        async def hear(event: StockTaken) -> None: ...

    assert caught.value.code == "events.parameter"
    assert caught.value.where is not None
    assert "test_part.py" in caught.value.where


def test_a_second_parameter_that_nobody_gives_is_refused() -> None:
    with pytest.raises(SetupError, match="'page' behind the event, which is no dep") as caught:

        @Events().on(OrderPlaced)
        async def hear(event: OrderPlaced, page: int) -> None: ...

    assert caught.value.code == "events.parameter"


def test_a_dependency_that_reads_a_request_is_refused() -> None:
    def page(page: int) -> int:
        return page

    with pytest.raises(SetupError, match="'page' reads 'page' from a request"):

        @Events().on(OrderPlaced)
        async def hear(event: OrderPlaced, number: int = Depends(page)) -> None: ...


def test_events_need_no_database_and_do_not_load_one() -> None:
    code = "import trivet.events, sys; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
