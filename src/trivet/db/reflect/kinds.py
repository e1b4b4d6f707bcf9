"""Types of columns that others declared: how each is read, and what it is for people.

Reading never fails on a value: SQLite keeps whatever it is given in any column, and enumerations
get new members while a program runs. What no driver knows is read and written as text.
"""

from __future__ import annotations

import datetime
import decimal
import re
import uuid
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from sqlalchemy import Column, Text, cast, func
from sqlalchemy import types as known
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine, UserDefinedType

from trivet.db.columns import UtcDateTime
from trivet.db.reflect.tables import IS_JSON

__all__ = ["AsKept", "AsText", "Kind", "Label", "kind_of"]

_UNFIT = (ValueError, TypeError, ArithmeticError, AttributeError, LookupError)
_GEOMETRY = frozenset(
    [
        "geometry",
        "point",
        "linestring",
        "polygon",
        "multipoint",
        "multilinestring",
        "multipolygon",
        "geometrycollection",
        "geomcollection",
    ]
)


class Kind(NamedTuple):
    """A column's type, and the Python type of its values without None."""

    type: TypeEngine[Any]
    annotation: Any


class AsKept(TypeDecorator[Any]):
    """Another type, whose unfit values are given as they are kept instead of an error."""

    impl: Any = NullType  # the class has one, each object its own
    cache_ok = True

    def __init__(self, inner: TypeEngine[Any]) -> None:
        super().__init__()
        self.inner = inner
        self.impl = inner

    def result_processor(self, dialect: Any, coltype: Any) -> Callable[[Any], Any] | None:
        """Give what reads a value, if it can be read."""
        process: Callable[[Any], Any] | None = super().result_processor(dialect, coltype)
        if process is None:
            return None

        def read(value: Any) -> Any:
            try:
                return process(value)
            except _UNFIT:
                return value

        return read


class Label(TypeDecorator[str]):
    """One of the members of the database's own enumeration, of those that came later too."""

    impl = known.String
    cache_ok = True

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner = inner
        self.impl = inner

    def bind_processor(self, dialect: Any) -> None:
        """Leave it to the database to refuse."""

    def result_processor(self, dialect: Any, coltype: Any) -> None:
        """Give whatever is there."""


class AsText(UserDefinedType[str]):
    """A type that no driver knows, read and written in the database's words for it."""

    cache_ok = True

    def __init__(self, words: str, dialect: str) -> None:
        self.words = words
        self.dialect = dialect

    @property
    def _is_geometry(self) -> bool:
        return self.dialect != "postgresql" and self.words.split("(")[0].lower() in _GEOMETRY

    def get_col_spec(self, **options: Any) -> str:
        """Give the type's name."""
        return self.words or "TEXT"

    def column_expression(self, colexpr: Any) -> Any:
        """Let the database write the value as text."""
        if self._is_geometry:
            return func.ST_AsText(colexpr)
        return cast(colexpr, Text if self.dialect == "postgresql" else known.CHAR)

    def bind_expression(self, bindvalue: Any) -> Any:
        """Let the database read the text."""
        if self._is_geometry:
            return func.ST_GeomFromText(bindvalue)
        if self.dialect != "postgresql" or not self.words:
            return bindvalue
        return cast(cast(bindvalue, Text()), self)


def kind_of(column: Column[Any], dialect: str, words: str) -> Kind:
    """Give the type of a reflected column; `words` is how it was declared, or empty."""
    if dialect == "sqlite":
        return _sqlite_kind(column.type, words)
    if dialect == "postgresql":
        found = _postgres_kind(column.type, words)
    elif words == IS_JSON:
        return Kind(known.JSON(none_as_null=True), Any)
    else:
        found = _mysql_kind(column.type) or _plain_kind(column.type)
    if found is not None:
        return found
    is_null = isinstance(column.type, NullType)
    return Kind(AsText(words if is_null else _compiled(column.type, dialect), dialect), str)


def _compiled(kind: TypeEngine[Any], dialect: str) -> str:
    by_name = {"postgresql": postgresql.dialect}.get(dialect, mysql.dialect)
    return str(kind.compile(by_name()))


# In their order: what stands above is among what stands below it.
_PLAIN: tuple[tuple[type[TypeEngine[Any]], Any], ...] = (
    (known.Boolean, bool),
    (known.Integer, int),
    (known.Float, float),
    (known.Numeric, decimal.Decimal),
    (known.DateTime, datetime.datetime),
    (known.Date, datetime.date),
    (known.Time, datetime.time),
    (known.Interval, datetime.timedelta),
    (known.LargeBinary, bytes),
    (known.Uuid, uuid.UUID),
    (known.String, str),
)


def _plain_kind(kind: TypeEngine[Any]) -> Kind | None:
    if isinstance(kind, known.Enum):
        members = tuple(kind.enums)
        return Kind(Label(kind), Literal[members] if members else str)
    if isinstance(kind, known.JSON):
        # None is the database's own NULL, as in other models.
        return Kind(type(kind)(none_as_null=True), Any)
    if isinstance(kind, known.Float) and kind.asdecimal:  # as MariaDB's are
        return Kind(known.Double(), float)
    for generic, annotation in _PLAIN:
        if isinstance(kind, generic):
            return Kind(kind, annotation)
    return None


# -- PostgreSQL ----------------------------------------------------------------------------------


def _postgres_kind(kind: TypeEngine[Any], words: str = "") -> Kind | None:
    if isinstance(kind, postgresql.DOMAIN):
        return _postgres_kind(kind.data_type)
    if isinstance(kind, known.ARRAY):
        inner = _postgres_kind(kind.item_type)
        if inner is None or isinstance(inner.type, UtcDateTime | Label):
            # Their members are read by the driver as they are.
            return Kind(kind, list[Any]) if inner is not None else None
        if words.endswith("[][]"):
            return Kind(kind, list[Any])
        return Kind(kind, list[inner.annotation])  # type: ignore[name-defined]  # at run time
    if isinstance(kind, postgresql.INTERVAL):
        return Kind(kind, datetime.timedelta)
    if isinstance(kind, postgresql.BIT):
        return None
    if isinstance(kind, known.DateTime) and kind.timezone:
        return Kind(UtcDateTime(), datetime.datetime)
    return _plain_kind(kind)


# -- MariaDB and MySQL ---------------------------------------------------------------------------


def _mysql_kind(kind: TypeEngine[Any]) -> Kind | None:
    if isinstance(kind, mysql.TINYINT) and kind.display_width == 1:
        return Kind(known.Boolean(), bool)  # what BOOLEAN is there
    if isinstance(kind, mysql.SET):
        return Kind(known.String(), str)
    if isinstance(kind, mysql.BIT | mysql.YEAR):
        return Kind(kind, int)
    if isinstance(kind, mysql.TIME):
        return Kind(kind, datetime.time)
    return None


# -- SQLite --------------------------------------------------------------------------------------

# What the first word of a declared type means, where SQLite itself sees only a number in it.
_SQLITE_WORDS: tuple[tuple[str, Callable[[], TypeEngine[Any]], Any], ...] = (
    (r"(datetime|timestamp|smalldatetime)", known.DateTime, datetime.datetime),
    (r"date$", known.Date, datetime.date),
    (r"time$", known.Time, datetime.time),
    (r"bool", known.Boolean, bool),
    (r"jsonb?$", known.JSON, Any),
    (r"(uuid|guid|uniqueidentifier|string|inet|xml)", known.Text, str),
)
_NUMBERS = re.compile(r"(num|dec|money|real|float|doub|.*int|serial|number|currency)")


def _sqlite_kind(kind: TypeEngine[Any], words: str) -> Kind:
    first = words.strip().lower()
    for pattern, make, annotation in _SQLITE_WORDS:
        if re.match(pattern, first):
            return Kind(AsKept(make()), annotation)
    if isinstance(kind, known.Numeric) and not _NUMBERS.match(first):
        return Kind(NullType(), Any)  # anything may be in it
    found = _plain_kind(kind)
    if found is None:
        return Kind(NullType(), Any)
    if isinstance(kind, known.Integer | known.String):
        return found  # as SQLite gives it
    return Kind(AsKept(found.type), found.annotation)
