"""So many a second and no more."""

from __future__ import annotations

import pytest

from trivet.observe.rate import Rate


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("trivet.observe.rate.perf_counter", found)
    return found


def taken(rate: Rate, times: int) -> int:
    return sum(rate.take() for _ in range(times))


def test_as_many_at_once_as_in_a_second(clock: Clock) -> None:
    assert taken(Rate(5), 20) == 5


def test_more_come_with_time_and_do_not_gather(clock: Clock) -> None:
    rate = Rate(4)
    taken(rate, 20)

    clock.now += 0.5
    after_half_a_second = taken(rate, 20)
    clock.now += 3600
    after_an_hour = taken(rate, 20)

    assert (after_half_a_second, after_an_hour) == (2, 4)


def test_less_than_one_a_second_lets_one_through_first(clock: Clock) -> None:
    rate = Rate(0.1)

    first = taken(rate, 5)
    clock.now += 9
    early = taken(rate, 5)
    clock.now += 1.01
    late = taken(rate, 5)

    assert (first, early, late) == (1, 0, 1)
