"""Schedules as they are declared, and their rules of ticks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivet import App
from trivet.db import BareModel, Database
from trivet.errors import SetupError
from trivet.jobs import Cron, Every, Jobs, job
from trivet.jobs.schedules import last_tick

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


@pytest.fixture
def jobs() -> Jobs:
    class Apart(BareModel, apart=True):
        """Where the tables are registered."""

    return Jobs(Database("sqlite://", models=Apart))


@job
def clean(days: int = 30) -> None:
    """Clean up."""


@job
def report(kind: str) -> None:
    """Report."""


def test_a_schedule_is_data(jobs: Jobs) -> None:
    made = jobs.cron("0 3 * * *", report.step("weekly"), zone="Europe/Berlin", missed="all")

    assert made.name == report.name
    assert made.ticks == Cron("0 3 * * *", "Europe/Berlin")
    assert made.missed == "all"
    assert made.entry.text == '{"kind":"weekly"}'
    assert list(jobs.schedules.values()) == [made]


def test_a_job_that_a_schedule_puts_in_is_known(jobs: Jobs) -> None:
    jobs.every(timedelta(minutes=1), clean)

    assert jobs.known == {clean.name: clean}


def test_a_call_of_a_job_that_nobody_knows_is_refused_before_it_waits_for_ever(jobs: Jobs) -> None:
    jobs.every(60, clean.step(days=7))

    with pytest.raises(SetupError) as caught:
        jobs.worker(App())

    assert caught.value.code == "jobs.schedule-unknown"


def test_two_schedules_with_one_name_are_refused(jobs: Jobs) -> None:
    jobs.every(60, clean)
    jobs.every(60, clean, name="another")

    with pytest.raises(SetupError) as caught:
        jobs.cron("0 3 * * *", clean)

    assert caught.value.code == "jobs.same-schedule"


@pytest.mark.parametrize(
    ("declare", "found"),
    [
        (lambda jobs: jobs.every(0, clean), "every 0 seconds"),
        (lambda jobs: jobs.every(-5, clean), "every -5 seconds"),
        (lambda jobs: jobs.every(float("nan"), clean), "every nan seconds"),
        (lambda jobs: jobs.every(60, print), "is not a job"),
        (lambda jobs: jobs.every(60, report), "without arguments"),
        (lambda jobs: jobs.every(60, clean, name=""), "is called ''"),
        (lambda jobs: jobs.every(60, clean, name="x" * 191), "1 to 190 characters"),
        (lambda jobs: jobs.every(60, clean, missed="never"), "missed='never'"),
        (lambda jobs: jobs.cron("0 25 * * *", clean), "bad hour"),
        (lambda jobs: jobs.cron("0 3 * * *", clean, zone="Mars/Base"), "no time zone"),
        (
            lambda jobs: jobs.schedule(
                clean.using(at=datetime(2030, 1, 1, tzinfo=UTC)).step(), Every(60)
            ),
            "at the same moment",
        ),
    ],
)
def test_what_cannot_be_is_refused_where_it_is_declared(
    jobs: Jobs, declare: Any, found: str
) -> None:
    with pytest.raises(SetupError) as caught:
        declare(jobs)

    assert caught.value.code == "jobs.schedule"
    assert found in caught.value.what
    assert caught.value.mend
    assert caught.value.where is not None
    assert caught.value.where.startswith(f"{__file__}:")


def test_an_interval_is_counted_from_a_fixed_point() -> None:
    hour = Every(3600, offset=300)

    assert hour.after(datetime(2026, 7, 1, 9, 2, tzinfo=UTC)) == datetime(
        2026, 7, 1, 9, 5, tzinfo=UTC
    )
    assert hour.after(datetime(2026, 7, 1, 9, 5, tzinfo=UTC)) == datetime(
        2026, 7, 1, 10, 5, tzinfo=UTC
    )


@given(
    seconds=st.floats(1, 1e7),
    offset=st.floats(-1e6, 1e6),
    moment=MOMENTS,
)
def test_ticks_of_an_interval_are_whole_milliseconds_and_one_interval_apart(
    seconds: float, offset: float, moment: datetime
) -> None:
    every = Every(seconds, offset)

    first = every.after(moment)
    second = every.after(first)

    assert moment < first <= moment + timedelta(milliseconds=round(seconds * 1000))
    assert second - first == timedelta(milliseconds=round(seconds * 1000))
    assert first.microsecond % 1000 == 0


RULES = st.one_of(
    st.builds(Every, st.floats(1, 1e5)),
    st.sampled_from([
        Cron("*/7 * * * *", "Europe/Berlin"), Cron("0 3 * * *", "Europe/Berlin"),
        Cron("* 3 1 * *"), Cron("0 0 1 1 *", "Australia/Lord_Howe"),
    ]),
)  # fmt: skip


@given(rule=RULES, start=MOMENTS, seconds=st.floats(0, 4e5))
def test_the_last_tick_is_the_one_that_walking_finds(
    rule: Every | Cron, start: datetime, seconds: float
) -> None:
    now = start + timedelta(seconds=seconds)
    walked = None
    tick = rule.after(start)
    for _ in range(2000):
        if tick is None or tick > now:
            break
        walked, tick = tick, rule.after(tick)
    else:
        return  # too many to walk

    assert last_tick(rule, start, now) == walked


def test_the_last_of_a_year_of_seconds_is_found_at_once() -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC)
    asked = 0

    class Counting(Every):
        def after(self, moment: datetime) -> datetime:
            nonlocal asked
            asked += 1
            return super().after(moment)

    assert last_tick(Counting(1), start, start + timedelta(days=365)) == start + timedelta(days=365)
    assert asked < 50
