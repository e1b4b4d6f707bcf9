"""Classes for tables that are there: `reflect`, and what it gives."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from types import MappingProxyType, new_class
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped

from trivet.db.database import Database
from trivet.db.inheritance import ONLY_READ, refuse_views
from trivet.db.mistakes import configured
from trivet.db.model import BareModel
from trivet.db.reflect.keys import key_of, link_of, view_key_of
from trivet.db.reflect.kinds import Kind, kind_of
from trivet.db.reflect.names import attribute, class_names, is_secret
from trivet.db.reflect.relations import relate
from trivet.db.reflect.tables import Tables, read_tables
from trivet.errors import SetupError

__all__ = ["Reflected", "reflect"]

_KEYLESS = "it has neither a primary key nor a unique key that is never empty"
_SHADOW = "a virtual table keeps its own in it"
_ALIKE = "it has no column by which its rows can be told apart"


@dataclass(frozen=True)
class Reflected:
    """The models of a database that was there before: ``found["Album"]``, ``found["albums"]``."""

    base: type[BareModel]
    """The class above them all: `models=` of a Database of their own."""
    models: Mapping[str, type[Any]]
    """By the names of the classes, in the order of their tables' references."""
    views: frozenset[type[Any]]
    """Those of views, which are only read."""
    links: frozenset[type[Any]]
    """Those of tables that hold nothing but two foreign keys."""
    unusable: Mapping[str, str]
    """Why a table has no model, by the table's name."""

    def __getitem__(self, name: str) -> Any:  # a class whose columns are known to nobody else
        """Give a model by the name of its class or its table; raises `KeyError`."""
        found = self.models.get(name)
        if found is None:
            found = next((one for one in self if one.__table__.fullname == name), None)
        if found is None:
            raise KeyError(f"{name!r} is none of {', '.join(self.models)}")
        return found

    def __iter__(self) -> Iterator[Any]:
        return iter(self.models.values())

    def __len__(self) -> int:
        return len(self.models)


async def reflect(
    database: Database,
    *,
    only: Collection[str] | None = None,
    skip: Collection[str] | None = None,
    schemas: Collection[str] | None = None,
) -> Reflected:
    """Make a model for every table of a database that is there; nothing is changed in it.

    `only` and `skip` name tables (`"album"`, `"sales.*"`), `schemas` those that are read instead of
    the connection's own. The models are used in units of work of this database. Columns that are
    called like passwords are private. Raises `SetupError` for a name in `only` that no table has.
    """
    base: Any = new_class("Reflected", (BareModel,), {"apart": True})
    base.__module__ = __name__
    # Names of constraints are those that are there, not those by rule.
    base.metadata.naming_convention = MetaData().naming_convention

    def read(connection: Connection) -> Reflected:
        found = read_tables(connection, metadata=base.metadata, schemas=schemas, views=True)
        return _models(base, found, connection.dialect.name, _Choice(only, skip))

    async with database.engine.connect() as connection:
        made = await connection.run_sync(read)
    database.keep_also(base.registry)
    return made


@dataclass(frozen=True)
class _Choice:
    only: Collection[str] | None
    skip: Collection[str] | None

    def tables(self, found: list[Table]) -> list[Table]:
        """Give the tables that are wanted; raises `SetupError`."""
        for name in self.only or ():
            if not any(_is_named(table, (name,)) for table in found):
                names = [table.fullname for table in found]
                near = (get_close_matches(name, names, 1) or names or ["…"])[0]
                raise SetupError(
                    f"there is no table {name!r} to make a model of",
                    code="db.reflect-table",
                    mend=f'only=["{near}"]',
                )
        kept = found if self.only is None else [t for t in found if _is_named(t, self.only)]
        return [table for table in kept if not _is_named(table, self.skip or ())]


def _is_named(table: Table, patterns: Collection[str]) -> bool:
    names = (table.name, table.fullname)
    return any(name == one or fnmatchcase(name, one) for name in names for one in patterns)


def _models(base: Any, found: Tables, dialect: str, choice: _Choice) -> Reflected:
    chosen = choice.tables(found.sorted())
    kinds = {
        column: kind_of(column, dialect, found.type_in_words(table, column.name))
        for table in found.metadata.tables.values()
        for column in table.columns
    }
    for column, kind in kinds.items():
        column.type = kind.type
    called = class_names((table.schema, table.name) for table in chosen)
    classes: dict[Table, type[Any]] = {}
    names: dict[Table, dict[Column[Any], str]] = {}
    unusable: dict[str, str] = {}
    for table in chosen:
        if table.name in found.shadows:
            unusable[table.fullname] = _SHADOW
            continue
        is_view = table.key in found.views
        key = view_key_of(table) if is_view else key_of(table)
        if key is None:
            unusable[table.fullname] = _ALIKE if is_view else _KEYLESS
            continue
        names[table] = _attributes(table)
        try:
            made = _model(base, called[table.schema, table.name], table, names[table], key)
        except SQLAlchemyError as error:
            unusable[table.fullname] = str(error)
            continue
        made.__annotations__ = _annotations(names[table], kinds)
        if is_view:
            _refuse_writes(made)
        classes[table] = made
    between = [table for table in chosen if link_of(table) is not None]
    relate(classes, names, between)
    configured(base.registry)
    return Reflected(
        base,
        MappingProxyType({model.__name__: model for model in classes.values()}),
        frozenset(classes[table] for table in classes if table.key in found.views),
        frozenset(classes[table] for table in between if table in classes),
        MappingProxyType(unusable),
    )


def _attributes(table: Table) -> dict[Column[Any], str]:
    names: dict[Column[Any], str] = {}
    for column in table.columns:
        names[column] = attribute(column.name, set(names.values()))
    return names


def _model(
    base: Any, name: str, table: Table, names: Mapping[Column[Any], str], key: tuple[Any, ...]
) -> type[Any]:
    for column in table.columns:
        if column.comment:
            column.info.setdefault("description", column.comment)
        if is_secret(column.name):
            column.info["private"] = True
    for column in key:
        column.nullable = column.nullable and not column.primary_key  # SQLite's may be empty
    body: dict[str, Any] = {
        "__table__": table,
        "__module__": __name__,
        "__doc__": table.comment or f"A row of {table.fullname}.",
        "__mapper_args__": {"primary_key": list(key)},
        **{attribute: column for column, attribute in names.items()},
    }
    return new_class(name, (base,), {}, lambda namespace: namespace.update(body))


def _annotations(names: Mapping[Column[Any], str], kinds: Mapping[Column[Any], Kind]) -> Any:
    """Give what a class would say of its columns."""
    found: dict[str, Any] = {}
    for column, name in names.items():
        annotation: Any = kinds[column].annotation
        whole: Any = annotation | None if column.nullable else annotation
        found[name] = Mapped[whole]
    return found


def _refuse_writes(model: type[Any]) -> None:
    def refuse(*_: Any) -> None:
        refuse_views(model)

    model.__table__.info[ONLY_READ] = True
    for name in ("before_insert", "before_update", "before_delete"):
        event.listen(model, name, refuse)
