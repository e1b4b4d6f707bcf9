"""Findings are gathered worst first, and a broken check is a finding."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from trivet.checks import Finding, Level, collect, has_errors, report
from trivet.errors import SetupError

NOTE = Finding(Level.INFO, "a.note", "it is so")
DOUBT = Finding(Level.WARNING, "a.doubt", "it may be so", "look again", "main.py:3")
FAULT = Finding(Level.ERROR, "a.fault", "it is not so")


def test_errors_come_first_and_equals_keep_their_order() -> None:
    second = Finding(Level.ERROR, "a.second", "nor is this")

    found = collect([lambda: [NOTE, FAULT], lambda: [DOUBT], lambda: [second]])

    assert found == [FAULT, second, DOUBT, NOTE]


@given(st.lists(st.lists(st.sampled_from([NOTE, DOUBT, FAULT]))))
def test_every_finding_is_kept(groups: list[list[Finding]]) -> None:
    found = collect([lambda group=group: group for group in groups])

    everything = [finding for group in groups for finding in group]
    assert sorted(found, key=str) == sorted(everything, key=str)


def test_silenced_codes_are_left_out() -> None:
    assert collect([lambda: [NOTE, DOUBT]], silenced=["a.note"]) == [DOUBT]


def test_setup_error_of_a_check_is_its_finding() -> None:
    def check() -> list[Finding]:
        raise SetupError("two bodies", code="binding.two", where="main.py:9", mend="embed them")

    assert collect([check]) == [
        Finding(Level.ERROR, "binding.two", "two bodies", "embed them", "main.py:9")
    ]


def test_broken_check_is_a_finding_that_names_it_and_keeps_what_came_before() -> None:
    def check() -> Iterator[Finding]:
        yield DOUBT
        raise ValueError("no such thing")

    crash, before = collect([check])

    assert before == DOUBT
    assert crash.level is Level.ERROR
    assert crash.code == "checks.crashed"
    assert "check broke: ValueError: no such thing" in crash.message
    assert crash.where is not None
    assert crash.where.startswith(f"{__file__}:")


def test_only_errors_are_errors() -> None:
    assert has_errors([NOTE, FAULT])
    assert not has_errors([NOTE, DOUBT])


def test_report_tells_each_finding_and_counts_them() -> None:
    assert report([FAULT, DOUBT, DOUBT, NOTE]) == (
        "error: it is not so [a.fault]\n\n"
        + "warning: it may be so [a.doubt]\n  at main.py:3\n  instead: look again\n\n" * 2
        + "info: it is so [a.note]\n\n"
        "1 error, 2 warnings, 1 info"
    )


def test_report_of_nothing_says_so() -> None:
    assert report([]) == "no findings"


def test_finding_as_json_object_has_every_field() -> None:
    assert DOUBT.as_dict() == {
        "level": "warning",
        "code": "a.doubt",
        "message": "it may be so",
        "hint": "look again",
        "where": "main.py:3",
    }
