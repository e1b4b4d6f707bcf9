"""Putting jobs in: what is kept, when, and what is refused."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

import pytest
from pydantic import BaseModel, Field

from tests.jobs.models import Bill
from tests.jobs.site import Site, running, until
from trivet.db import OutsideUnitError
from trivet.errors import SetupError
from trivet.jobs import BadArguments, Jobs, JobUnknown, State, Unique, job


class Connection:
    """What cannot be written down."""


class Parcel(BaseModel):
    weight: float = Field(gt=0)
    sent: datetime


@job
async def pack(parcel: Parcel, times: Annotated[int, Field(ge=1)] = 1) -> int:
    return times


async def test_a_job_is_there_once_its_transaction_is_committed(site: Site) -> None:
    site.jobs.add(pack)

    async with site.db.transaction():
        queued = await pack.enqueue(Parcel(weight=2, sent=datetime.now(UTC)))
        with pytest.raises(JobUnknown):
            await queued.status()

    status = await queued.status()
    assert (status.state, status.name, status.attempt) == (State.READY, pack.name, 0)
    assert status.created is not None
    assert abs(status.created - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_job_is_not_there_when_its_transaction_is_rolled_back(site: Site) -> None:
    async def fail() -> None:
        async with site.db.transaction():
            await Bill(number=1).save()
            await pack.enqueue(Parcel(weight=2, sent=datetime.now(UTC)))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()

    assert await site.states() == {}


async def test_a_job_goes_with_its_savepoint(site: Site) -> None:
    async def fail() -> None:
        async with site.db.transaction():
            await pack.enqueue(Parcel(weight=2, sent=datetime.now(UTC)))
            raise LookupError

    async with site.db.transaction():
        await pack.enqueue(Parcel(weight=1, sent=datetime.now(UTC)))
        with pytest.raises(LookupError):
            await fail()

    assert await site.states() == {State.READY: 1}


async def test_arguments_that_do_not_fit_are_refused_where_they_are_given(site: Site) -> None:
    async with site.db.transaction():
        with pytest.raises(BadArguments, match="greater than or equal to 1"):
            await pack.enqueue(Parcel(weight=2, sent=datetime.now(UTC)), times=0)
        with pytest.raises(TypeError, match="missing a required argument: 'parcel'"):
            await pack.enqueue()  # type: ignore[call-arg]

    assert await site.states() == {}


async def test_outside_a_unit_of_work_nothing_is_put_in(site: Site) -> None:
    with pytest.raises(OutsideUnitError):
        await pack.enqueue(Parcel(weight=2, sent=datetime.now(UTC)))


async def test_many_are_put_in_at_once(site: Site) -> None:
    @site.jobs.job
    async def count(number: int) -> None: ...

    async with site.db.transaction():
        assert await count.enqueue_many((number,) for number in range(1000)) == 1000

    assert await site.states() == {State.READY: 1000}


async def test_a_delayed_job_waits_for_its_moment(site: Site) -> None:
    ran: list[int] = []

    @site.jobs.job
    async def note(number: int) -> None:
        ran.append(number)

    async with site.db.transaction():
        late = await note.using(delay=3600).enqueue(1)
        await note.using(at=datetime.now(UTC) - timedelta(hours=1)).enqueue(2)
        await note.using(delay=0.05).enqueue(3)
        await note.enqueue(4)
    await asyncio.sleep(0.1)
    async with running(site.worker()):
        await until(lambda: len(ran) == 3)

    assert sorted(ran) == [2, 3, 4]
    status = await late.status()
    assert status.state is State.LATER
    assert status.due is not None
    assert status.created is not None
    assert timedelta(minutes=59) < status.due - status.created < timedelta(minutes=61)


async def test_a_moment_without_a_time_zone_is_refused(site: Site) -> None:
    with pytest.raises(SetupError, match="says no time zone") as raised:
        pack.using(at=datetime(2030, 1, 1))
    assert raised.value.code == "jobs.when"
    with pytest.raises(SetupError, match="both"):
        pack.using(at=datetime(2030, 1, 1, tzinfo=UTC), delay=1)


async def test_a_unique_job_is_put_in_once_while_its_like_is_there(site: Site) -> None:
    @site.jobs.job(unique=True)
    async def index(page: int) -> None: ...

    async with site.db.transaction():
        first = await index.enqueue(1)
        again = await index.enqueue(1)
        other = await index.enqueue(2)
    assert (first.id, first.is_new) == (again.id, True)
    assert not again.is_new
    assert other.id != first.id
    await site.work()
    async with site.db.transaction():
        assert (await index.enqueue(1)).is_new


async def test_two_transactions_put_a_unique_job_in_once(site: Site) -> None:
    @site.jobs.job(unique=Unique(by=lambda page, why: page))
    async def index(page: int, why: str) -> None: ...

    async def put_in(why: str) -> bool:
        async with site.db.transaction():
            return (await index.enqueue(1, why)).is_new

    assert sorted(await asyncio.gather(*[put_in(str(n)) for n in range(5)])) == [False] * 4 + [True]
    assert await site.states() == {State.READY: 1}


async def test_one_that_is_unique_until_it_begins_may_wait_while_its_like_runs(site: Site) -> None:
    begun = asyncio.Event()
    end = asyncio.Event()

    @site.jobs.job(unique=Unique(until="start"))
    async def index() -> None:
        begun.set()
        await end.wait()

    async with site.db.transaction():
        await index.enqueue()
        assert not (await index.enqueue()).is_new
    async with running(site.worker()):
        await begun.wait()
        async with site.db.transaction():
            assert (await index.enqueue()).is_new
            assert not (await index.enqueue()).is_new
        end.set()


async def test_those_of_higher_priority_come_first(site: Site) -> None:
    ran: list[int] = []

    @site.jobs.job
    async def note(number: int) -> None:
        ran.append(number)

    async with site.db.transaction():
        for priority in (0, 10, -5, 10):
            await note.using(priority=priority).enqueue(priority)
    await site.work(concurrency=1)

    assert ran == [10, 10, 0, -5]


async def test_a_database_without_jobs_says_what_to_write(site: Site) -> None:
    site.db.metadata.info.pop("trivet.jobs")
    try:
        async with site.db.transaction():
            with pytest.raises(SetupError, match="no database here keeps jobs") as raised:
                await pack.enqueue(Parcel(weight=1, sent=datetime.now(UTC)))
        assert raised.value.code == "jobs.not-installed"
    finally:
        site.db.metadata.info["trivet.jobs"] = site.jobs.board


def test_what_cannot_be_a_job_is_refused_where_it_is_declared() -> None:
    class Local: ...

    with pytest.raises(SetupError, match="nothing is known of 'Local'"):

        @job
        async def local(thing: Local) -> None: ...

    with pytest.raises(SetupError, match="has no form in JSON") as raised:

        @job
        async def send(connection: Connection) -> None: ...

    assert raised.value.code == "jobs.parameter"
    assert str(raised.value.where).startswith(__file__)
    with pytest.raises(SetupError, match=r"takes \*numbers"):

        @job
        async def add(*numbers: int) -> None: ...


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"max_attempts": 0}, "would never run"),
        ({"priority": 101}, "-100 to 100"),
        ({"timeout": 0}, "timeout=0"),
        ({"queue": ""}, "1 to 100"),
        ({"name": "x" * 201}, "200 characters"),
        ({"keep": -1}, "keep=-1"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(SetupError, match=said) as raised:
        job(**options)(pack.function)  # type: ignore[arg-type]
    assert raised.value.code == "jobs.option"


async def test_two_jobs_of_one_name_are_refused(site: Site) -> None:
    site.jobs.add(pack)

    with pytest.raises(SetupError, match="two jobs are called") as raised:

        @site.jobs.job(name=pack.name)
        async def other() -> None: ...

    assert raised.value.code == "jobs.same-name"


async def test_jobs_of_a_module_are_known_together(site: Site) -> None:
    import tests.jobs.test_enqueueing as module

    site.jobs.add(module)

    assert pack.name in site.jobs.known
    assert isinstance(site.jobs, Jobs)
