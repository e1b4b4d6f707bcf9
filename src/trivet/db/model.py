"""The bases of models: SQLAlchemy's declarative classes with names by rule and a door to queries.

A model is a mapped class like any other of SQLAlchemy's: `Mapped[...]` annotations, relations,
inheritance and everything else of it work. What is added here is the key, the table's name, the
defaults that an object has before it is stored, and the class methods that begin a query.
"""

from __future__ import annotations

import os
import re
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import (
    Any,
    ClassVar,
    Literal,
    ParamSpec,
    Self,
    TypeVar,
    cast,
    dataclass_transform,
    overload,
)

from pydantic import GetCoreSchemaHandler
from sqlalchemy import MetaData, event, inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    declared_attr,
    has_inherited_table,
    mapped_column,
    registry,
)

from trivet.db.bulk import bulk_create, bulk_update, upsert
from trivet.db.columns import TYPES, field, generated, type_of
from trivet.db.inheritance import mapper_arguments
from trivet.db.mistakes import declaration_mistake
from trivet.db.present import unit_now
from trivet.db.query import Query
from trivet.db.races import get_or_create, update_or_create
from trivet.db.relations import decide_deletion
from trivet.db.schemas import shown_schema

__all__ = ["BareModel", "Model", "UuidModel"]

# Alembic and error messages find constraints by name, on every database by the same one.
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
Given = ParamSpec("Given")
Made = TypeVar("Made")

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def table_name(name: str) -> str:
    """Give the table's name of a class by rule: `BlogPost` is `blog_post`."""
    return _WORDS.sub("_", name).lower()


# To type checkers, what is assigned by any other function is a default: relations, foreign keys
# (one gives either) and columns that get a value by themselves are not needed by a new object.
@dataclass_transform(kw_only_default=True, field_specifiers=(field, generated, mapped_column))
class BareModel(DeclarativeBase):
    """A model whose key is its own affair: a composite one, a text, a foreign key."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=_NAMES)
    type_annotation_map: ClassVar[Any] = TYPES
    _defaults: ClassVar[dict[str, Any]]

    def __init_subclass__(cls, *, apart: bool = False, **given: Any) -> None:
        """Map the class; `apart` makes one whose models are kept in a database of their own."""
        if apart:
            cls.__abstract__ = True
            cls.metadata = MetaData(naming_convention=_NAMES)
            # Names of classes are found in a registry: those of another database mean others.
            made = registry(metadata=cls.metadata, type_annotation_map=TYPES)
            cls.registry = cls._sa_registry = made
            event.listen(made, "resolve_type_annotation", _find_type, retval=True)
        arguments = mapper_arguments(cls, table_name(cls.__name__))
        if arguments is not None:
            cls.__mapper_args__ = arguments
        try:
            super().__init_subclass__(**given)
        except SQLAlchemyError as error:
            raise declaration_mistake(cls, error) from error

    @declared_attr.directive
    def __tablename__(cls) -> str | None:  # noqa: N805  # SQLAlchemy gives it the class
        """The class's name in snake case; a subclass of a model shares its table."""
        model: Any = cls
        return None if has_inherited_table(model) else table_name(model.__name__)

    def __init__(self, **values: Any) -> None:
        """Make an object that is not stored yet; `values` are the columns' and relations'."""
        cls = type(self)
        for name, value in _defaults_of(cls).items():
            values.setdefault(name, value)
        for name, value in values.items():
            if not hasattr(cls, name):
                raise TypeError(f"{cls.__name__} has no column or relation {name!r}")
            setattr(self, name, value)

    def __repr__(self) -> str:
        state: Any = inspect(self)
        key = state.identity
        shown = ", ".join(map(repr, key)) if key else "new"
        return f"<{type(self).__name__} {shown}>"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> Any:
        """Show a model by its read schema, where it stands as an annotation."""
        return shown_schema(cls, handler)

    # -- queries ---------------------------------------------------------------------------------

    @classmethod
    def where(cls, *conditions: Any, **lookups: Any) -> Query[Self]:
        """Begin a query: conditions are expressions, look-ups are Django's keywords."""
        return Query(cls).where(*conditions, **lookups)

    @classmethod
    def all(cls) -> Query[Self]:
        """Begin a query for every row."""
        return Query(cls)

    @classmethod
    async def get(cls, key: Any) -> Self:
        """Give the object with this key (a tuple for a composite one); raises `NotFound`."""
        return await unit_now(cls).get(cls, key)

    @classmethod
    async def find(cls, key: Any) -> Self | None:
        """Give the object with this key, or None."""
        return await unit_now(cls).find(cls, key)

    # Written so that type checkers know the constructor's arguments for those of `create`.
    @classmethod
    async def create(cls: Callable[Given, Made], *args: Given.args, **values: Given.kwargs) -> Made:
        """Make an object and store it; its key is known when this returns."""
        made = cls(*args, **values)
        await cast(BareModel, made).save()
        return made

    @classmethod
    async def get_or_create(
        cls, defaults: Mapping[str, Any] | None = None, **lookups: Any
    ) -> tuple[Self, bool]:
        """Give the row that fits, and False; or a new one of look-ups and `defaults`, and True.

        Safe when others do the same at the same time, where a unique constraint is on what is
        looked up. Raises `TooManyFound`.
        """
        return await get_or_create(cls, lookups, defaults or {})

    @classmethod
    async def update_or_create(
        cls, values: Mapping[str, Any] | None = None, **lookups: Any
    ) -> tuple[Self, bool]:
        """Give the row that fits, changed to `values`, and False; or a new one, and True."""
        return await update_or_create(cls, lookups, values or {})

    @overload
    @classmethod
    async def bulk_create(
        cls, rows: Iterable[Self | Mapping[str, Any]], *, returning: Literal[False] = False
    ) -> int: ...

    @overload
    @classmethod
    async def bulk_create(
        cls, rows: Iterable[Self | Mapping[str, Any]], *, returning: Literal[True]
    ) -> list[Self]: ...

    @classmethod
    async def bulk_create(
        cls, rows: Iterable[Self | Mapping[str, Any]], *, returning: bool = False
    ) -> list[Self] | int:
        """Insert many rows, and give their number; `returning` gives them as objects, in order."""
        return await bulk_create(cls, rows, returning=returning)

    @classmethod
    async def bulk_update(
        cls, rows: Iterable[Self | Mapping[str, Any]], fields: Sequence[str] | None = None
    ) -> None:
        """Change many rows, each by its key; of objects, `fields` alone are written if given."""
        await bulk_update(cls, rows, fields)

    @overload
    @classmethod
    async def upsert(
        cls,
        rows: Iterable[Self | Mapping[str, Any]],
        on_conflict: Sequence[Any],
        change: Sequence[Any] | None = None,
        *,
        returning: Literal[False] = False,
    ) -> int: ...

    @overload
    @classmethod
    async def upsert(
        cls,
        rows: Iterable[Self | Mapping[str, Any]],
        on_conflict: Sequence[Any],
        change: Sequence[Any] | None = None,
        *,
        returning: Literal[True],
    ) -> list[Self]: ...

    @classmethod
    async def upsert(
        cls,
        rows: Iterable[Self | Mapping[str, Any]],
        on_conflict: Sequence[Any],
        change: Sequence[Any] | None = None,
        *,
        returning: bool = False,
    ) -> list[Self] | int:
        """Insert rows, and change those that are there already; gives how many were given.

        `on_conflict` are the columns of a unique constraint (MariaDB and MySQL take any that is
        hurt), `change` those that are written over a row that is there: by default all that were
        given, none for `[]`. `returning` gives the rows that were written as objects.
        """
        return await upsert(cls, rows, on_conflict, change, returning=returning)

    # -- the unit of work ------------------------------------------------------------------------

    async def save(self) -> Self:
        """Store what is new or changed; committed with the unit of work."""
        await unit_now(type(self)).save(self)
        return self

    async def update(self, **values: Any) -> Self:
        """Change and store; raises `TypeError` for a name that is no column or relation."""
        mapper: Any = inspect(type(self))
        for name, value in values.items():
            if name not in mapper.attrs:
                raise TypeError(f"{type(self).__name__} has no attribute {name!r}")
            setattr(self, name, value)
        return await self.save()

    async def delete(self) -> None:
        """Delete the row; committed with the unit of work."""
        await unit_now(type(self)).delete(self)

    async def refresh(self) -> Self:
        """Read the row again, over what was changed and not saved."""
        await unit_now(type(self)).refresh(self)
        return self


@event.listens_for(BareModel, "instrument_class", propagate=True)
def _fetch_what_the_database_computes(mapper: Any, cls: type[Any]) -> None:
    """Read generated columns with each write: nothing is loaded behind an attribute later."""
    mapper.eager_defaults = True


@event.listens_for(BareModel, "mapper_configured", propagate=True)
def _leave_deletion_to_the_database(mapper: Any, cls: type[Any]) -> None:
    decide_deletion(mapper)


@event.listens_for(BareModel, "resolve_type_annotation")
def _find_type(asked: Any) -> Any:
    return type_of(asked.resolved_type)


def _key(**options: Any) -> Any:
    return field(primary_key=True, sort_order=-100, **options)


class Model(BareModel):
    """A model with an integer key that the database counts up."""

    __abstract__ = True

    id: Mapped[int] = _key()


def _uuid7() -> uuid.UUID:
    """Give a time-ordered key (RFC 9562, version 7)."""
    make = getattr(uuid, "uuid7", None)
    if make is not None:
        found: uuid.UUID = make()
        return found
    stamp = time.time_ns() // 1_000_000
    value = (stamp << 80) | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return uuid.UUID(int=value)


class UuidModel(BareModel):
    """A model with a UUID of version 7 as its key: ordered by time, made without the database."""

    __abstract__ = True

    id: Mapped[uuid.UUID] = _key(default_factory=_uuid7)


def _defaults_of(cls: type[BareModel]) -> dict[str, Any]:
    """Give the plain defaults of the columns, which an object has from the start."""
    found: dict[str, Any] | None = cls.__dict__.get("_defaults")
    if found is None:
        mapper: Any = inspect(cls)
        found = {
            prop.key: prop.columns[0].default.arg
            for prop in mapper.column_attrs
            if prop.columns[0].default is not None and prop.columns[0].default.is_scalar
        }
        cls._defaults = found
    return found
