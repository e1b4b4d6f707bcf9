"""Jobs of schedules in the table: one for each tick, whoever fires, however late."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from trivet import App
from trivet.db import Database
from trivet.jobs import Every, Jobs, Missed, Run, Schedule, Unique, job
from trivet.jobs.moments import as_datetime, moment_of
from trivet.jobs.schedules import schedule_of
from trivet.jobs.table.firing import fire
from trivet.jobs.tables import board_of


@job
def tick() -> None:
    """Do nothing."""


@job(unique=Unique())
def alone() -> None:
    """Do nothing, one at a time."""


class Days:
    """Ticks at given moments."""

    text = "given"

    def __init__(self, *moments: datetime) -> None:
        self.moments = moments

    def after(self, moment: datetime) -> datetime | None:
        return min((one for one in self.moments if one > moment), default=None)


def named(schedule: Schedule) -> Mapping[str, Schedule]:
    return {schedule.name: schedule}


def every(seconds: float, missed: Missed = "once") -> Mapping[str, Schedule]:
    return named(schedule_of(tick, Every(seconds), missed, "tick"))


async def fired(database: Database, schedules: Mapping[str, Schedule]) -> int:
    return await fire(database, board_of(database), schedules)


async def ticks_in(database: Database) -> list[datetime | None]:
    """Give the ticks of all jobs, in the order in which they were put in."""
    jobs = board_of(database).jobs
    async with database.engine.connect() as connection:
        rows = await connection.execute(select(jobs.c.tick).order_by(jobs.c.id))
        return [as_datetime(found) for found in rows.scalars()]


async def mark(database: Database) -> datetime:
    marks = board_of(database).marks
    async with database.engine.connect() as connection:
        found = as_datetime((await connection.execute(select(marks.c.moment))).scalar_one())
    assert found is not None
    return found


async def put_back(database: Database, by: timedelta) -> datetime:
    """Let all schedules have ticked last that long ago; gives when."""
    moment = datetime.now(UTC) - by
    marks = board_of(database).marks
    async with database.engine.begin() as connection:
        await connection.execute(update(marks).values(moment=moment_of(moment)))
    return moment


async def test_a_new_schedule_begins_with_its_next_tick(database: Database) -> None:
    past = datetime.now(UTC) - timedelta(days=1)
    schedules = named(schedule_of(tick, Days(past), "all", "tick"))

    assert await fired(database, schedules) == 0
    assert await fired(database, schedules) == 0
    assert await ticks_in(database) == []


async def test_a_schedule_whose_rule_is_another_one_begins_anew(database: Database) -> None:
    await fired(database, every(60))
    await put_back(database, timedelta(days=1))

    assert await fired(database, every(30)) == 0
    assert datetime.now(UTC) - await mark(database) < timedelta(seconds=60)


async def test_ticks_missed_are_one_job_with_the_last_of_them(database: Database) -> None:
    await fired(database, every(3600))
    await put_back(database, timedelta(days=365))

    assert await fired(database, every(3600)) == 1

    (found,) = await ticks_in(database)
    assert found == await mark(database)
    assert timedelta(0) <= datetime.now(UTC) - found <= timedelta(hours=1, minutes=1)
    assert await fired(database, every(3600)) == 0


async def test_ticks_missed_are_left_out(database: Database) -> None:
    past = [datetime.now(UTC) - timedelta(minutes=n) for n in (9, 6, 3)]
    schedules = named(schedule_of(tick, Days(*past), "skip", "tick"))
    await fired(database, schedules)
    await put_back(database, timedelta(days=1))

    assert await fired(database, schedules) == 0
    assert await ticks_in(database) == []
    assert moment_of(await mark(database)) == moment_of(past[-1])


async def test_a_tick_that_is_not_a_minute_late_is_not_missed(database: Database) -> None:
    past = [datetime.now(UTC) - timedelta(seconds=n) for n in (90, 20)]
    schedules = named(schedule_of(tick, Days(*past), "skip", "tick"))
    await fired(database, schedules)
    await put_back(database, timedelta(days=1))

    assert await fired(database, schedules) == 1


async def test_ticks_missed_are_a_job_each_a_hundred_at_a_time(database: Database) -> None:
    schedules = every(60, "all")
    await fired(database, schedules)
    start = await put_back(database, timedelta(minutes=150))

    counts = [await fired(database, schedules) for _ in range(3)]

    assert counts[0] == 100
    assert 49 <= counts[1] <= 51
    assert counts[2] in (0, 1)
    found = await ticks_in(database)
    first = Every(60).after(start)
    assert found == [first + timedelta(minutes=n) for n in range(len(found))]


async def test_several_that_fire_at_once_fire_each_tick_once(database: Database) -> None:
    schedules = every(60, "all")
    await fired(database, schedules)
    await put_back(database, timedelta(hours=8))

    for _ in range(6):
        await asyncio.gather(*[fired(database, schedules) for _ in range(4)])

    found = await ticks_in(database)
    assert len(found) == len(set(found))
    assert 479 <= len(found) <= 481


async def test_a_clock_that_is_put_back_fires_nothing_again(database: Database) -> None:
    await fired(database, every(60, "all"))
    await put_back(database, timedelta(minutes=5))
    count = await fired(database, every(60, "all"))

    await put_back(database, -timedelta(hours=1))  # the mark is ahead of the clock

    assert count in (5, 6)
    assert await fired(database, every(60, "all")) == 0
    assert len(await ticks_in(database)) == count


async def test_who_does_not_lead_keeps_only_what_the_leader_does_not(database: Database) -> None:
    board = board_of(database)
    own = every(3600)
    assert await fire(database, board, own, behind=10) == 0  # it is new, and known from now on
    assert (await mark(database)) <= datetime.now(UTC) + timedelta(seconds=5)
    due = datetime.now(UTC) - timedelta(seconds=5)
    schedules = named(schedule_of(tick, Days(due), "once", "days"))
    await fired(database, schedules)
    await put_back(database, timedelta(hours=2))

    assert await fire(database, board, schedules, behind=60) == 0
    assert await fire(database, board, every(60), behind=60) == 0  # of another version
    assert await fire(database, board, own, behind=60) == 1
    assert await fire(database, board, schedules, behind=1) == 1


async def test_a_leader_that_stops_lets_another_one_lead_at_once(database: Database) -> None:
    app = App()
    jobs = app.use(Jobs(database, in_server=False))
    seen = asyncio.Event()

    @jobs.job
    async def hear() -> None:
        seen.set()

    jobs.every(1, hear)
    worker = jobs.worker(app, poll=0.05, leads=600.0)
    working = asyncio.create_task(worker.run())
    async with asyncio.timeout(20):
        await seen.wait()  # it leads
    worker.stop()
    await working

    marks = board_of(database).marks
    wanted = select(marks.c.moment).where(marks.c.name == "leader")
    async with database.engine.connect() as connection:
        leads_until = as_datetime((await connection.execute(wanted)).scalar_one())
    assert leads_until is not None
    assert leads_until < datetime.now(UTC) + timedelta(seconds=60)


async def test_a_schedule_that_was_removed_and_comes_back_catches_up(database: Database) -> None:
    await fired(database, every(3600))
    await put_back(database, timedelta(days=7))

    assert await fired(database, {}) == 0
    assert await fired(database, every(3600)) == 1


async def test_a_unique_job_that_still_waits_stands_for_the_next_tick_too(
    database: Database,
) -> None:
    schedules = named(schedule_of(alone, Every(60), "all", None))
    await fired(database, schedules)
    start = await put_back(database, timedelta(minutes=5))
    await fired(database, schedules)

    assert await ticks_in(database) == [Every(60).after(start)]


async def test_a_job_is_told_its_tick(database: Database) -> None:
    app = App()
    jobs = app.use(Jobs(database, in_server=False))
    told: asyncio.Queue[datetime | None] = asyncio.Queue()

    @jobs.job
    async def hear(run: Run) -> None:
        told.put_nowait(run.tick)

    schedule = jobs.every(1, hear)
    worker = jobs.worker(app, poll=0.05)
    working = asyncio.create_task(worker.run())
    async with asyncio.timeout(20):
        first, second = await told.get(), await told.get()
    async with database.transaction():
        await hear.enqueue()
    async with asyncio.timeout(20):
        while await told.get() is not None:
            pass
    worker.stop()
    await working

    assert first is not None
    assert second is not None
    assert first < second
    assert schedule.ticks.after(first - timedelta(milliseconds=1)) == first
    assert second.utcoffset() == timedelta(0)


async def test_a_transaction_that_fails_leaves_the_tick_to_the_next(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedules = every(3600)
    await fired(database, schedules)
    await put_back(database, timedelta(days=1))

    async def broken(*_: object) -> object:
        raise OSError("no more")

    monkeypatch.setattr("trivet.jobs.table.firing.store", broken)
    with pytest.raises(OSError, match="no more"):
        await fired(database, schedules)
    monkeypatch.undo()

    assert await fired(database, schedules) == 1
