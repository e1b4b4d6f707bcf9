"""How values lie in a store."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from trivet.cache import CacheValueError
from trivet.cache.entry import Entry, packed, unpacked
from trivet.cache.values import Form, Unreadable

times = st.floats(allow_nan=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.binary(), times, times, st.dictionaries(st.text(), st.text(), max_size=3))
def test_entries_come_back_as_they_were(
    payload: bytes, made: float, fresh_until: float, marks: dict[str, str]
) -> None:
    entry = Entry(payload, made, fresh_until, marks)

    assert unpacked(packed(entry)) == entry


@given(st.binary())
def test_any_bytes_are_an_entry_or_none(data: bytes) -> None:
    found = unpacked(data)

    assert found is None or isinstance(found, Entry)


@given(st.binary(max_size=40))
def test_broken_entries_never_raise(more: bytes) -> None:
    unpacked(b"\x01" + more)
    unpacked(packed(Entry(b"{}", 1.0, 2.0, {"a": "b"}))[: len(more)])


def test_a_pickle_is_no_entry() -> None:
    assert unpacked(pickle.dumps({"a": 1})) is None


@given(json_values)
def test_plain_values_come_back_as_they_were(value: Any) -> None:
    form = Form()

    assert form.read(form.written(value)) == value


class Product(BaseModel):
    id: UUID
    price: Decimal
    since: datetime
    tags: set[str]


LAMP = Product(id=UUID(int=7), price=Decimal("1.10"), since=datetime.now(UTC), tags={"a"})


@dataclass
class Point:
    x: int
    on: date


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Product, LAMP),
        (Point, Point(1, date(2026, 11, 25))),
        (list[Point], [Point(1, date(2026, 11, 25))]),
        (dict[int, Decimal], {1: Decimal("0.1")}),
        (tuple[int, str] | None, (1, "a")),
        (tuple[int, str] | None, None),
    ],
)
def test_typed_values_come_back_as_they_were(kind: Any, value: Any) -> None:
    form = Form(kind)

    assert form.read(form.written(value)) == value


def test_what_does_not_fit_a_type_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        Form(int).read(b'"text"')
    with pytest.raises(Unreadable):
        Form(int).read(b"{broken")


@pytest.mark.parametrize(("kind", "value"), [(int, "text"), (None, object()), (Product, 3)])
def test_what_cannot_be_kept_is_told(kind: Any, value: Any) -> None:
    form = Form(kind)

    with pytest.raises(CacheValueError, match="cannot be kept as JSON"):
        form.back(value, form.written(value))


class OneWay(BaseModel):
    name: str = Field(validation_alias="given", serialization_alias="shown")


def test_a_type_whose_json_it_cannot_read_is_told_when_it_is_written() -> None:
    form = Form(OneWay)
    value = OneWay(given="ann")

    with pytest.raises(CacheValueError, match="look at aliases"):
        form.back(value, form.written(value))
