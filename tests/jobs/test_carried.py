"""Jobs that an engine carries: the same promises, by NATS, RabbitMQ and Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.jobs.brokers import own_server, site_of
from tests.jobs.models import Bill
from tests.jobs.site import Site, running, site_on, until
from trivet.jobs import JobFailed, Run, State, chain
from trivet.jobs.control import resend
from trivet.jobs.engines.engine import EngineAway
from trivet.jobs.engines.nats import NatsEngine
from trivet.jobs.moments import NEVER
from trivet.testing import async_client


@pytest.fixture(params=["nats", "rabbitmq", "redis"])
async def engine(
    request: pytest.FixtureRequest, missing: Callable[[str], NoReturn]
) -> AsyncIterator[Any]:
    async with site_of(request.param, missing) as broker:
        broker.queues = {"default"}
        yield broker.made(patience=2.0)


@pytest.fixture
async def carried(engine: Any, worker_id: str) -> AsyncIterator[Site]:
    async with site_on("postgresql", worker_id, engine=engine) as site:
        yield site


async def test_jobs_come_by_the_engine_and_are_done(carried: Site) -> None:
    @carried.jobs.job
    async def bill(number: int) -> int:
        await Bill(number=number).save()
        return number * 2

    async with carried.db.transaction():
        queued = [await bill.enqueue(number) for number in range(20)]
    async with running(carried.worker()):
        assert [await one.result(10) for one in queued] == [number * 2 for number in range(20)]

    assert await carried.states() == {State.DONE: 20}
    async with carried.db.transaction():
        assert len(await Bill.where().values_list(Bill.number)) == 20


async def test_what_fails_is_tried_again_by_the_table(carried: Site) -> None:
    attempts: list[int] = []

    @carried.jobs.job(max_attempts=3, backoff=0)
    async def fail(run: Run) -> None:
        attempts.append(run.attempt)
        raise ValueError("no")

    async with carried.db.transaction():
        queued = await fail.enqueue()
    async with running(carried.worker()):
        with pytest.raises(JobFailed, match="ValueError: no"):
            await queued.result(20)

    assert attempts == [1, 2, 3]


async def test_a_chain_goes_through_the_engine(carried: Site) -> None:
    @carried.jobs.job
    async def one() -> int:
        return 1

    @carried.jobs.job
    async def more(run: Run) -> int:
        return 1 + (await run.results(int))[0]

    async with carried.db.transaction():
        queued = await chain(one.step(), more.step(), more.step())
    async with running(carried.worker()):
        assert await queued.result(20) == 3


async def test_a_long_job_is_renewed(carried: Site) -> None:
    runs: list[int] = []

    @carried.jobs.job
    async def wait(run: Run) -> None:
        runs.append(run.attempt)
        await asyncio.sleep(5)

    async with carried.db.transaction():
        queued = await wait.enqueue()
    async with running(carried.worker()):
        await queued.result(20)

    assert runs == [1]


async def test_a_job_that_nobody_knows_here_is_handed_back(carried: Site) -> None:
    @carried.jobs.job
    async def new() -> None: ...

    async with carried.db.transaction():
        queued = await new.enqueue()
    del carried.jobs.known[new.name]

    async def is_later() -> bool:
        return (await queued.status()).state is State.LATER

    async with running(carried.worker(queues=("default",))):
        await until(is_later)
        carried.jobs.add(new)
        await carried.due_now()
        await queued.result(20)


async def test_one_that_was_cancelled_on_its_way_is_not_run(carried: Site) -> None:
    ran: list[str] = []

    @carried.jobs.job
    async def note(text: str) -> None:
        ran.append(text)

    async with carried.db.transaction():
        first = await note.enqueue("first")
        second = await note.enqueue("second")
    worker = carried.worker()
    assert worker._relay is not None
    await worker._relay.step()
    await carried.change(first.id, state=State.CANCELLED, token=None)
    async with running(worker):
        await second.result(20)

    assert ran == ["second"]


async def test_what_the_engine_has_lost_is_sent_anew_when_somebody_says_so(
    carried: Site,
) -> None:
    @carried.jobs.job
    async def nothing() -> None: ...

    async with carried.db.transaction():
        queued = await nothing.enqueue()
    # As if it had been sent, and the engine had lost it.
    await carried.change(queued.id, state=State.SENT, attempt=1, token=1, started=1, due=NEVER)
    assert await resend(carried.db, older_than=3600) == 1
    async with running(carried.worker()):
        await queued.result(20)

    assert (await queued.status()).attempt == 1


async def test_while_the_engine_is_away_jobs_wait_in_the_table(worker_id: str) -> None:
    away = NatsEngine("nats://127.0.0.1:1", prefix="trivet-nowhere")
    async with site_on("postgresql", worker_id, engine=away) as site:

        @site.jobs.job
        async def nothing() -> None: ...

        async with site.db.transaction():
            await nothing.enqueue()
        worker = site.worker()
        assert worker._relay is not None
        with pytest.raises(EngineAway):
            await worker._relay.step()

        assert await site.states() == {State.READY: 1}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["nats", "redis"])
async def test_requests_do_not_notice_that_the_engine_is_away(
    kind: str, worker_id: str, tmp_path: Path, missing: Callable[[str], NoReturn]
) -> None:
    server = own_server(kind, tmp_path, missing)
    server.start()
    try:
        async with (
            site_of(kind, missing, server.url) as broker,
            site_on("postgresql", worker_id, engine=broker.made(patience=2.0)) as site,
        ):

            @site.jobs.job
            async def bill(number: int) -> None:
                await Bill(number=number).save()

            @site.app.post("/bills/{number}", status_code=202)
            async def order(number: int) -> None:
                await bill.enqueue(number)

            async def ordered(client: Any, numbers: range) -> set[int]:
                answers = [await client.post(f"/bills/{number}") for number in numbers]
                return {answer.status_code for answer in answers}

            async def are_done() -> bool:
                return await site.states() == {State.DONE: 150}

            async with async_client(site.app) as client, running(site.worker()):
                assert await ordered(client, range(50)) == {202}
                server.kill()
                assert await ordered(client, range(50, 100)) == {202}
                await asyncio.sleep(2)  # so that the relay has found out
                assert await ordered(client, range(100, 150)) == {202}
                await asyncio.to_thread(server.start)
                await until(are_done)

            async with site.db.transaction():
                assert sorted(await Bill.where().values_list(Bill.number)) == list(range(150))
    finally:
        server.kill()
