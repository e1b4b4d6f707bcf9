"""Conditions as a text: whatever is written is read again as the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trivet.admin.conditions.tree import (
    MOST,
    MOST_LEVELS,
    Condition,
    Group,
    Where,
    normal,
    read,
    without,
    written,
)

TEXTS = st.text(
    st.one_of(
        st.sampled_from(",()|:' \\\"\n~%+"),
        st.characters(exclude_categories=["Cs"], min_codepoint=1),
    ),
    max_size=12,
)
CONDITIONS = st.builds(
    Condition,
    st.sampled_from(["year", "any", "all", "artist__name", "_x1"]),
    st.sampled_from(["is", "in", "empty"]),
    st.lists(TEXTS, max_size=3).map(tuple),
)


def groups(level: int) -> st.SearchStrategy[Group]:
    """Give groups of conditions, with groups in them down to the last level."""
    items: Any = CONDITIONS if level == MOST_LEVELS else st.one_of(CONDITIONS, groups(level + 1))
    found = st.lists(items, max_size=2 if level > 1 else 4).map(tuple)
    return st.builds(Group, st.sampled_from(["all", "any"]), found)


@settings(deadline=None)
@given(groups(1))
def test_what_is_written_is_read_again_as_the_same(group: Group) -> None:
    root = normal(group)

    where = Where.of(root)

    assert (read(where.text) if where.text else None) == root
    assert Where.read([where.text]) == where


@settings(deadline=None)
@given(st.one_of(TEXTS, st.text("any(year:is:1,')|", max_size=60)))
def test_any_text_is_read_or_told_to_be_none(text: str) -> None:
    where = Where.read([text])

    assert where.root is None or read(where.text) == where.root
    assert bool(where.problem) == (where.root is None and bool(where.text))
    assert Where.read([where.text]) == where


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("status:is:paid", "status:is:paid"),
        (" status : is : paid , total:min:100 ", "status:is:paid,total:min:100"),
        ("any(a:is:x)", "a:is:x"),
        ("all(any(a:is:x,b:empty))", "any(a:is:x,b:empty)"),
        ("name:is:O'Hara", "name:is:O'Hara"),
        ("name:is:'O''Hara'", "name:is:O'Hara"),
        ("name:in:'a,b'|'c|d'|e f", "name:in:'a,b'|'c|d'|e f"),
        ("url:is:https://example.org/?a=b", "url:is:https://example.org/?a=b"),
        ("name:is:' x'", "name:is:' x'"),
        ("name:is:''", "name:is:''"),
        ("name:is:a\0b", "name:is:ab"),
    ],
)
def test_the_same_conditions_have_one_text(text: str, plain: str) -> None:
    assert Where.read([text]).text == plain


@pytest.mark.parametrize(
    "text",
    [
        "a", "a:", "a:is:", "a:is:x,", ",a:is:x", "a:is:x)", "any()", "any(a:is:x", "a:is:'x",
        "1:is:x",
        "a:is:x|", "a:is:'x'y", "all(all(all(all(a:is:x))))",
        "all(any(all(any(a:is:x,a:is:y),a:is:z),a:is:x),a:is:y)",
        ",".join(["a:is:x"] * (MOST + 1)), "a:is:" + "x" * 201, "a:is:" + "x" * 100_000,
        "a:in:" + "|".join("x" * 51), "any(" * 100_000,
    ],
)  # fmt: skip
def test_what_cannot_be_read_stays_and_is_told(text: str) -> None:
    where = Where.read([text])

    assert where.root is None
    assert where.problem
    assert text.startswith(where.text)
    assert where.text
    assert Where.read([where.text]).problem == where.problem


def test_conditions_are_said_once() -> None:
    assert Where.read(["a:is:x", "b:is:y"]).problem
    assert Where.read(["", "b:is:y"]).text == "b:is:y"


def test_one_of_several_is_taken_away() -> None:
    root = read("a:is:x,any(b:is:y,c:empty)")
    assert root is not None
    group = root.items[1]
    assert isinstance(group, Group)

    rest = without(root, group.items[0])
    last = without(root, group)

    assert rest is not None
    assert last is not None
    assert written(rest) == "a:is:x,c:empty"
    assert written(last) == "a:is:x"
    assert without(last, last.items[0]) is None
