"""Columns: `field()`, the types of plain annotations, and annotations that are ready to use."""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import EmailStr, TypeAdapter
from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    String,
    Text,
    Time,
    Uuid,
)
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator

__all__ = [
    "TYPES",
    "Created",
    "Email",
    "Json",
    "Money",
    "Slug",
    "Updated",
    "UtcDateTime",
    "field",
]

_MISSING: Any = object()


def now() -> datetime.datetime:
    """Give the present time in UTC."""
    return datetime.datetime.now(datetime.UTC)


class UtcDateTime(TypeDecorator[datetime.datetime]):
    """A moment in UTC, always aware; a naive one is refused before it reaches the database."""

    # Without it, MySQL would keep whole seconds.
    impl = DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    cache_ok = True

    def process_bind_param(
        self, value: datetime.datetime | None, dialect: Any
    ) -> datetime.datetime | None:
        """Give the moment as the database keeps it."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(
                f"{value!r} has no time zone, so that it names no moment; write"
                " datetime.now(UTC), or value.replace(tzinfo=UTC) for a time that is in UTC"
            )
        value = value.astimezone(datetime.UTC)
        # Databases without zones keep the UTC time as it is.
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(
        self, value: datetime.datetime | None, dialect: Any
    ) -> datetime.datetime | None:
        """Give the moment with its zone."""
        if value is None or value.tzinfo is datetime.UTC:
            return value
        if value.tzinfo is None:
            return value.replace(tzinfo=datetime.UTC)
        return value.astimezone(datetime.UTC)


class Json(TypeDecorator[Any]):
    """JSON whose shape is a Pydantic type: ``Mapped[Address] = field(Json(Address))``.

    What is stored is validated, and what is read is an object of the type.
    """

    # None is the database's own NULL, which `isnull` finds, and not JSON's.
    impl = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
    cache_ok = True

    def __init__(self, shape: Any = None) -> None:
        super().__init__()
        self.shape = shape
        self._adapter: TypeAdapter[Any] | None = None if shape is None else TypeAdapter(shape)

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """Give the value as plain JSON data."""
        if value is None or self._adapter is None:
            return value
        return self._adapter.dump_python(self._adapter.validate_python(value), mode="json")

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """Give the value as an object of the type."""
        if value is None or self._adapter is None:
            return value
        return self._adapter.validate_python(value)


_TEXT = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")

# What a plain annotation means; a length or precision is said with `field`.
TYPES: dict[Any, Any] = {
    int: BigInteger().with_variant(Integer(), "sqlite"),
    str: _TEXT,
    bytes: LargeBinary(),
    decimal.Decimal: Numeric(18, 6),
    datetime.datetime: UtcDateTime(),
    datetime.date: Date(),
    datetime.time: Time(),
    datetime.timedelta: Interval(),
    uuid.UUID: Uuid(),
    dict[str, Any]: Json(),
    list[Any]: Json(),
}


def field(
    *parts: Any,
    default: Any = _MISSING,
    default_factory: Callable[[], Any] | None = None,
    max_length: int | None = None,
    description: str | None = None,
    init: bool = True,
    **options: Any,
) -> Any:
    """Say more of a column than its annotation does.

    `parts` are a type and a `ForeignKey`; `default` is a value that a new object has from the
    start, `default_factory` a function that is called for each row. `max_length` in characters
    makes a VARCHAR. `description` goes into schemas and the admin. `init` is for type checkers.
    The rest is SQLAlchemy's: `primary_key`, `unique`, `index`, `server_default`, …
    """
    if max_length is not None:
        parts = (String(max_length), *parts)
    if options.get("primary_key") and not any(not isinstance(p, ForeignKey) for p in parts):
        options.setdefault("autoincrement", "auto")
    if default is not _MISSING:
        options["insert_default"] = default
    elif default_factory is not None:
        options["insert_default"] = default_factory
    info = dict(options.pop("info", None) or {})
    if description is not None:
        info["description"] = description
        options.setdefault("comment", description)
    return mapped_column(*parts, info=info, **options)


Created = Annotated[
    datetime.datetime,
    mapped_column(UtcDateTime(), insert_default=now),
]
"""When the row was made, in UTC."""

Updated = Annotated[
    datetime.datetime,
    mapped_column(UtcDateTime(), insert_default=now, onupdate=now),
]
"""When the row was last changed through a model, in UTC."""

Slug = Annotated[str, mapped_column(String(100), index=True)]
"""A name for addresses, of at most 100 characters."""

Email = Annotated[EmailStr, mapped_column(String(254))]
"""An e-mail address (RFC 5321: at most 254 characters)."""

Money = Annotated[decimal.Decimal, mapped_column(Numeric(18, 2))]
"""An amount with two decimals."""
