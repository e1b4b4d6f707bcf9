"""Keys: equal for equal arguments of the same types, and for no others."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from trivet import Request
from trivet.cache.keys import CacheKeyError, has_key, store_key, written


class Colour(Enum):
    RED = 1


class Number(IntEnum):
    ONE = 1


class Open(BaseModel, extra="allow"):
    id: int


@dataclass
class Point:
    x: int


plain = st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.floats()
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
)


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are the same with the types of all their parts."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return repr(one) == repr(other)


@given(values, values)
def test_two_values_have_one_key_only_where_they_are_the_same(one: Any, other: Any) -> None:
    assert (written(one) == written(other)) == same(one, other)


@pytest.mark.parametrize(
    "alike",
    [
        [1, True, 1.0, "1", b"1", Decimal(1), Number.ONE, Colour.RED, Point(1), Open(id=1)],
        [Open(id=1), Open(id=1, more=2), {"id": 1}],
        [(1, 2), [1, 2], {1, 2}, frozenset({1, 2})],
        [UUID(int=1), str(UUID(int=1))],
        [datetime.date(2026, 1, 1), datetime.datetime(2026, 1, 1)],
        ["a, b", ["a", "b"], "'a', 'b'"],
    ],
)
def test_what_only_looks_alike_has_keys_of_its_own(alike: list[Any]) -> None:
    assert len({written(value) for value in alike}) == len(alike)


def test_order_counts_where_it_counts_for_equality() -> None:
    assert written({"a": 1, "b": 2}) == written({"b": 2, "a": 1})
    assert written({3, 1, 2}) == written({2, 3, 1})
    assert written([1, 2]) != written([2, 1])


class Plain: ...


@pytest.mark.parametrize("value", [object(), Plain(), len, Plain, [Plain()], {"a": Plain()}])
def test_what_has_no_stable_key_is_told(value: Any) -> None:
    with pytest.raises(CacheKeyError, match="no stable key"):
        written(value)


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (int, True),
        (str | None, True),
        (list[int], True),
        (Any, True),
        (Open, True),
        (Point, True),
        (Colour, True),
        (Request, False),
        (Request | None, False),
        (list[Plain], False),
        (dict[str, Plain], False),
        (Plain, False),
        (type, False),
    ],
)
def test_types_tell_whether_there_will_be_a_key(annotation: Any, expected: bool) -> None:
    assert has_key(annotation) is expected


@given(st.text(max_size=400), st.text(max_size=400))
def test_keys_in_a_store_are_short_ascii_and_nobody_elses(one: str, other: str) -> None:
    found = store_key("space:", one)

    assert found.isascii()
    assert found.isprintable()
    assert " " not in found
    assert len(found) <= 210
    assert found.startswith("space:")
    assert (found == store_key("space:", other)) == (one == other)
