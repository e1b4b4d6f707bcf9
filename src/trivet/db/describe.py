"""One description of a mapped class, for everybody who reads models: schemas, forms, the admin.

Made once for a class, of SQLAlchemy's mapper and the class's own annotations; nobody else looks at
either.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import cache
from inspect import get_annotations
from types import NoneType
from typing import Annotated, Any, ForwardRef, get_args, get_origin

from sqlalchemy import Enum, Index, String, Table, UniqueConstraint, inspect
from sqlalchemy.orm import Mapped, RelationshipDirection

from trivet.db.mistakes import configured

__all__ = ["Column", "Description", "Relation", "describe", "referred"]


@dataclass(frozen=True)
class Column:
    """One column of a model, as a person would describe it."""

    name: str
    annotation: Any
    """The Python type, without `None`; with Pydantic's metadata where the model has some."""
    is_nullable: bool
    has_default: bool
    """True where a new row needs no value: a default in Python or in the database, or a count."""
    is_key: bool
    is_computed: bool
    max_length: int | None = None
    default: Any = None
    """The plain value that a new row has, None where there is none or it is made for each row."""
    description: str | None = None
    is_private: bool = False
    """True for what is never shown unless asked for: `field(info={"private": True})`."""
    type: Any = None
    """SQLAlchemy's type of the column."""
    is_unique: bool = False
    """True where two rows must differ in it, alone or together with others."""
    is_reference: bool = False
    """True for a foreign key; `referred` says where it leads."""
    is_made: bool = False
    """True where a function makes the value, of each new row or with each change: a moment, a code.

    Functions that only make an empty list, dictionary or set do not count.
    """


@dataclass(frozen=True)
class Relation:
    """One relation of a model."""

    name: str
    target: type[Any]
    is_many: bool
    is_nullable: bool
    columns: tuple[str, ...] = ()
    """The model's own columns that it fills in."""


@dataclass(frozen=True)
class Description:
    """A mapped class: its columns and relations in declared order."""

    model: type[Any]
    columns: tuple[Column, ...]
    relations: tuple[Relation, ...] = field(default=())

    def column(self, name: str) -> Column | None:
        """Give the column `name`, or None."""
        return next((column for column in self.columns if column.name == name), None)

    def relation(self, name: str) -> Relation | None:
        """Give the relation `name`, or None."""
        return next((relation for relation in self.relations if relation.name == name), None)


@cache
def describe(model: Any) -> Description:
    """Describe a mapped class; raises SQLAlchemy's `NoInspectionAvailable` for any other."""
    mapper: Any = inspect(model)
    configured(mapper.registry)
    columns = tuple(_column(model, mapper, prop) for prop in mapper.column_attrs)
    relations = tuple(
        Relation(
            prop.key,
            prop.mapper.class_,
            bool(prop.uselist),
            not prop.uselist and _may_be_empty(prop),
            _filled(mapper, prop),
        )
        for prop in mapper.relationships
    )
    return Description(model, columns, relations)


def referred(model: Any, name: str) -> tuple[type[Any], str] | None:
    """Give the model and the attribute that the foreign key `name` leads to.

    Found when it is asked for, because the other model may be defined later than this one. None
    where no model has the other table.
    """
    mapper: Any = inspect(model)
    for key in mapper.column_attrs[name].columns[0].foreign_keys:
        for other in mapper.registry.mappers:
            if other.local_table is key.column.table and other.inherits is None:
                return other.class_, other.get_property_by_column(key.column).key
    return None


def _column(model: type[Any], mapper: Any, prop: Any) -> Column:
    column: Any = prop.columns[0]
    annotation = _annotation(model, prop.key)
    is_nullable = bool(getattr(column, "nullable", True))
    if annotation is None:
        annotation = _python_type(column)
    else:
        annotation, is_optional = _without_none(annotation)
        is_nullable = is_nullable or is_optional
    info: dict[str, Any] = dict(column.info)
    is_key = column in mapper.primary_key
    counts = is_key and getattr(column.table, "_autoincrement_column", None) is column
    return Column(
        name=prop.key,
        annotation=annotation,
        is_nullable=is_nullable,
        has_default=counts
        or getattr(column, "default", None) is not None
        or getattr(column, "server_default", None) is not None,
        is_key=is_key,
        is_computed=getattr(column, "computed", None) is not None or not hasattr(column, "table"),
        max_length=_max_length(column.type),
        default=_plain_default(column),
        description=info.get("description"),
        is_private=bool(info.get("private")),
        type=getattr(column, "type", None),
        is_unique=_is_unique(column),
        is_reference=bool(getattr(column, "foreign_keys", ())),
        is_made=_is_made(column),
    )


def _is_made(column: Any) -> bool:
    default = getattr(column, "default", None)
    if getattr(column, "onupdate", None) is not None:
        return True
    if default is None or default.is_scalar:
        return False
    function = getattr(default, "arg", None)  # SQLAlchemy's wrapper of what was given
    return getattr(function, "__wrapped__", function) not in (list, dict, set)


def _is_unique(column: Any) -> bool:
    table = getattr(column, "table", None)
    if not isinstance(table, Table):
        return False
    if column.unique or column.primary_key:
        return True
    rules = [*table.constraints, *(index for index in table.indexes if index.unique)]
    return any(
        column.name in rule.columns for rule in rules if isinstance(rule, UniqueConstraint | Index)
    )


def _may_be_empty(prop: Any) -> bool:
    """Tell whether there may be nothing at the other end; nobody has to refer to a row."""
    is_referring = prop.direction is RelationshipDirection.MANYTOONE
    return not is_referring or all(column.nullable for column in prop.local_columns)


def _filled(mapper: Any, prop: Any) -> tuple[str, ...]:
    if prop.direction is not RelationshipDirection.MANYTOONE:
        return ()
    return tuple(mapper.get_property_by_column(column).key for column in prop.local_columns)


def _max_length(kind: Any) -> int | None:
    return kind.length if isinstance(kind, String) and not isinstance(kind, Enum) else None


def _plain_default(column: Any) -> Any:
    default = getattr(column, "default", None)
    return default.arg if default is not None and default.is_scalar else None


def _python_type(column: Any) -> Any:
    try:
        return column.type.python_type
    except NotImplementedError:
        return Any


def _annotation(model: type[Any], name: str) -> Any:
    """Give what stands in `Mapped[…]` for the attribute, or None where nothing does."""
    for cls in model.__mro__:
        given = get_annotations(cls).get(name)
        if given is None:
            continue
        if isinstance(given, str):
            given = _evaluated(given, cls)
        origin: Any = get_origin(given)
        if origin is Mapped:
            (inner,) = get_args(given)
            return _evaluated(inner, cls) if isinstance(inner, str | ForwardRef) else inner
        return None
    return None


def _evaluated(given: Any, cls: type[Any]) -> Any:
    text = given.__forward_arg__ if isinstance(given, ForwardRef) else given
    scope = vars(sys.modules[cls.__module__])
    try:
        return eval(text, scope, dict(vars(cls)))  # the user's own annotation
    except NameError:
        return None


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """Give a type without `None`, and whether it had it."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        plain, is_optional = _without_none(inner)
        return Annotated[(plain, *metadata)], is_optional
    parts = get_args(annotation)
    if NoneType not in parts:
        return annotation, False
    kept = [part for part in parts if part is not NoneType]
    whole = kept[0]
    for part in kept[1:]:
        whole = whole | part
    return whole, True
