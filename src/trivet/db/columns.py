"""Columns: `field()`, the types of plain annotations, and annotations that are ready to use."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypedDict, get_origin, overload

from pydantic import BaseModel, EmailStr, TypeAdapter
from sqlalchemy import (
    JSON,
    BigInteger,
    Computed,
    Date,
    DateTime,
    Enum,
    ForeignKey,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    String,
    Text,
    Time,
    Uuid,
    inspect,
)
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator
from typing_extensions import Unpack

from trivet.errors import SetupError

__all__ = [
    "TYPES",
    "ColumnOptions",
    "Created",
    "Email",
    "Json",
    "Money",
    "Slug",
    "Updated",
    "UtcDateTime",
    "created",
    "field",
    "foreign_key",
    "generated",
    "type_of",
    "updated",
]

OnDelete = Literal["CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT", "NO ACTION"]

_MISSING: Any = object()
_ENUM_LENGTH = 50  # room for members to come


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

    What is stored is validated, and what is read is an object of the type. `None` is NULL. What is
    changed inside a value is not seen: give the attribute a new one.
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


def type_of(annotation: Any) -> Any:
    """Give the column's type of an annotation that SQLAlchemy has none for; None leaves it to it.

    Pydantic's models and typed lists, dictionaries and sets are JSON of that shape. An enumeration
    of texts is kept as its values in a VARCHAR, so that a new member needs no change of the table.
    """
    if annotation in TYPES:
        return None
    if get_origin(annotation) in (list, dict, set, frozenset, tuple):
        return Json(annotation)
    if not isinstance(annotation, type):
        return None
    if issubclass(annotation, BaseModel):
        return Json(annotation)
    if issubclass(annotation, enum.Enum):
        values = [member.value for member in annotation]
        if values and all(isinstance(value, str) for value in values):
            return Enum(
                annotation,
                values_callable=lambda kind: [member.value for member in kind],
                native_enum=False,
                length=max(_ENUM_LENGTH, *map(len, values)),
            )
    return None


class ColumnOptions(TypedDict, total=False):
    """What SQLAlchemy's `mapped_column` takes besides, for type checkers."""

    primary_key: bool
    nullable: bool
    unique: bool
    index: bool
    onupdate: Any
    insert_default: Any
    autoincrement: bool | Literal["auto", "ignore_fk"]
    server_onupdate: Any
    deferred: bool
    sort_order: int
    comment: str
    info: dict[Any, Any]
    name: str
    key: str
    use_existing_column: bool
    system: bool
    quote: bool


@overload
def field(
    *parts: Any,
    default: Any,
    server_default: Any = None,
    max_length: int | None = None,
    description: str | None = None,
    init: bool = True,
    **options: Unpack[ColumnOptions],
) -> Any: ...


@overload
def field(
    *parts: Any,
    default_factory: Callable[[], Any],
    server_default: Any = None,
    max_length: int | None = None,
    description: str | None = None,
    init: bool = True,
    **options: Unpack[ColumnOptions],
) -> Any: ...


# `init` is False where only the database has a default: type checkers then want no value of it.
@overload
def field(
    *parts: Any,
    server_default: Any,
    max_length: int | None = None,
    description: str | None = None,
    init: Literal[False] = False,
    **options: Unpack[ColumnOptions],
) -> Any: ...


@overload
def field(
    *parts: Any,
    max_length: int | None = None,
    description: str | None = None,
    init: bool = True,
    **options: Unpack[ColumnOptions],
) -> Any: ...


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
    start, `default_factory` a function that is called for each row, `server_default` what the
    database gives to rows that come without. `max_length` in characters makes a VARCHAR.
    `description` goes into schemas and the admin. `init` is for type checkers. The rest is
    SQLAlchemy's: `primary_key`, `unique`, `index`, …
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


def generated(
    expression: Any,
    *,
    stored: bool = True,
    max_length: int | None = None,
    description: str | None = None,
    init: Literal[False] = False,
    **options: Unpack[ColumnOptions],
) -> Any:
    """Declare a column that the database computes of others: ``generated("price * amount")``.

    Not `stored`, it is computed whenever it is read, which PostgreSQL can from version 18.
    """
    return field(
        Computed(expression, persisted=stored),
        max_length=max_length,
        description=description,
        init=init,
        **options,
    )


def foreign_key(
    target: Any,
    *,
    on_delete: OnDelete | None = None,
    on_update: OnDelete | None = None,
    **options: Unpack[ColumnOptions],
) -> Any:
    """Declare a column that refers to another row: ``foreign_key(Author, on_delete="CASCADE")``.

    `target` is a model with one key, a column of a model, or ``"table.column"`` where the class is
    not known yet. `on_delete` is what the database does with the row when the other one goes; None
    refuses. There is an index, unless `index=False`, `unique` or `primary_key` says otherwise. To
    type checkers a new object does not need it: the relation may be given in its place.
    """
    if isinstance(target, type):
        mapper: Any = inspect(target)
        if len(mapper.primary_key) != 1:
            raise SetupError(
                f"{target.__name__} has a key of several columns, to which one cannot refer",
                code="db.foreign-key",
                mend="ForeignKeyConstraint([...], [...]) in __table_args__",
            )
        (target,) = mapper.primary_key
    if not (options.get("unique") or options.get("primary_key")):
        options.setdefault("index", True)
    key = ForeignKey(target, ondelete=on_delete, onupdate=on_update)
    return field(key, **options)


def created(**options: Unpack[ColumnOptions]) -> Any:
    """Give a `Created` column a value of its own in the constructor, for type checkers' eyes.

    ``created: Mapped[Created] = created()``; without it, the same is done when a program runs.
    """
    return field(UtcDateTime(), default_factory=now, **options)


def updated(**options: Unpack[ColumnOptions]) -> Any:
    """Give an `Updated` column a value of its own, as `created` does."""
    options.setdefault("onupdate", now)
    return field(UtcDateTime(), default_factory=now, **options)


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
