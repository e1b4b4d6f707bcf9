"""What a column's value is in a line of JSON, and back: nothing is lost on the way.

The value is the one that is stored, not what a type of the application's own makes of it: what was
encrypted stays so. Where the database's own type decides how it is stored, it is what a model has.
"""

from __future__ import annotations

import base64
import datetime
import decimal
import math
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ARRAY, JSON, Column, DateTime, Enum, Interval, null
from sqlalchemy.types import TypeDecorator, TypeEngine

from trivet.db.columns import UtcDateTime
from trivet.errors import SetupError

__all__ = ["Field", "Kind", "Wrong", "field_of"]

_NULL = "$json"  # {"$json": null} is the null of JSON, where a plain null is the database's
_DURATION = TypeAdapter(datetime.timedelta)


class Wrong(ValueError):
    """A value is not what its column takes; the text says what would be."""


@dataclass(frozen=True)
class Kind:
    """How values of one kind are written and read; `read` raises `ValueError`."""

    expected: str
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


@dataclass(frozen=True)
class Field:
    """A column, the type by which its values come and go, and how they are written."""

    column: Column[Any]
    type: TypeEngine[Any]
    kind: Kind

    @property
    def name(self) -> str:
        """The column's name in the database, which is its name in a dump."""
        return self.column.name

    @property
    def is_json(self) -> bool:
        """True where NULL and the null of JSON are two things."""
        return isinstance(self.type, JSON)

    @property
    def is_needed(self) -> bool:
        """True where a row without it cannot be stored."""
        column = self.column
        counts = column.table._autoincrement_column is column
        has_value = column.default is not None or column.server_default is not None
        return not (column.nullable or counts or has_value)

    def written(self, value: Any) -> Any:
        """Give the value of a row as JSON data; None is NULL, but for a column of JSON."""
        return None if value is None and not self.is_json else self.kind.write(value)

    def read(self, value: Any) -> Any:
        """Give JSON data as the value of a row; raises `Wrong`."""
        if value is None:
            if not self.column.nullable:
                raise Wrong(f"null; expected {self.kind.expected}")
            return null() if self.is_json else None
        try:
            return self.kind.read(value)
        except (ValueError, ArithmeticError, ValidationError):
            shown = repr(value)
            cut = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
            raise Wrong(f"{cut}; expected {self.kind.expected}") from None


_LONGEST = 80  # letters of a value in a message


def field_of(column: Column[Any], annotation: Any = None) -> Field:
    """Describe a column, whose model has this annotation; raises `SetupError`."""
    stored: Any = column.type
    while isinstance(stored, TypeDecorator) and not isinstance(stored, Interval | UtcDateTime):
        if type(stored).load_dialect_impl is not TypeDecorator.load_dialect_impl:
            kind = _PLAIN.get(_plain(annotation))
            if kind is not None:
                return Field(column, stored, kind)
        stored = stored.impl_instance
    kind = _kind_of(stored)
    if kind is None:
        raise SetupError(
            f"{column.table.key}.{column.name} is {stored!r}, which has no form in a dump",
            code="db.dump-type",
            mend="leave it out: trivet dumpdata with the names of the other models",
        )
    return Field(column, stored, kind)


def _plain(annotation: Any) -> Any:
    """Give the type that is in an annotation with metadata."""
    return get_args(annotation)[0] if get_origin(annotation) is not None else annotation


def _kind_of(stored: Any) -> Kind | None:
    match stored:
        case Enum():
            return _enumeration(stored)
        case JSON():
            return _JSON
        case ARRAY():
            inner = _kind_of(stored.item_type)
            return None if inner is None else _list_of(inner)
        case UtcDateTime() | DateTime(timezone=True):
            return _MOMENT
    try:
        return _PLAIN.get(stored.python_type)
    except NotImplementedError:
        return None


# -- the kinds -----------------------------------------------------------------------------------


def _same(value: Any) -> Any:
    return value


def _only(*types: type[Any]) -> Callable[[Any], Any]:
    """Give a reader that takes values of these types alone; true and false are no numbers."""

    def read(value: Any) -> Any:
        if type(value) not in types:
            raise ValueError
        return value

    return read


def _text_of(make: Callable[[str], Any]) -> Callable[[Any], Any]:
    """Give a reader that makes something of a text."""

    def read(value: Any) -> Any:
        if type(value) is not str:
            raise ValueError
        return make(value)

    return read


def _write_moment(value: datetime.datetime) -> str:
    aware = value if value.tzinfo is not None else value.replace(tzinfo=datetime.UTC)
    return aware.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")


def _read_moment(text: str) -> datetime.datetime:
    value = datetime.datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError
    return value.astimezone(datetime.UTC)


def _read_local(text: str) -> datetime.datetime:
    value = datetime.datetime.fromisoformat(text)
    if value.tzinfo is not None:
        raise ValueError
    return value


def _write_float(value: Any) -> Any:
    number = float(value)
    return number if math.isfinite(number) else str(number)


def _read_float(value: Any) -> float:
    if type(value) in (int, float):
        return float(value)
    if value in ("nan", "inf", "-inf"):
        return float(value)
    raise ValueError


def _read_decimal(value: Any) -> decimal.Decimal:
    if type(value) is int or type(value) is str:
        return decimal.Decimal(value)
    raise ValueError  # what a float was meant to be, nobody knows


def _write_json(value: Any) -> Any:
    if value is None:
        return {_NULL: None}
    is_plain = not (isinstance(value, dict) and list(value) == [_NULL])
    return value if is_plain else {_NULL: value}


def _read_json(value: Any) -> Any:
    inner = value[_NULL] if isinstance(value, dict) and list(value) == [_NULL] else value
    return JSON.NULL if inner is None else inner


_JSON = Kind("any JSON", _write_json, _read_json)
_MOMENT = Kind(
    'a moment with its zone, such as "2026-01-31T09:30:00Z"', _write_moment, _text_of(_read_moment)
)

_PLAIN: dict[Any, Kind] = {
    bool: Kind("true or false", bool, _only(bool)),
    int: Kind("a whole number", _same, _only(int)),
    float: Kind("a number", _write_float, _read_float),
    str: Kind("a text", _same, _only(str)),
    bytes: Kind(
        "a text in base64",
        lambda value: base64.b64encode(value).decode(),
        _text_of(lambda text: base64.b64decode(text, validate=True)),
    ),
    decimal.Decimal: Kind('a number as a text, such as "9.90"', str, _read_decimal),
    datetime.date: Kind(
        'a day, such as "2026-01-31"',
        lambda value: value.isoformat(),
        _text_of(datetime.date.fromisoformat),
    ),
    datetime.time: Kind(
        'a time of day, such as "09:30:00"',
        lambda value: value.isoformat(),
        _text_of(datetime.time.fromisoformat),
    ),
    datetime.datetime: Kind(
        'a date and time without a zone, such as "2026-01-31T09:30:00"',
        lambda value: value.isoformat(),
        _text_of(_read_local),
    ),
    datetime.timedelta: Kind(
        'a length of time, such as "P1DT2H30M"',
        lambda value: _DURATION.dump_python(value, mode="json"),
        _text_of(_DURATION.validate_python),
    ),
    uuid.UUID: Kind("a UUID", lambda value: str(uuid.UUID(str(value))), _text_of(uuid.UUID)),
}


def _enumeration(stored: Enum) -> Kind:
    """Give the kind of an enumeration, by the names that the database has."""
    names = ", ".join(stored.enums)
    if stored.enum_class is None:
        members = {name: name for name in stored.enums}
    else:
        given: Any = stored.enum_class.__members__
        own = [member for name, member in given.items() if member.name == name]
        members = dict(zip(stored.enums, own, strict=True))
    labels = {member: name for name, member in members.items()}

    def read(text: str) -> Any:
        if text not in members:
            raise ValueError
        return members[text]

    return Kind(f"one of {names}", lambda member: labels.get(member, member), _text_of(read))


def _list_of(inner: Kind) -> Kind:
    def write(values: Any) -> Any:
        return [write(v) if isinstance(v, list) else _or_none(inner.write, v) for v in values]

    def read(values: Any) -> Any:
        if type(values) is not list:
            raise ValueError
        return [read(v) if isinstance(v, list) else _or_none(inner.read, v) for v in values]

    return Kind(f"a list; each of it {inner.expected}", write, read)


def _or_none(function: Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else function(value)
