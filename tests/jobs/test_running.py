"""Running jobs: what they are given, how they end, and who may say so."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

import pytest
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from tests.jobs.models import Bill
from tests.jobs.site import Site, running, until
from trivet import Depends
from trivet.db import session
from trivet.errors import SetupError
from trivet.jobs import (
    Backoff,
    JobCancelled,
    JobFailed,
    JobUnknown,
    Retry,
    Run,
    State,
    Stop,
    chain,
    group,
)
from trivet.jobs.held import Held
from trivet.jobs.table.source import TableSource

EVENTS: list[str] = []
SESSION: Any = Depends(session)


async def connection() -> AsyncIterator[str]:
    EVENTS.append("open")
    yield "a connection"
    EVENTS.append("close")


class Parcel(BaseModel):
    weight: float
    sent: datetime


async def test_a_job_gets_its_arguments_as_they_were_given(site: Site) -> None:
    given: list[Any] = []

    @site.jobs.job
    async def pack(parcel: Parcel, names: list[str], times: int = 3) -> None:
        given.extend([parcel, names, times])

    parcel = Parcel(weight=2.5, sent=datetime(2030, 1, 1, tzinfo=UTC))
    async with site.db.transaction():
        await pack.enqueue(parcel, names=["a", "ß"])
    await site.work()

    assert given == [parcel, ["a", "ß"], 3]


async def test_its_result_can_be_asked_for(site: Site) -> None:
    @site.jobs.job
    async def send(weight: float) -> Parcel:
        return Parcel(weight=weight, sent=datetime(2030, 1, 1, tzinfo=UTC))

    async with site.db.transaction():
        queued = await send.enqueue(2.0)
    with pytest.raises(TimeoutError):
        await queued.result(timeout=0.05)
    await site.work()

    assert (await queued.result(20)).weight == 2.0
    assert (await queued.status()).state is State.DONE


async def test_a_plain_function_runs_on_a_thread(site: Site) -> None:
    @site.jobs.job
    def where() -> str:
        return threading.current_thread().name

    async with site.db.transaction():
        queued = await where.enqueue()
    await site.work()

    assert await queued.result(20) != threading.current_thread().name


async def test_dependencies_are_resolved_and_closed(site: Site) -> None:
    events = EVENTS
    events.clear()

    async def replaced() -> str:
        raise AssertionError("it is overridden")

    site.app.dependency_overrides[replaced] = lambda: "another"

    @site.jobs.job
    async def use(
        number: int,
        db: Annotated[str, Depends(connection)],
        other: str = Depends(replaced),
    ) -> None:
        events.append(f"{number} {db} {other}")

    async with site.db.transaction():
        await use.enqueue(7)  # type: ignore[call-arg]  # as is written in the documentation
    await site.work()

    assert events == ["open", "7 a connection another", "close"]


async def test_what_reads_a_request_cannot_be_a_dependency_of_a_job(site: Site) -> None:
    async def paging(limit: int = 10) -> int:
        return limit

    @site.jobs.job(max_attempts=1)
    async def page(limit: int = Depends(paging)) -> None: ...

    async with site.db.transaction():
        queued = await page.enqueue()
    await site.work()

    with pytest.raises(JobFailed, match="reads 'limit' from a request"):
        await queued.result(20)


async def test_what_a_job_writes_is_committed_with_its_end(site: Site) -> None:
    @site.jobs.job
    async def bill(number: int, db: AsyncSession = SESSION) -> None:
        await Bill(number=number).save()
        db.add(Bill(number=number + 1))

    async with site.db.transaction():
        await bill.enqueue(1)
    await site.work()

    async with site.db.transaction():
        assert sorted(await Bill.where().values_list(Bill.number)) == [1, 2]
    assert await site.states() == {State.DONE: 1}


async def test_what_a_job_writes_that_fails_is_rolled_back(site: Site) -> None:
    @site.jobs.job(max_attempts=2, backoff=1000)
    async def bill(run: Run) -> None:
        await Bill(number=run.attempt).save()
        if run.attempt == 1:
            raise ValueError("not yet")

    async with site.db.transaction():
        queued = await bill.enqueue()
    await site.work()
    assert (await queued.status()).state is State.LATER
    assert "ValueError: not yet" in str((await queued.status()).error)
    await site.due_now()
    await site.work()

    async with site.db.transaction():
        assert await Bill.where().values_list(Bill.number) == [2]


async def test_who_lost_a_job_writes_nothing(site: Site) -> None:
    @site.jobs.job
    async def bill(run: Run) -> str:
        await site_change(run.id)
        await Bill(number=run.attempt).save()
        return "mine"

    async def site_change(id: int) -> None:
        # As after a lapsed lease: another worker has claimed it.
        jobs = site.jobs.board.jobs
        async with site.db.engine.connect() as connection:
            connection = await connection.execution_options(trivet_writes=True)
            await connection.execute(jobs.update().where(jobs.c.id == id).values(token=1))
            await connection.commit()

    async with site.db.transaction():
        queued = await bill.enqueue()
    await site.work()

    row = await site.row(queued.id)
    assert (row.state, row.token, row.result) == (State.RUNNING, 1, None)
    async with site.db.transaction():
        assert await Bill.where().values_list(Bill.number) == []


async def test_a_job_that_fails_is_tried_again_and_dead_in_the_end(site: Site) -> None:
    attempts: list[int] = []

    @site.jobs.job(max_attempts=3, backoff=lambda attempt: 0.0)
    async def fail(run: Run) -> None:
        attempts.append(run.attempt)
        raise ValueError(f"attempt {run.attempt}")

    async with site.db.transaction():
        queued = await fail.enqueue()
    for _ in range(4):
        await site.work()
        await site.due_now()

    assert attempts == [1, 2, 3]
    with pytest.raises(JobFailed, match="attempt 3"):
        await queued.result(20)
    assert (await queued.status()).state is State.DEAD


async def test_a_job_may_say_when_it_is_tried_again_or_that_it_is_not(site: Site) -> None:
    @site.jobs.job
    async def later() -> None:
        raise Retry("the other side is closed", after=1000)

    @site.jobs.job
    async def never() -> None:
        raise Stop("no such customer")

    async with site.db.transaction():
        first, second = await later.enqueue(), await never.enqueue()
    await site.work()

    row = await site.row(first.id)
    assert row.state == State.LATER
    assert 990_000 < row.due - row.started < 1_010_000
    assert (await second.status()).state is State.DEAD


async def test_a_job_that_takes_too_long_has_failed(site: Site) -> None:
    @site.jobs.job(timeout=0.05, max_attempts=1)
    async def hang() -> None:
        await asyncio.sleep(60)

    async with site.db.transaction():
        queued = await hang.enqueue()
    await site.work()

    with pytest.raises(JobFailed, match="TimeoutError"):
        await queued.result(20)


async def test_a_job_that_nobody_knows_here_is_handed_back(site: Site) -> None:
    @site.jobs.job
    async def new() -> None: ...

    async with site.db.transaction():
        queued = await new.enqueue()
    del site.jobs.known[new.name]
    await site.work(queues=("default",))

    status = await queued.status()
    assert (status.state, status.attempt) == (State.LATER, 0)
    site.jobs.add(new)
    await site.due_now()
    await site.work()
    assert (await queued.status()).state is State.DONE


async def test_arguments_of_another_version_are_a_failed_attempt(site: Site) -> None:
    @site.jobs.job(max_attempts=1)
    async def send(to: str) -> None: ...

    async with site.db.transaction():
        queued = await send.enqueue("a")
    await site.change(queued.id, arguments='{"to": "a", "colour": "red"}')
    await site.work()

    with pytest.raises(JobFailed, match="colour"):
        await queued.result(20)


async def test_one_that_is_not_kept_is_gone_when_it_is_done(site: Site) -> None:
    @site.jobs.job(keep=0)
    async def nothing() -> None: ...

    async with site.db.transaction():
        queued = await nothing.enqueue()
    await site.work()

    with pytest.raises(JobUnknown):
        await queued.result()


async def test_a_chain_runs_one_after_the_other(site: Site) -> None:
    ran: list[str] = []

    @site.jobs.job
    async def fetch(page: int) -> int:
        ran.append("fetch")
        return page * 10

    @site.jobs.job
    async def double(run: Run) -> int:
        ran.append("double")
        (value,) = await run.results(int)
        return value * 2

    async with site.db.transaction():
        queued = await chain(fetch.step(7), double.step(), double.step())
    await site.work(concurrency=1)

    assert await queued.result(20) == 280
    assert ran == ["fetch", "double", "double"]


async def test_a_worker_is_not_through_while_a_job_ends_that_another_waits_for(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was claimed while somebody waited to look, and had ended before they had looked."""
    source = site.worker()._source
    assert isinstance(source, TableSource)
    hands = source._hands
    looked: list[bool] = []

    async def look(*_: Any) -> bool:
        looked.append(hands.is_empty)
        hands._waiting.clear()  # it ends, and the next one is ready: after what was looked at
        return False

    monkeypatch.setattr("trivet.jobs.table.source.is_anything_left", look)
    await source._claiming.acquire()
    asked = asyncio.create_task(source.is_empty())
    await asyncio.sleep(0)
    hands._waiting.append(Held(1, "double", "default", "{}", 1, 1, 0, 0, None, False, 7))
    source._claiming.release()

    assert await asked is False
    assert looked == []

    hands._waiting.clear()
    assert await source.is_empty()
    assert looked == [True]


async def test_a_group_is_over_when_all_of_it_is_done(site: Site) -> None:
    @site.jobs.job
    async def score(x: int) -> int:
        if x == 2:
            await Bill(number=x).save()  # so that it ends within its own transaction
        return x * x

    @site.jobs.job
    async def total(run: Run) -> int:
        return sum(await run.results(int))

    async with site.db.transaction():
        queued = await group([score.step(x) for x in range(5)], then=total.step())
        nothing = await group([], then=total.step())
    assert (await queued.status()).state is State.BLOCKED
    await site.work()

    assert await queued.result(20) == 30
    assert await nothing.result(20) == 0


async def test_a_group_waits_for_one_that_is_dead(site: Site) -> None:
    @site.jobs.job(max_attempts=1)
    async def score(x: int) -> int:
        return 1 // x

    @site.jobs.job
    async def total(run: Run) -> int:
        return sum(await run.results(int))

    async with site.db.transaction():
        queued = await group([score.step(0), score.step(1)], then=total.step())
    await site.work()

    assert await site.states() == {State.DEAD: 1, State.DONE: 1, State.BLOCKED: 1}
    assert (await queued.status()).state is State.BLOCKED


async def test_a_unique_job_is_no_part_of_a_group(site: Site) -> None:
    @site.jobs.job(unique=True)
    async def score(x: int) -> int:
        return x

    with pytest.raises(SetupError, match="two chains or groups") as raised:
        await chain(score.step(1))
    assert raised.value.code == "jobs.group"


async def test_a_job_whose_worker_died_is_run_by_another(site: Site) -> None:
    attempts: list[int] = []

    @site.jobs.job(max_attempts=3)
    async def send(run: Run) -> None:
        attempts.append(run.attempt)

    async with site.db.transaction():
        queued = await send.enqueue()
    await site.change(queued.id, state=State.RUNNING, attempt=1, token=5, worker="gone", due=1)
    async with running(site.worker(lease=0.1)):
        await queued.result(10)

    assert attempts == [2]


async def test_one_that_kills_its_workers_is_dead_in_the_end(site: Site) -> None:
    @site.jobs.job(max_attempts=2)
    async def send() -> None: ...

    async with site.db.transaction():
        queued = await send.enqueue()
    await site.change(queued.id, state=State.RUNNING, attempt=2, token=5, worker="gone", due=1)
    async with running(site.worker(lease=0.1)):
        with pytest.raises(JobFailed, match="the worker that ran it died"):
            await queued.result(10)


async def test_long_jobs_keep_their_lease(site: Site) -> None:
    runs: list[str] = []

    @site.jobs.job
    async def wait() -> None:
        runs.append("async")
        await asyncio.sleep(4)

    @site.jobs.job
    def block() -> None:
        runs.append("sync")
        time.sleep(4)

    async with site.db.transaction():
        first, second = await wait.enqueue(), await block.enqueue()
    workers = [site.worker(lease=1.5) for _ in range(2)]
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    await first.result(10)
    await second.result(10)
    for worker in workers:
        worker.stop()
    await asyncio.gather(*tasks)

    assert sorted(runs) == ["async", "sync"]
    assert (await first.status()).attempt == (await second.status()).attempt == 1


async def test_a_running_job_is_cancelled_when_somebody_asks(site: Site) -> None:
    begun = asyncio.Event()

    @site.jobs.job
    async def wait() -> None:
        begun.set()
        await asyncio.sleep(60)

    async with site.db.transaction():
        queued = await wait.enqueue()
    async with running(site.worker(lease=0.1)):
        await begun.wait()
        await site.change(queued.id, wants_cancel=True)
        with pytest.raises(JobCancelled):
            await queued.result(10)


async def test_progress_is_told_while_a_job_runs(site: Site) -> None:
    end = asyncio.Event()

    @site.jobs.job
    async def render(run: Run) -> None:
        run.progress(0.25, "first quarter")
        await end.wait()

    async with site.db.transaction():
        queued = await render.enqueue()

    async def is_told() -> bool:
        return (await queued.status()).progress is not None

    async with running(site.worker(lease=0.1)):
        await until(is_told)
        end.set()

    status = await queued.status()
    assert (status.progress, status.note) == (0.25, "first quarter")


async def test_a_worker_that_is_stopped_waits_for_what_runs_and_hands_back_the_rest(
    site: Site,
) -> None:
    begun = asyncio.Event()
    end = asyncio.Event()

    @site.jobs.job
    async def quick() -> str:
        begun.set()
        await end.wait()
        return "ended"

    @site.jobs.job(queue="slow")
    async def slow() -> None:
        await asyncio.sleep(60)

    async with site.db.transaction():
        first, second = await quick.enqueue(), await slow.enqueue()

    async def is_running() -> bool:
        return (await second.status()).state is State.RUNNING

    worker = site.worker(grace=0.2)
    task = asyncio.create_task(worker.run())
    await begun.wait()
    await until(is_running)
    worker.stop()
    end.set()
    await task

    assert await first.result(20) == "ended"
    status = await second.status()
    assert (status.state, status.attempt) == (State.READY, 0)


async def test_jobs_that_are_over_are_forgotten_after_their_time(site: Site) -> None:
    @site.jobs.job(keep=1000)
    async def nothing() -> None: ...

    async with site.db.transaction():
        kept, old = await nothing.enqueue(), await nothing.enqueue()
        dead = await nothing.enqueue()
    await site.work()
    await site.change(old.id, due=1)
    await site.change(dead.id, state=State.DEAD, finished=1)

    async def is_gone() -> bool:
        return State.DEAD not in await site.states()

    async with running(site.worker()):
        await until(is_gone)

    assert await site.states() == {State.DONE: 1}
    assert (await kept.status()).state is State.DONE


def test_pauses_grow_and_have_an_end() -> None:
    backoff = Backoff(first=1, factor=2, most=100, spread=0)

    assert [backoff.pause(attempt) for attempt in (1, 2, 3, 8, 500)] == [1, 2, 4, 100, 100]


async def test_what_others_still_wait_for_is_not_forgotten(site: Site) -> None:
    @site.jobs.job(keep=0)
    async def fetch(page: int) -> int:
        return page

    @site.jobs.job
    async def total(run: Run) -> int:
        return sum(await run.results(int))

    async with site.db.transaction():
        queued = await group([fetch.step(1), fetch.using(delay=1000).step(2)], then=total.step())
    await site.work()
    async with running(site.worker(leads=1.0)):
        await asyncio.sleep(0.3)

    assert await site.states() == {State.DONE: 1, State.LATER: 1, State.BLOCKED: 1}
    await site.due_now()
    await site.work()
    assert await queued.result(20) == 3


async def test_who_waits_for_a_dead_one_is_cancelled_when_that_is_forgotten(site: Site) -> None:
    @site.jobs.job(max_attempts=1)
    async def fail() -> None:
        raise ValueError

    @site.jobs.job
    async def after() -> None: ...

    async with site.db.transaction():
        queued = await chain(fail.step(), after.step())
    await site.work()

    async def is_forgotten() -> bool:
        return State.DEAD not in await site.states()

    async with running(site.worker(keep_dead=0.0)):
        await until(is_forgotten)

    with pytest.raises(JobCancelled):
        await queued.result(20)


async def test_one_that_lapsed_and_comes_back_to_its_worker_goes_on(site: Site) -> None:
    begun = asyncio.Event()
    end = asyncio.Event()
    runs: list[int] = []

    @site.jobs.job
    async def wait(run: Run) -> str:
        runs.append(run.attempt)
        begun.set()
        await end.wait()
        return "ended"

    async with site.db.transaction():
        queued = await wait.enqueue()
    worker = site.worker(lease=60.0)
    async with running(worker):
        await begun.wait()
        # As after a time in which the worker could not renew its lease.
        await site.change(queued.id, state=State.SUSPECT, token=None, worker=None, lapses=1)
        worker.wake()

        async def is_claimed() -> bool:
            return (await site.row(queued.id)).attempt == 2

        await until(is_claimed)
        end.set()
        assert await queued.result(10) == "ended"

    assert runs == [1]
