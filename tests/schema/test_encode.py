from __future__ import annotations

import json
import math
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from ipaddress import ip_address
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AnyUrl, BaseModel, Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from trivet.errors import PydanticV1NotSupportedError
from trivet.schema.encode import jsonable_encoder, to_json
from trivet.schema.field import Field as DescribedField


class Color(Enum):
    RED = "red"


class Size(IntEnum):
    BIG = 3


class User(BaseModel):
    name: str = Field(alias="Name")
    born: date = date(2000, 1, 2)
    nick: str | None = None


@dataclass
class Point:
    x: int
    y: Any = None


@attrs.define
class Box:
    width: int
    inside: Any = None


class Job(msgspec.Struct, rename="camel", tag="job"):
    first_name: str
    due_at: datetime | None = None
    left_out: int | msgspec.UnsetType = msgspec.UNSET


class Pair(NamedTuple):
    a: int
    b: Any


class Plain:
    def __init__(self) -> None:
        self.a = 1
        self._sa_state = object()


class Itemized:
    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter([("a", 1)])


class Unreadable:
    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError

    @property
    def __dict__(self) -> Any:  # type: ignore[override]
        raise NotImplementedError


AN_ID = uuid.UUID(int=1)
PAIRS: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (1.5, 1.5),
    (b"text", "text"),
    (date(2020, 1, 2), "2020-01-02"),
    (datetime(2020, 1, 2, tzinfo=UTC), "2020-01-02T00:00:00+00:00"),
    (time(1, 2), "01:02:00"),
    (timedelta(minutes=1), 60.0),
    (Decimal(2), 2),
    (Decimal("1.5"), 1.5),
    (Color.RED, "red"),
    (Size.BIG, 3),
    (AN_ID, str(AN_ID)),
    (PurePosixPath("/a/b"), "/a/b"),
    (ip_address("::1"), "::1"),
    (AnyUrl("https://example.com"), "https://example.com/"),
    (SecretStr("x"), "**********"),
    (PydanticUndefined, None),
    ({1: Color.RED, AN_ID: [Size.BIG]}, {1: "red", str(AN_ID): [3]}),
    ({1, 2}, [1, 2]),
    (frozenset({1}), [1]),
    (deque([1]), [1]),
    ((1, Color.RED), [1, "red"]),
    (Pair(1, Color.RED), [1, "red"]),
    (User(Name="a"), {"Name": "a", "born": "2000-01-02", "nick": None}),
    (Point(1, Point(2)), {"x": 1, "y": {"x": 2, "y": None}}),
    (Box(1, Box(2)), {"width": 1, "inside": {"width": 2, "inside": None}}),
    (Job("a"), {"type": "job", "firstName": "a", "dueAt": None}),
    (Plain(), {"a": 1}),
    (Itemized(), {"a": 1}),
]


@pytest.mark.parametrize(("value", "expected"), PAIRS, ids=lambda value: type(value).__name__)
def test_each_kind_of_value_becomes_plain_data(value: Any, expected: Any) -> None:
    assert jsonable_encoder(value) == expected


@pytest.mark.parametrize(("value", "expected"), PAIRS, ids=lambda value: type(value).__name__)
def test_each_kind_of_value_becomes_json_at_once(value: Any, expected: Any) -> None:
    assert to_json(value) == _slowly(value)
    assert to_json({"in": [value]}) == _slowly({"in": [value]})
    assert json.loads(to_json(value)) == json.loads(json.dumps(expected))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": 1, "b": {"a": 2, "b": 3}}, {"a": 1}),
        (Point(1, 2), {}),
        ([{"a": 1, "b": 2}], [{"a": 1}]),
    ],
    ids=["dict", "dataclass", "list"],
)
def test_include_names_the_fields_to_keep(value: Any, expected: Any) -> None:
    assert jsonable_encoder(value, include=["a"]) == expected
    assert jsonable_encoder(value, include={"a"}) == expected


def test_exclude_names_the_fields_to_leave_out() -> None:
    assert jsonable_encoder(Point(1, {"x": 2}), exclude={"x"}) == {"y": {"x": 2}}
    assert jsonable_encoder(User(Name="a"), exclude={"born", "nick"}) == {"Name": "a"}


def test_fields_of_a_struct_are_chosen_by_their_names_in_python() -> None:
    assert jsonable_encoder(Job("a"), include={"first_name"}) == {"type": "job", "firstName": "a"}
    assert jsonable_encoder(Job("a"), by_alias=False, exclude={"due_at"}) == {
        "type": "job",
        "first_name": "a",
    }


def test_a_struct_is_written_as_msgspec_writes_it() -> None:
    class Row(msgspec.Struct, array_like=True):
        a: int
        b: str

    assert json.loads(to_json(Row(1, "b"))) == json.loads(msgspec.json.encode(Row(1, "b")))
    assert json.loads(to_json(Job("a"))) == json.loads(msgspec.json.encode(Job("a")))


def test_none_is_left_out_of_everything_if_wished() -> None:
    value = {"a": None, "b": [None, {"c": None}], "user": User(Name="a")}

    assert jsonable_encoder(value, exclude_none=True) == {
        "b": [None, {}],
        "user": {"Name": "a", "born": "2000-01-02"},
    }


def test_unset_fields_and_defaults_are_left_out_if_wished() -> None:
    user = User(Name="a", nick=None)

    assert jsonable_encoder([user], exclude_unset=True) == [{"Name": "a", "nick": None}]
    assert jsonable_encoder({"u": user}, exclude_defaults=True) == {"u": {"Name": "a"}}
    assert jsonable_encoder(user, by_alias=False, exclude_unset=True) == {"name": "a", "nick": None}


def test_a_custom_encoder_serves_its_class_and_those_below() -> None:
    class Late(datetime):
        pass

    encoders = {datetime: lambda value: value.strftime("%H:%M")}

    assert jsonable_encoder([Late(2020, 1, 1, 2, 3)], custom_encoder=encoders) == ["02:03"]
    assert jsonable_encoder({"a": 1}, custom_encoder={int: str}) == {"a": "1"}


def test_what_sqlalchemy_keeps_is_left_out_unless_wished() -> None:
    value = {"_sa_state": 1, "a": {"_sa_x": 2}}

    assert jsonable_encoder(value) == {"a": {}}
    assert jsonable_encoder(value, sqlalchemy_safe=False) == value
    assert to_json(value) == b'{"a":{}}'
    assert to_json({"at": date(2020, 1, 1), **value}) == b'{"at":"2020-01-01","a":{}}'
    assert to_json({"text": '"_sa'}) == b'{"text":"\\"_sa"}'


def test_what_has_neither_items_nor_attributes_is_refused() -> None:
    for encode in (jsonable_encoder, to_json):
        with pytest.raises(ValueError, match="NotImplementedError"):
            encode([Unreadable()])


def test_a_model_of_the_old_pydantic_is_refused_with_the_mend() -> None:
    kind = type("BaseModel", (), {"__module__": "pydantic.v1.main"})

    for encode in (jsonable_encoder, to_json):
        with pytest.raises(PydanticV1NotSupportedError, match=r"inherit from pydantic\.BaseModel"):
            encode(type("Old", (kind,), {})())


def test_a_parameter_of_the_old_pydantic_is_refused_at_its_declaration() -> None:
    kind = type("BaseModel", (), {"__module__": "pydantic.v1.main"})
    old = type("Old", (kind,), {})

    for annotation in (old, list[old], dict[str, old] | None):
        with pytest.raises(PydanticV1NotSupportedError, match=r"inherit from pydantic\.BaseModel"):
            DescribedField("old", FieldInfo(annotation=annotation))


def test_a_number_that_is_none_is_null() -> None:
    assert to_json(math.nan) == b"null"
    assert to_json({"a": math.inf, "b": [-math.inf]}) == b'{"a":null,"b":[null]}'
    assert to_json({"a": Decimal("NaN"), "b": "NaN"}) == b'{"a":null,"b":"NaN"}'
    assert math.isnan(jsonable_encoder({"a": Decimal("NaN")})["a"])


def test_half_a_surrogate_pair_is_escaped() -> None:
    assert to_json({"a": "\ud800"}) == b'{"a":"\\ud800"}'
    assert to_json({"a": "\ud800", "at": date(2020, 1, 1)}) == (
        b'{"a":"\\ud800","at":"2020-01-01"}'
    )


def test_a_generator_is_written_once_and_whole_whatever_stands_beside_it() -> None:
    assert to_json({"a": (n for n in (1, 2)), "b": math.nan}) == b'{"a":[1,2],"b":null}'
    assert to_json([(n for n in (1, 2)), {AN_ID: 1}]) == (
        b'[[1,2],{"00000000-0000-0000-0000-000000000001":1}]'
    )


def test_text_is_not_escaped_beyond_need() -> None:
    assert to_json({"ä": "€ \n\x01</"}) == '{"ä":"€ \\n\\u0001</"}'.encode()


def _slowly(value: Any) -> bytes:
    return json.dumps(jsonable_encoder(value), ensure_ascii=False, separators=(",", ":")).encode()


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
leaves = (
    scalars
    | st.dates()
    | st.datetimes()
    | st.times()
    | st.timedeltas()
    | st.uuids()
    | st.decimals(allow_nan=False, allow_infinity=False, places=2)
    | st.sampled_from([Color.RED, Size.BIG, PurePosixPath("/a"), ip_address("127.0.0.1")])
    | st.builds(User, Name=st.text(), nick=st.none() | st.text())
)
keys = st.text() | st.text().map(lambda text: "_sa" + text) | st.integers() | st.uuids()
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(keys, inner, max_size=4)
        | st.builds(Point, x=st.integers(), y=inner)
        | st.builds(Box, width=st.integers(), inside=inner)
        | st.builds(Pair, a=st.integers(), b=inner)
        | st.lists(inner, max_size=3).map(deque)
    ),
    max_leaves=12,
)


@given(values)
def test_both_ways_give_the_same_json(value: Any) -> None:
    def pairs(found: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
        return found  # keeps the order, and keys that became equal

    fast = json.loads(to_json(value), object_pairs_hook=pairs)

    assert fast == json.loads(_slowly(value), object_pairs_hook=pairs)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=8))
def test_without_fractions_both_ways_give_the_same_bytes(value: Any) -> None:
    assert to_json(value) == _slowly(value)
