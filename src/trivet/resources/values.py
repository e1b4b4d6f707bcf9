"""Values as clients may give them: types of columns with the limits that a database has.

What no database keeps is refused here, with its place: texts with NUL, numbers that are none,
moments without a zone. What one of them does not keep is refused by it (422).
"""

from __future__ import annotations

import base64
import datetime
import decimal
import enum
import math
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    EmailStr,
    Field,
    WithJsonSchema,
    WrapValidator,
)

from trivet.db import FileRef, UtcDateTime
from trivet.db.describe import Column

__all__ = [
    "Kind",
    "asked",
    "bare_type",
    "checked_value",
    "is_file",
    "kind_of",
    "optional",
    "several",
    "text",
]

_LARGEST = 2**63 - 1
_LONGEST = 500  # characters of what is looked for
_MOST = 100  # values in one list of a query
Kind = Literal["truth", "number", "moment", "text", "name", "other"]


def kind_of(column: Column) -> Kind:
    """Give the kind of a column's values, by which it is known what may be asked of them."""
    bare = bare_type(column.annotation)
    if get_origin(bare) is Literal:
        return "name"
    if not isinstance(bare, type):
        return "other"
    if issubclass(bare, bool):
        return "truth"
    if issubclass(bare, enum.Enum | uuid.UUID):
        return "name"
    if issubclass(bare, int | float | decimal.Decimal):
        return "number"
    if issubclass(bare, datetime.date | datetime.time):
        return "moment"
    # An address of mail is a text, though Pydantic's type of one is none.
    return "text" if issubclass(bare, str) or bare is EmailStr else "other"


def is_file(column: Column) -> bool:
    """Tell whether a column names a file that a storage keeps."""
    bare = bare_type(column.annotation)
    return isinstance(bare, type) and issubclass(bare, FileRef)


def bare_type(annotation: Any) -> Any:
    """Give a type without the metadata around it."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def asked(column: Column) -> Any:
    """Give the type of one value of a column in a query or a path."""
    bare = bare_type(column.annotation)
    kind = kind_of(column)
    if kind == "text":  # whatever is stored may be looked for: an address, a part of one
        return Annotated[str, Field(max_length=_LONGEST), AfterValidator(_without_nul)]
    if kind == "number":
        if issubclass(bare, int):
            return Annotated[int, Field(ge=-_LARGEST - 1, le=_LARGEST)]
        return Annotated[bare, Field(allow_inf_nan=False)]
    if isinstance(column.type, UtcDateTime):
        return Annotated[datetime.datetime, AfterValidator(_in_utc)]
    if _is_time(column):
        local = WithJsonSchema({"type": "string", "format": "time-local"})
        return Annotated[datetime.time, AfterValidator(_without_zone), local]
    return bare


def text() -> Any:
    """Give the type of a text that is looked for."""
    return Annotated[str, Field(max_length=_LONGEST), AfterValidator(_without_nul)]


def optional(kind: Any) -> Any:
    """Give a type for which an empty text is as if nothing had been given: an empty input."""
    return Annotated[kind, WrapValidator(_nothing)]


def several(kind: Any) -> Any:
    """Give the type of several values of a query: ``?id=1&id=2``, or ``?id=1,2``."""
    listed: Any = list[kind]
    return Annotated[listed, Field(max_length=_MOST), BeforeValidator(_split)]


def _nothing(value: Any, handler: Callable[[Any], Any]) -> Any:
    return None if value in ("", [""]) else handler(value)


def _split(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [
        part for text in value for part in (text.split(",") if isinstance(text, str) else [text])
    ]


def _without_nul(value: str) -> str:
    if "\0" in value:
        raise ValueError("a text cannot hold a NUL character")
    return value


def _in_utc(value: datetime.datetime) -> datetime.datetime:
    """Give a moment of a query: one without a zone is taken for UTC."""
    if value.tzinfo is None:
        return value.replace(tzinfo=datetime.UTC)
    return _moment(value)


def _moment(value: datetime.datetime) -> datetime.datetime:
    if value.tzinfo is None:
        raise ValueError("a moment has a zone: 2026-01-31T12:00:00Z")
    try:
        return value.astimezone(datetime.UTC)
    except OverflowError:
        raise ValueError("a moment lies in the years 1 to 9999") from None


def _is_time(column: Column) -> bool:
    """Tell whether a column keeps a time of day, and no zone with it."""
    has_zone = getattr(column.type, "timezone", False)
    return bare_type(column.annotation) is datetime.time and not has_zone


def _without_zone(value: Any) -> Any:
    if isinstance(value, datetime.time) and value.tzinfo is not None:
        raise ValueError("a time of day has no zone here: 10:30:00")
    return value


def checked_value(column: Column, annotation: Any) -> Any:
    """Give the type of a column's value in a body, `annotation` as the schema has it."""
    if column.is_key and kind_of(column) == "text":
        return Annotated[annotation, AfterValidator(_in_address)]
    if _is_time(column):
        return Annotated[annotation, AfterValidator(_without_zone)]
    if isinstance(column.type, UtcDateTime):
        return Annotated[annotation, AfterValidator(_optional_moment)]
    if bare_type(column.annotation) is bytes:
        return Annotated[annotation, BeforeValidator(_decoded)]
    if column.is_reference and bare_type(column.annotation) is int:
        return Annotated[annotation, AfterValidator(_within)]
    if bare_type(column.annotation) is decimal.Decimal and column.type is not None:
        return Annotated[annotation, AfterValidator(partial(_of_digits, _whole_digits(column)))]
    return Annotated[annotation, AfterValidator(_clean)]


def _optional_moment(value: Any) -> Any:
    return _moment(value) if isinstance(value, datetime.datetime) else value


def _decoded(value: Any) -> Any:
    """Give the bytes of a text in Base64, by either alphabet."""
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
    except ValueError:
        raise ValueError("bytes are written in Base64") from None


def _whole_digits(column: Column) -> int | None:
    """Give how many digits a number has room for in front of its point; None for any number."""
    precision, scale = (getattr(column.type, name, None) for name in ("precision", "scale"))
    return None if precision is None else precision - (scale or 0)


def _of_digits(most: int | None, value: Any) -> Any:
    # Where SQLite would keep another number, and PostgreSQL says not which value it was.
    if most is not None and isinstance(value, decimal.Decimal) and abs(value) >= 10**most:
        raise ValueError(f"a number has at most {most} digits in front of its point here")
    return value


def _within(value: Any) -> Any:
    if isinstance(value, int) and not -_LARGEST - 1 <= value <= _LARGEST:
        raise ValueError("this number is too large")
    return value


def _in_address(value: str) -> str:
    """Refuse a key that no address leads to: what is not one part of a path (RFC 3986, 5.2.4)."""
    if value in ("", ".", "..") or "/" in value:
        raise ValueError("this is a part of the address, and can be neither empty, nor dots, nor /")
    return _without_nul(value)


def _clean(value: Any) -> Any:
    """Refuse what no database keeps, within lists, dictionaries and models too."""
    if isinstance(value, str):
        return _without_nul(value)
    if isinstance(value, int):
        return _within(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is finite")
    if isinstance(value, BaseModel):
        _clean(dict(value))
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            _clean(one)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            _clean(key)
            _clean(one)
    return value
