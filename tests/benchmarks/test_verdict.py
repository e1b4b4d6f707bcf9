"""A threshold is held against medians and never bent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.case import Threshold
from benchmarks.cases import LOAD_CASES, THRESHOLDS, TITLES, chosen
from benchmarks.data_cases import SCRIPT_CASES
from benchmarks.peers import BY_NAME
from benchmarks.verdict import Figure, Sample, figure, judge

SEVENTH = Threshold("get", "cost_us", "at most 1/7", "fastapi", 1 / 7)
STRICT = Threshold("post", "cost_us", "cheaper", "fastify", 1.0, strict=True)
NONE_MISSING = Threshold("websockets", "missing", "every message arrives", None, 0)


def samples(case: str, metric: str, **peers: list[float]) -> list[Sample]:
    return [
        Sample(case, peer, index, {metric: value})
        for peer, values in peers.items()
        for index, value in enumerate(values)
    ]


def test_a_figure_is_median_and_range() -> None:
    found = figure(samples("get", "cost_us", trivet=[9.0, 30.0, 10.0]), "get", "trivet", "cost_us")

    assert found == Figure(10.0, 9.0, 30.0)


def test_exactly_the_limit_is_reached() -> None:
    verdict = judge(SEVENTH, samples("get", "cost_us", trivet=[10.0], fastapi=[70.0]))

    assert verdict.reached


def test_a_little_too_much_is_not_reached_and_says_by_how_much() -> None:
    verdict = judge(SEVENTH, samples("get", "cost_us", trivet=[11.0], fastapi=[70.0]))

    assert verdict.reached is False
    assert "10.0% too much" in verdict.text


def test_a_strict_limit_is_not_reached_by_equality() -> None:
    verdict = judge(STRICT, samples("post", "cost_us", trivet=[20.0], fastify=[20.0]))

    assert verdict.reached is False


def test_a_verdict_says_when_some_rounds_would_not_have_reached() -> None:
    found = samples("get", "cost_us", trivet=[8.0, 9.0, 30.0], fastapi=[70.0, 70.0, 70.0])

    verdict = judge(SEVENTH, found)

    assert verdict.reached
    assert verdict.worst == pytest.approx(30 / 70)
    assert "not in every pair of rounds" in verdict.text


def test_one_bad_round_breaks_an_absolute_limit() -> None:
    verdict = judge(NONE_MISSING, samples("websockets", "missing", trivet=[0.0, 1.0, 0.0]))

    assert verdict.reached is False


def test_another_case_of_trivet_can_be_the_measure() -> None:
    limit = Threshold("routes-1000", "cost_us", "10 %", "trivet", 1.1, peer_case="routes-1")
    found = samples("routes-1", "cost_us", trivet=[10.0])

    verdict = judge(limit, [*found, *samples("routes-1000", "cost_us", trivet=[10.9])])

    assert verdict.reached
    assert verdict.ratio == pytest.approx(1.09)


@pytest.mark.parametrize("missing", ["trivet", "fastapi"])
def test_a_side_that_is_missing_gives_no_verdict(missing: str) -> None:
    peers = {"trivet": [10.0], "fastapi": [70.0]}
    del peers[missing]

    verdict = judge(SEVENTH, samples("get", "cost_us", **peers))

    assert verdict.reached is None
    assert verdict.text.startswith("not measured")


@given(st.floats(0.1, 1e6), st.floats(0.1, 1e6))
def test_reached_and_ratio_always_agree(ours: float, theirs: float) -> None:
    verdict = judge(SEVENTH, samples("get", "cost_us", trivet=[ours], fastapi=[theirs]))

    assert verdict.ratio is not None
    assert verdict.reached == (verdict.ratio <= 1 / 7)


def test_every_threshold_names_a_known_case() -> None:
    assert {threshold.case for threshold in THRESHOLDS} <= set(TITLES)


def test_routes_stands_for_both_of_its_cases() -> None:
    assert chosen("routes,get") == ("get", "routes-1", "routes-1000")


def test_an_unknown_case_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no case nonsense; there are: get, post"):
        chosen("get,nonsense")


def test_data_stands_for_everything_with_a_database() -> None:
    names = {case.name for case in LOAD_CASES if case.database is not None and case.app == "data"}
    names |= {script.name for script in SCRIPT_CASES}

    assert set(chosen("data")) == names
    assert chosen("data-list") == ("data-list-postgresql", "data-list-sqlite")


def test_a_part_of_a_word_stands_for_nothing() -> None:
    with pytest.raises(ValueError, match="no case dat;"):
        chosen("dat")


@pytest.mark.parametrize("threshold", [t for t in THRESHOLDS if t.peer], ids=lambda t: t.wording)
def test_the_peer_of_a_threshold_takes_part_in_its_case(threshold: Threshold) -> None:
    assert threshold.peer is not None
    assert (threshold.peer_case or threshold.case) in BY_NAME[threshold.peer].cases
    assert threshold.case in BY_NAME["trivet"].cases


def test_trivet_takes_part_in_every_case() -> None:
    assert BY_NAME["trivet"].cases == set(TITLES)
