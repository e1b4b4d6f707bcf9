"""The moments at which cron expressions tick, where clocks are put forward and back as well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from trivet.errors import SetupError
from trivet.jobs import Cron

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
LORD_HOWE, KATHMANDU = "Australia/Lord_Howe", "Asia/Kathmandu"
ZONES = (BERLIN, NEW_YORK, LORD_HOWE, KATHMANDU, "UTC")
MINUTE = timedelta(minutes=1)
# Local midnights before a change of the clocks, and before days without one.
DAYS = (
    (BERLIN, 2026, 3, 29),
    (BERLIN, 2026, 10, 25),
    (NEW_YORK, 2026, 3, 8),
    (NEW_YORK, 2026, 11, 1),
    (LORD_HOWE, 2026, 4, 5),
    (LORD_HOWE, 2026, 10, 4),
    (KATHMANDU, 2026, 7, 1),
    ("UTC", 2026, 2, 28),
)


def ticks(cron: Cron, start: datetime, end: datetime) -> list[datetime]:
    """Give all ticks later than `start`, up to `end`."""
    found: list[datetime] = []
    tick = cron.after(start)
    while tick is not None and tick <= end:
        found.append(tick)
        tick = cron.after(tick)
    return found


def local(expression: str, zone: str, *day: int) -> list[str]:
    """Give the ticks of a day with their local times and offsets."""
    start = datetime(*day, tzinfo=ZoneInfo(zone))  # type: ignore[arg-type, misc]
    found = ticks(Cron(expression, zone), start.astimezone(UTC) - MINUTE, start + timedelta(days=1))
    return [f"{one.astimezone(ZoneInfo(zone)):%H:%M%z}" for one in found]


def test_an_expression_means_the_time_of_its_zone() -> None:
    cron = Cron("45 5 * * *", KATHMANDU)

    assert cron.after(datetime(2026, 7, 1, tzinfo=UTC)) == datetime(2026, 7, 2, tzinfo=UTC)


def test_an_expression_with_seconds_has_six_fields() -> None:
    start = datetime(2026, 7, 1, tzinfo=UTC)

    assert Cron("*/20 * * * * *").after(start) == start + timedelta(seconds=20)


def test_expressions_with_names_are_known() -> None:
    start = datetime(2026, 7, 1, 5, tzinfo=UTC)

    assert Cron("@daily").after(start) == datetime(2026, 7, 2, tzinfo=UTC)
    assert Cron("0 0 * * SUN").after(start) == Cron("@weekly").after(start)


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        (BERLIN, (2026, 3, 29), ["03:00+0200"]),
        (NEW_YORK, (2026, 3, 8), ["03:00-0400"]),
        (LORD_HOWE, (2026, 10, 4), ["02:30+1100"]),
    ],
)
def test_a_time_that_is_left_out_ticks_when_the_clocks_have_been_put_forward(
    zone: str, day: tuple[int, ...], expected: list[str]
) -> None:
    assert local("15 2 * * *", zone, *day) == expected


def test_several_times_that_are_left_out_tick_once_together() -> None:
    """What is meant for the moment behind the gap is one with them."""
    assert local("0,30 2,3 * * *", BERLIN, 2026, 3, 29) == ["03:00+0200", "03:30+0200"]


@pytest.mark.parametrize(
    ("zone", "day", "expression", "expected"),
    [
        (BERLIN, (2026, 10, 25), "30 2 * * *", ["02:30+0200"]),
        (NEW_YORK, (2026, 11, 1), "30 1 * * *", ["01:30-0400"]),
        (LORD_HOWE, (2026, 4, 5), "45 1 * * *", ["01:45+1100"]),
    ],
)
def test_a_time_that_comes_twice_ticks_the_first_time(
    zone: str, day: tuple[int, ...], expression: str, expected: list[str]
) -> None:
    assert local(expression, zone, *day) == expected


def test_no_tick_comes_back_in_the_second_pass_of_an_hour() -> None:
    cron = Cron("30 2 * * *", BERLIN)
    within = datetime(2026, 10, 25, 2, 15, fold=1, tzinfo=ZoneInfo(BERLIN))

    assert cron.after(within) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "expression", "expected"),
    [
        (BERLIN, (2026, 3, 29), "*/30 2 * * *", []),
        (BERLIN, (2026, 10, 25), "*/30 2 * * *",
         ["02:00+0200", "02:30+0200", "02:00+0100", "02:30+0100"]),
        (LORD_HOWE, (2026, 10, 4), "*/15 2 * * *", ["02:30+1100", "02:45+1100"]),
        (LORD_HOWE, (2026, 10, 4), "*/30 3 * * *", ["03:00+1100", "03:30+1100"]),
        (LORD_HOWE, (2026, 4, 5), "*/15 1 * * *",
         ["01:00+1100", "01:15+1100", "01:30+1100", "01:45+1100", "01:30+1030", "01:45+1030"]),
    ],
)  # fmt: skip
def test_with_a_star_each_moment_ticks_whose_local_time_matches(
    zone: str, day: tuple[int, ...], expression: str, expected: list[str]
) -> None:
    assert local(expression, zone, *day) == expected


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, LORD_HOWE])
def test_each_hour_ticks_on_days_of_23_and_of_25_hours(zone: str) -> None:
    """Both midnights are counted. Of half an hour, the end that is a full hour counts or not."""
    hours = {len(local("0 * * * *", *day)) for day in DAYS if day[0] == zone}  # type: ignore[misc]

    assert hours == ({24, 25} if zone == LORD_HOWE else {24, 26})


FIELDS = st.tuples(
    st.sampled_from(["*", "*/7", "0", "30", "15,45", "5-20/5", "*/30"]),
    st.sampled_from(["*", "*/2", "0", "1", "2", "1,2,3", "2-5", "23", "*/5"]),
    st.sampled_from(["*", "*/2", "L"]),
).map(" ".join)


def matches(read: CronSim, time: datetime) -> bool:
    """Tell whether a local time matches."""
    return time.minute in read.minutes and time.hour in read.hours and read.match_day(time.date())


@settings(max_examples=200, deadline=None)
@given(fields=FIELDS, day=st.sampled_from(DAYS))
def test_ticks_are_all_that_the_rule_says_and_no_others(
    fields: str, day: tuple[str, int, int, int]
) -> None:
    """Compared with a walk over each minute of a day and a half."""
    zone, *date = day
    expression = f"{fields} * *"
    start = datetime(*date, tzinfo=ZoneInfo(zone)).astimezone(UTC) - MINUTE  # type: ignore[arg-type, misc]
    minutes = [start + MINUTE * n for n in range(1, 36 * 60)]
    read = CronSim(expression, datetime(2026, 1, 1))
    is_starred = any(field.startswith("*") for field in expression.split()[:2])
    if is_starred:
        expected = [one for one in minutes if matches(read, one.astimezone(ZoneInfo(zone)))]
    else:
        expected, seen = [], set()
        for minute in minutes:
            time = minute.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
            before = (minute - MINUTE).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
            passed = []  # the local times that are due now: this one, and those just left out
            while before < time:
                before += MINUTE
                passed.append(before.replace(fold=0))
            due = {one for one in passed if matches(read, one)}
            if due - seen:
                expected.append(minute)
            seen |= due

    found = ticks(Cron(expression, zone), start, minutes[-1])

    assert found == expected


@settings(max_examples=80, deadline=None)
@given(
    fields=FIELDS,
    zone=st.sampled_from(ZONES),
    start=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
)
def test_ticks_grow_and_asking_between_two_gives_the_second(
    fields: str, zone: str, start: datetime
) -> None:
    cron = Cron(f"{fields} * *", zone)

    found = [start]
    for _ in range(6):
        tick = cron.after(found[-1])
        assert tick is not None
        found.append(tick)

    assert found == sorted(set(found))
    for earlier, later in pairwise(found):
        assert cron.after(earlier + (later - earlier) / 2) == later
        assert cron.after(later - timedelta(microseconds=1)) == later


@settings(max_examples=80, deadline=None)
@given(
    fields=FIELDS,
    zone=st.sampled_from([BERLIN, NEW_YORK, KATHMANDU]),
    start=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
)
def test_ticks_are_those_of_cronsim_where_an_offset_changes_by_whole_hours(
    fields: str, zone: str, start: datetime
) -> None:
    expression = f"{fields} * *"
    cron = Cron(expression, zone)
    walked = CronSim(expression, start.astimezone(ZoneInfo(zone)))

    tick = cron.after(start)
    for _ in range(5):
        expected = next(walked).astimezone(UTC)
        if expected <= start:  # cronsim begins anew within an hour that comes twice
            continue
        assert tick == expected
        assert tick is not None
        tick = cron.after(tick)


@pytest.mark.parametrize(
    ("expression", "zone", "found", "mend"),
    [
        ("0 25 * * *", "UTC", "bad hour", "30 3"),
        ("0 3 * *", "UTC", "it has 4 fields, and needs five", "30 3"),
        ("every day", "UTC", "it has 2 fields", "30 3"),
        ("0 0 31 2 *", "UTC", "bad day-of-month", "30 3"),
        ("0 3 * * *", "Europe/Berln", "'Europe/Berln'", 'zone="Europe/Berlin"'),
        ("0 3 * * *", "../etc/passwd", "'../etc/passwd'", "zone="),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    expression: str, zone: str, found: str, mend: str
) -> None:
    with pytest.raises(SetupError) as caught:
        Cron(expression, zone)

    assert caught.value.code == "jobs.schedule"
    assert found in caught.value.what
    assert mend in (caught.value.mend or "")
