"""Values go into JSON and come back as they were."""

from __future__ import annotations

import datetime
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Enum,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    Time,
    Uuid,
    null,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR

from tests.db.commands.ledger import Colour
from trivet.db import UtcDateTime
from trivet.db.commands.values import Wrong, field_of
from trivet.errors import SetupError

VALUES: list[tuple[Any, Any]] = [
    (Text(), some.text()),
    (BigInteger(), some.integers()),
    (Boolean(), some.booleans()),
    (Double(), some.floats(allow_nan=False)),
    (Numeric(40, 10), some.decimals(allow_nan=False)),
    (LargeBinary(), some.binary()),
    (Date(), some.dates()),
    (Time(), some.times()),
    (DateTime(), some.datetimes()),
    (UtcDateTime(), some.datetimes(timezones=some.just(datetime.UTC))),
    (DateTime(timezone=True), some.datetimes(timezones=some.just(datetime.UTC))),
    (Interval(), some.timedeltas()),
    (Uuid(), some.uuids()),
    (Enum(Colour), some.sampled_from(Colour)),
    (ARRAY(Numeric()), some.lists(some.none() | some.decimals(allow_nan=False))),
]


def column_of(kind: Any, **options: Any) -> Column[Any]:
    found = Column("c", kind, **options)
    Table("t", MetaData(), found)
    return found


@given(some.data())
def test_every_kind_of_value_comes_back_as_it_was(data: some.DataObject) -> None:
    kind, values = data.draw(some.sampled_from(VALUES))
    value = data.draw(values)
    field = field_of(column_of(kind))

    line = json.dumps(field.written(value))

    assert field.read(json.loads(line)) == value


JSONS = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(),
    lambda inner: (
        some.lists(inner) | some.dictionaries(some.just("$json") | some.text(max_size=3), inner)
    ),
    max_leaves=5,
)


@given(JSONS)
def test_json_comes_back_as_it_was_and_its_null_is_not_the_databases(value: Any) -> None:
    field = field_of(column_of(JSON()))

    found = field.read(json.loads(json.dumps(field.written(value))))

    assert found is JSON.NULL if value is None else found == value
    assert isinstance(field.read(None), type(null()))


def test_what_is_no_number_is_written_as_a_text() -> None:
    field = field_of(column_of(Double()))

    assert field.written(math.inf) == "inf"
    assert math.isnan(field.read(field.written(math.nan)))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (BigInteger(), True, "True; expected a whole number"),
        (BigInteger(), "7", "'7'; expected a whole number"),
        (Boolean(), 1, "1; expected true or false"),
        (Text(), 5, "5; expected a text"),
        (Numeric(), 9.9, '9.9; expected a number as a text, such as "9.90"'),
        (Date(), "tomorrow", "'tomorrow'; expected a day, such as"),
        (UtcDateTime(), "2026-01-31T09:30:00", "expected a moment with its zone, such as"),
        (DateTime(), "2026-01-31T09:30:00Z", "expected a date and time without a zone"),
        (Interval(), "a while", "expected a length of time, such as"),
        (Uuid(), "1", "expected a UUID"),
        (LargeBinary(), "%", "expected a text in base64"),
        (Enum(Colour), "red", "'red'; expected one of RED, BLUE"),
        (Text(), None, "null; expected a text"),
        (Text(), ["x" * 500], "…; expected a text"),
    ],
)
def test_a_wrong_value_is_told_with_what_was_expected(kind: Any, value: Any, expected: str) -> None:
    field = field_of(column_of(kind, nullable=False))

    with pytest.raises(Wrong) as caught:
        field.read(value)

    assert expected in str(caught.value)


def test_a_type_without_a_form_is_refused_with_its_column() -> None:
    with pytest.raises(SetupError, match=r"t\.c is TSVECTOR\(\)") as caught:
        field_of(column_of(TSVECTOR()))

    assert caught.value.code == "db.dump-type"
