"""Looking at jobs, trying them again, cancelling and deleting them, on each kind of database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import func, select, update

from trivet import App
from trivet.db import Database
from trivet.errors import SetupError
from trivet.jobs import Jobs, JobUnknown, Run, State, chain, group, job
from trivet.jobs.control import Choice, count, details, listing, missing_tables, purge, retry_all
from trivet.jobs.moments import database_now
from trivet.jobs.tables import board_of


@job(queue="mail", priority=3)
def send(to: str) -> str:
    """Send."""
    return to


@job
def clean(days: int = 30) -> None:
    """Clean up."""


@job(unique=True)
def alone(n: int) -> None:
    """Do something once at a time."""


@pytest.fixture
def jobs(database: Database) -> Jobs:
    found = Jobs(database)
    found.add(send, clean, alone)
    return found


async def put(database: Database, what: Callable[[], Awaitable[Any]]) -> Any:
    """Put something in, in a transaction; gives its number."""
    async with database.transaction():
        return (await what()).id


async def make(database: Database, *ids: int, ago: float = 0.0, **values: object) -> None:
    """Let rows be as if something had happened to them, `ago` seconds ago."""
    jobs = board_of(database).jobs
    if values.get("state") in (State.DEAD, State.CANCELLED, State.DONE):
        values.update(finished=database_now() - round(ago * 1000), unique_key=None)
    async with database.engine.begin() as connection:
        await connection.execute(update(jobs).where(jobs.c.id.in_(ids)).values(**values))


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds."""
    while True:
        if await holds():
            return
        await asyncio.sleep(0.02)


async def state(database: Database, id: int) -> State:
    return (await details(database, id)).status.state


async def test_jobs_are_listed_by_what_they_have_in_common(jobs: Jobs) -> None:
    database = jobs.database
    first = await put(database, lambda: send.enqueue("ann"))
    second = await put(database, clean.enqueue)
    third = await put(database, lambda: send.enqueue("bob"))
    await make(database, third, state=State.DEAD, error="Traceback\nno")

    async def found(choice: Choice = Choice(), **options: int) -> list[int]:  # noqa: B008
        return [one.id for one in await listing(database, choice, **options)]

    assert await found() == [third, second, first]
    assert await found(limit=2) == [third, second]
    assert await found(before=third) == [second, first]
    assert await found(Choice(queue="mail")) == [third, first]
    assert await found(Choice(name=send.name)) == [third, first]
    assert await found(Choice(name="clean")) == [second]
    assert await found(Choice(name="lean")) == []
    assert await found(Choice(name="%")) == []
    assert await found(Choice(state=State.DEAD, queue="mail")) == [third]
    assert await count(database, Choice(queue="mail")) == 2


async def test_a_job_is_shown_with_what_it_was_given(jobs: Jobs) -> None:
    id = await put(jobs.database, lambda: send.enqueue("ann"))

    found = await details(jobs.database, id)

    assert found.status.name == send.name
    assert found.arguments == {"to": "ann"}
    assert (found.priority, found.is_unique, found.tick, found.waits_for) == (3, False, None, 0)
    with pytest.raises(JobUnknown):
        await details(jobs.database, id + 1)


async def test_a_dead_job_has_all_its_attempts_again(jobs: Jobs) -> None:
    id = await put(jobs.database, clean.enqueue)
    await make(jobs.database, id, state=State.DEAD, attempt=5, lapses=2, error="no")

    done = await jobs.retry(id)

    found = await details(jobs.database, id)
    assert done.retried == [id]
    assert found.status.state is State.READY
    assert (found.status.attempt, found.lapses, found.status.finished) == (0, 0, None)


async def test_a_job_that_waits_for_its_next_attempt_runs_at_once(jobs: Jobs) -> None:
    id = await put(jobs.database, clean.using(delay=3600).enqueue)
    await make(jobs.database, id, attempt=2)

    await jobs.retry(id)

    found = (await details(jobs.database, id)).status
    assert (found.state, found.attempt) == (State.READY, 2)


async def test_what_cannot_be_tried_again_is_named(jobs: Jobs) -> None:
    ready, done = [await put(jobs.database, clean.enqueue) for _ in range(2)]
    await make(jobs.database, done, state=State.DONE)

    found = await jobs.retry(ready, done, 10_000)

    assert found.retried == []
    assert found.refused == {
        ready: "it is ready",
        done: "it is done",
        10_000: "there is no such job, or not any more",
    }


async def test_a_unique_job_takes_its_key_again(jobs: Jobs) -> None:
    database = jobs.database
    id = await put(database, lambda: alone.enqueue(1))
    await make(database, id, state=State.DEAD)

    assert (await jobs.retry(id)).retried == [id]

    assert await put(database, lambda: alone.enqueue(1)) == id
    assert await put(database, lambda: alone.enqueue(2)) != id


async def test_a_unique_job_is_not_tried_again_beside_its_like(jobs: Jobs) -> None:
    database = jobs.database
    first = await put(database, lambda: alone.enqueue(1))
    await make(database, first, state=State.DEAD)
    second = await put(database, lambda: alone.enqueue(1))
    await make(database, second, state=State.DEAD)

    found = await jobs.retry(first, second)

    assert found.retried == [first]
    assert found.refused == {second: f"it is unique, and its like is there: job {first}"}


async def test_all_dead_jobs_of_a_choice_are_tried_again_in_batches(jobs: Jobs) -> None:
    database = jobs.database
    async with database.transaction():
        await clean.enqueue_many([(n,) for n in range(450)])
        await send.enqueue("ann")
    table = board_of(database).jobs
    async with database.engine.begin() as connection:
        await connection.execute(update(table).values(state=State.DEAD))
    told: list[int] = []

    found = await retry_all(database, Choice(name="clean"), told=told.append)

    assert len(found.retried) == 450
    assert told == [200, 400, 450]
    assert await count(database, Choice(state=State.DEAD)) == 1


async def test_jobs_that_wait_are_cancelled_with_those_that_wait_for_them(jobs: Jobs) -> None:
    database = jobs.database
    last = await put(database, lambda: chain(clean.step(1), clean.step(2), send.step("x")))
    first, second = last + 2, last + 1
    other = await put(database, lambda: alone.enqueue(1))

    found = await jobs.cancel(first, other, 10_000)

    assert sorted(found.cancelled) == [first, other]
    assert found.followers == [second, last]
    assert list(found.refused) == [10_000]
    assert await state(database, last) is State.CANCELLED
    assert await put(database, lambda: alone.enqueue(1)) != other  # its key is free


async def test_a_follower_waits_again_until_its_forerunners_are_done(jobs: Jobs) -> None:
    database = jobs.database
    last = await put(database, lambda: group([clean.step(1), clean.step(2)], then=send.step("x")))
    await jobs.cancel(last + 1)
    await make(database, last + 2, state=State.DONE)  # which nobody counted any more

    await jobs.retry(last)

    found = await details(database, last)
    assert (found.status.state, found.waits_for) == (State.BLOCKED, 1)


async def test_a_job_that_runs_is_asked_to_end(database: Database) -> None:
    app = App()
    jobs = app.use(Jobs(database, in_server=False))
    runs, ended = asyncio.Event(), asyncio.Event()

    @jobs.job
    async def wait(run: Run) -> None:
        runs.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    id = await put(database, wait.enqueue)
    worker = jobs.worker(app, lease=0.3, poll=0.05)
    working = asyncio.create_task(worker.run())
    async with asyncio.timeout(20):
        await runs.wait()
        found = await jobs.cancel(id)
        await ended.wait()
    worker.stop()
    await working

    assert found.asked == [id]
    assert await state(database, id) is State.CANCELLED


async def test_jobs_that_are_over_are_deleted_in_batches(jobs: Jobs) -> None:
    database = jobs.database
    async with database.transaction():
        await clean.enqueue_many([(n,) for n in range(450)])
    table = board_of(database).jobs
    async with database.engine.connect() as connection:
        ids = list((await connection.execute(select(table.c.id))).scalars())
    await make(database, *ids[:440], state=State.DEAD, ago=7200)
    await make(database, *ids[440:445], state=State.DEAD)
    told: list[int] = []

    gone = await purge(database, Choice(State.DEAD), older_than=3600, told=told.append)

    assert gone == 440
    assert told == [200, 400, 440]
    assert await count(database, Choice(State.DEAD)) == 5
    assert await count(database, Choice(State.READY)) == 5


async def test_results_that_somebody_waits_for_are_not_deleted(jobs: Jobs) -> None:
    database = jobs.database
    last = await put(database, lambda: chain(send.step("a"), clean.step(1)))
    await make(database, last + 1, state=State.DONE)

    assert await purge(database, Choice(State.DONE)) == 0

    await make(database, last, state=State.DONE)
    assert await purge(database, Choice(State.DONE)) == 2


async def test_who_waits_for_a_dead_job_is_cancelled_with_its_deletion(jobs: Jobs) -> None:
    database = jobs.database
    last = await put(database, lambda: chain(send.step("a"), clean.step(1)))
    await make(database, last + 1, state=State.DEAD)

    assert await purge(database, Choice(State.DEAD)) == 1
    assert await state(database, last) is State.CANCELLED


@pytest.mark.parametrize("chosen", [None, State.READY, State.RUNNING, State.BLOCKED])
async def test_jobs_that_are_not_over_are_not_deleted(jobs: Jobs, chosen: State | None) -> None:
    with pytest.raises(SetupError) as caught:
        await purge(jobs.database, Choice(chosen))

    assert caught.value.code == "jobs.purge"


async def test_queues_are_told_in_numbers(jobs: Jobs) -> None:
    database = jobs.database
    assert await jobs.stats() == []
    ids = [await put(database, lambda: send.enqueue("x")) for _ in range(6)]
    await put(database, lambda: send.using(delay=60).enqueue("x"))
    await make(database, ids[0], due=database_now() - 90_000)
    await make(database, ids[1], state=State.SUSPECT)
    await make(database, ids[2], state=State.RUNNING)
    await make(database, ids[3], state=State.DEAD)
    await make(database, ids[4], state=State.DEAD, ago=7200)
    await make(database, ids[5], state=State.DONE)
    await jobs.pause("slow")

    mail, slow = await jobs.stats()

    assert (mail.queue, mail.ready, mail.running, mail.later) == ("mail", 2, 1, 1)
    assert (mail.dead, mail.died, mail.is_paused) == (2, 1, False)
    assert 90 <= mail.lag < 120
    assert (slow.queue, slow.ready, slow.lag, slow.is_paused) == ("slow", 0, 0.0, True)


async def test_nothing_is_taken_from_a_queue_that_is_paused(database: Database) -> None:
    app = App()
    jobs = app.use(Jobs(database, in_server=False))
    ran: asyncio.Queue[str] = asyncio.Queue()

    @jobs.job(queue="stopped")
    async def never() -> None:
        ran.put_nowait("never")

    @jobs.job
    async def always() -> None:
        ran.put_nowait("always")

    assert await jobs.pause("stopped")
    assert not await jobs.pause("stopped")
    async with database.transaction():
        await never.enqueue()
        await always.enqueue()
    worker = jobs.worker(app, lease=0.3, poll=0.05)

    async def is_paused() -> bool:
        return "stopped" in worker._source._paused  # type: ignore[attr-defined]

    working = asyncio.create_task(worker.run())
    async with asyncio.timeout(20):
        first = await ran.get()
        assert await jobs.resume("stopped")
        second = await ran.get()
        await jobs.pause("stopped")
        await until(is_paused)
        async with database.transaction():
            await never.enqueue()
            await always.enqueue()
        third = await ran.get()
    worker.stop()
    await working

    assert [first, second, third] == ["always", "never", "always"]
    assert not await jobs.resume("another")


async def test_tables_that_are_missing_are_named(database: Database) -> None:
    async with database.engine.connect() as connection:
        assert await missing_tables(connection, database) == []

    await database.drop_tables()

    async with database.engine.connect() as connection:
        assert await missing_tables(connection, database) == ["trivet_jobs", "trivet_job_marks"]


async def test_a_job_that_is_claimed_meanwhile_is_asked_and_not_ended(jobs: Jobs) -> None:
    """Of many that are cancelled while workers take them, each is one or the other."""
    database = jobs.database
    app = App()
    own = app.use(Jobs(database, in_server=False))
    own.add(clean)
    async with database.transaction():
        await clean.enqueue_many([(n,) for n in range(60)])
    table = board_of(database).jobs
    async with database.engine.connect() as connection:
        ids = list((await connection.execute(select(table.c.id))).scalars())
    worker = own.worker(app, lease=0.5, poll=0.05)

    async def all_are_over() -> bool:
        left = [await count(database, Choice(one)) for one in (State.RUNNING, State.READY)]
        return not any(left)

    working = asyncio.create_task(worker.run())

    found = await own.cancel(*ids)
    async with asyncio.timeout(20):
        await until(all_are_over)
    worker.stop()
    await working

    async with database.engine.connect() as connection:
        rows = await connection.execute(select(table.c.state, func.count()).group_by(table.c.state))
        states = {State(name): number for name, number in rows}
    assert sum(states.values()) == 60
    assert set(states) <= {State.DONE, State.CANCELLED}
    assert states.get(State.CANCELLED, 0) >= len(found.cancelled)


async def test_a_worker_until_empty_does_what_is_due_and_leaves_what_is_paused(
    database: Database,
) -> None:
    app = App()
    jobs = app.use(Jobs(database, in_server=False))
    jobs.add(clean, send)
    due = await put(database, lambda: clean.using(delay=3600).enqueue())
    later = await put(database, lambda: clean.using(delay=3600).enqueue())
    left = await put(database, lambda: send.enqueue("ann"))
    await make(database, due, due=database_now() - 1000)
    await jobs.pause("mail")

    async with asyncio.timeout(20):
        await jobs.worker(app, poll=0.05).run(until_empty=True)

    found = [await state(database, id) for id in (due, later, left)]
    assert found == [State.DONE, State.LATER, State.READY]
