"""A value for a column, from its description: of its type, within its limits, the same each time.

Texts are readable and carry the number of the row (`title 3`), so that unique ones differ.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import random
import uuid
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AnyUrl, BaseModel, EmailStr, HttpUrl
from sqlalchemy import DateTime, Numeric

from trivet.db import UtcDateTime
from trivet.db.describe import Column
from trivet.errors import SetupError

__all__ = ["value_for"]

_FIRST_DAY = datetime.date(2026, 1, 1)
_FIRST_MOMENT = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
_LARGEST = 1000


def value_for(model: type[Any], column: Column, number: int, source: random.Random) -> Any:
    """Give the value of a column in the object with this number.

    Raises `SetupError` for a type that only its author can make a value of.
    """
    enums = getattr(column.type, "enums", None)
    if enums and not _is_enum(column.annotation):
        return _chosen(list(enums), column, number, source)
    try:
        value = _value(column.annotation, column, number, source)
    except LookupError:
        raise SetupError(
            f"no value can be made for {model.__name__}.{column.name}, which is a"
            f" {column.annotation!r}",
            code="testing.factory-value",
            mend=f"factory({model.__name__}, {column.name}=sequence(lambda n: ...))",
        ) from None
    if isinstance(value, str) and column.max_length is not None:
        return _cut(value, column.max_length, number)
    return value


def _value(kind: Any, column: Column, number: int, source: random.Random) -> Any:
    origin = get_origin(kind)
    if origin is Annotated:
        inner, *rules = get_args(kind)
        return _within(_value(inner, column, number, source), _limits(rules), column, number)
    if origin is Literal:
        return _chosen(list(get_args(kind)), column, number, source)
    if origin in (Union, UnionType):
        return _value(
            next(part for part in get_args(kind) if part is not NoneType), column, number, source
        )
    if origin is not None:
        kind = origin
    if _is_enum(kind):
        return _chosen(list(kind), column, number, source)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind(
            **{
                name: _value(
                    Annotated[(info.annotation, *info.metadata)] if info.metadata
                    else info.annotation,
                    Column(name, info.annotation, False, False, False, False),
                    number,
                    source,
                )
                for name, info in kind.model_fields.items()
                if info.is_required()
            }
        )  # fmt: skip
    return _plain(kind, column, number, source)


def _plain(kind: Any, column: Column, number: int, source: random.Random) -> Any:
    """Give a value of a type without parts."""
    unique = column.is_unique
    if kind is bool:
        return bool(number % 2) if unique else source.random() < 0.5
    if kind is int:
        return number if unique else source.randint(1, _LARGEST)
    if kind is float:
        return float(number) if unique else round(source.uniform(0, _LARGEST), 2)
    if kind is decimal.Decimal:
        return _decimal(column, number, source)
    if kind is EmailStr:
        return f"{column.name}{number}@example.com"
    if kind in (AnyUrl, HttpUrl):
        return kind(f"https://example.com/{column.name}/{number}")
    if kind is str:
        return f"{column.name} {number}" if column.name != "slug" else f"slug-{number}"
    if kind is bytes:
        return f"{column.name} {number}".encode()
    if kind is uuid.UUID:
        return uuid.UUID(int=source.getrandbits(128), version=4)
    if kind is datetime.datetime:
        moment = _FIRST_MOMENT + datetime.timedelta(minutes=number)
        return moment if _has_zone(column.type) else moment.replace(tzinfo=None)
    if kind is datetime.date:
        return _FIRST_DAY + datetime.timedelta(days=number)
    if kind is datetime.time:
        return datetime.time(number // 60 % 24, number % 60)
    if kind is datetime.timedelta:
        return datetime.timedelta(minutes=number)
    if kind in (dict, list):
        return kind()
    raise LookupError(kind)


def _decimal(column: Column, number: int, source: random.Random) -> decimal.Decimal:
    digits, places = 18, 2
    if isinstance(column.type, Numeric):
        places = 2 if column.type.scale is None else column.type.scale
        digits = column.type.precision or digits
    whole = 10 ** max(digits - places, 0)
    if column.is_unique:
        return decimal.Decimal(number)
    cents = source.randint(0, min(whole - 1, _LARGEST) * 10 ** min(places, 2))
    return decimal.Decimal(cents).scaleb(-min(places, 2))


def _limits(rules: list[Any]) -> dict[str, Any]:
    """Give the limits that stand beside a type, of Pydantic's `Field` or annotated-types'."""
    found: dict[str, Any] = {}
    for rule in rules:
        for one in (rule, *getattr(rule, "metadata", ())):
            for name in ("gt", "ge", "lt", "le", "min_length", "max_length"):
                limit = getattr(one, name, None)
                if limit is not None:
                    found[name] = limit
    return found


def _within(value: Any, limits: dict[str, Any], column: Column, number: int) -> Any:
    """Bring a value within its limits; numbers from the lowest that is allowed."""
    if isinstance(value, str):
        value = value.ljust(limits.get("min_length", 0), "x")
        most = limits.get("max_length")
        return value if most is None else _cut(value, most, number)
    if isinstance(value, bool) or not isinstance(value, int | float | decimal.Decimal):
        return value
    low = limits.get("ge", limits["gt"] + 1 if "gt" in limits else None)
    high = limits.get("le", limits["lt"] - 1 if "lt" in limits else None)
    if low is not None and high is not None:
        if low > high:  # between two neighbours
            return type(value)((limits.get("gt", low) + limits.get("lt", high)) / 2)
        step = number if column.is_unique else int(value)
        return type(value)(low + step % (int(high - low) + 1))
    if low is not None and value < low:
        return type(value)(low + number)
    if high is not None and value > high:
        return type(value)(high - number)
    return value


def _cut(value: str, length: int, number: int) -> str:
    """Shorten a text; its number stays, as far as there is room."""
    if len(value) <= length:
        return value
    end = str(number)
    return end[-length:] if len(end) >= length else value[: length - len(end)] + end


def _chosen(values: list[Any], column: Column, number: int, source: random.Random) -> Any:
    return values[(number - 1) % len(values)] if column.is_unique else source.choice(values)


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, enum.Enum)


def _has_zone(column_type: Any) -> bool:
    if column_type is None or isinstance(column_type, UtcDateTime):
        return True
    return isinstance(column_type, DateTime) and column_type.timezone
