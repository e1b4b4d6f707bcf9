"""What a database says of its tables, read once for all who make models of them."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ARRAY,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    inspect,
    text,
)
from sqlalchemy.exc import InvalidRequestError, NoReferencedColumnError, NoReferencedTableError
from sqlalchemy.types import NullType

__all__ = ["IS_JSON", "OWN_TABLES", "Tables", "read_tables"]

OWN_TABLES = frozenset({"alembic_version"})
"""Tables that belong to tools."""
IS_JSON = "json"
"""What `written` says of MariaDB's JSON, which is a text with a check."""

_POSTGRES_TYPES = text(
    "SELECT n.nspname, c.relname, a.attname,"
    " format_type(a.atttypid, a.atttypmod) || repeat('[]', a.attndims - 1)"
    " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'm', 'f', 'p')"
    " AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
)
_MYSQL_TYPES = text(
    "SELECT table_schema, table_name, column_name, column_type FROM information_schema.columns"
    " WHERE table_schema NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys')"
)
_MARIADB_JSON = text(
    "SELECT constraint_schema, table_name, check_clause FROM information_schema.check_constraints"
    " WHERE check_clause LIKE 'json_valid(%'"
)
_SQLITE_TYPES = text(
    "SELECT NULL, m.name, p.name, p.type FROM sqlite_master m, pragma_table_xinfo(m.name) p"
    " WHERE m.type IN ('table', 'view')"
)


@dataclass(frozen=True)
class Tables:
    """Tables and views, and what SQLAlchemy does not say of them."""

    metadata: MetaData
    views: frozenset[str] = frozenset()
    """The views among them, by their keys in the MetaData."""
    shadows: frozenset[str] = frozenset()
    """Tables in which SQLite keeps what virtual tables show."""
    written: dict[tuple[str | None, str, str], str] = field(default_factory=dict)
    """Types in the database's own words: by schema, table and column; not all are there."""

    def sorted(self) -> list[Table]:
        """Give the tables, those that others refer to before those."""
        with warnings.catch_warnings():  # they may refer to each other; models do not mind
            warnings.filterwarnings("ignore", message="Cannot correctly sort tables")
            return [one for one in self.metadata.sorted_tables if one.name not in OWN_TABLES]

    def type_in_words(self, table: Table, column: str) -> str:
        """Give the type that a column was declared with, empty where nobody knows."""
        return self.written.get((table.schema, table.name, column), "")


def read_tables(
    connection: Connection,
    *,
    metadata: MetaData | None = None,
    schemas: Collection[str] | None = None,
    views: bool = False,
) -> Tables:
    """Read all tables of the connection's own schema, or of `schemas`.

    Foreign keys to what is not there, as SQLite allows them, are left out.
    """
    found = MetaData() if metadata is None else metadata
    seen: set[str] = set()
    looker = inspect(connection)
    with warnings.catch_warnings():  # unknown types and lost references have their ways below
        warnings.simplefilter("ignore")
        for schema in _asked(connection, schemas):
            found.reflect(connection, schema=schema, views=views, resolve_fks=False)
            if views:
                names = [*looker.get_view_names(schema), *_materialized(looker, schema)]
                seen |= {name if schema is None else f"{schema}.{name}" for name in names}
    for table in found.tables.values():
        _drop_lost_references(table)
        if connection.dialect.name == "sqlite" and table.key not in seen:
            _add_uniques(table, looker)
    return Tables(found, frozenset(seen), _shadows(connection), _written(connection, found))


def _asked(connection: Connection, schemas: Collection[str] | None) -> list[str | None]:
    """Give the schemas; None is the connection's own, as references to its tables have it."""
    own = connection.dialect.default_schema_name
    asked = [None] if schemas is None else [None if one == own else one for one in schemas]
    return list(dict.fromkeys(asked))


def _add_uniques(table: Table, looker: Any) -> None:
    """Add what SQLite keeps of a UNIQUE behind a column, whose text SQLAlchemy does not read."""
    kinds = (UniqueConstraint, PrimaryKeyConstraint)
    uniques = [one for one in table.constraints if isinstance(one, kinds)]
    known = {tuple(column.name for column in one.columns) for one in uniques}
    for index in looker.get_indexes(table.name, table.schema, include_auto_indexes=True):
        names = tuple(index["column_names"])
        is_hidden = index["name"].startswith("sqlite_autoindex_")
        if is_hidden and names not in known and None not in names:
            table.append_constraint(UniqueConstraint(*names))


def _shadows(connection: Connection) -> frozenset[str]:
    version: Any = connection.dialect.server_version_info
    if connection.dialect.name != "sqlite" or version < (3, 37):
        return frozenset()
    asked = text("SELECT name FROM pragma_table_list WHERE type = 'shadow'")
    return frozenset(connection.scalars(asked))


def _materialized(looker: object, schema: str | None) -> list[str]:
    try:
        return list(looker.get_materialized_view_names(schema))  # type: ignore[attr-defined]
    except NotImplementedError:
        return []


def _drop_lost_references(table: Table) -> None:
    for constraint in list(table.foreign_key_constraints):
        try:
            for element in constraint.elements:
                _ = element.column
        except (NoReferencedTableError, NoReferencedColumnError, InvalidRequestError):
            table.constraints.discard(constraint)
            for element in constraint.elements:
                element.parent.foreign_keys.discard(element)
                table.foreign_keys.discard(element)


def _written(connection: Connection, metadata: MetaData) -> dict[tuple[str | None, str, str], str]:
    """Ask for the declared types where SQLAlchemy does not know some."""
    dialect = connection.dialect
    is_sqlite = dialect.name == "sqlite"  # whose unknown types look like numbers
    columns = (column for table in metadata.tables.values() for column in table.columns)
    rows: list[Any] = []
    if is_sqlite or any(isinstance(column.type, NullType | ARRAY) for column in columns):
        queries = {"postgresql": _POSTGRES_TYPES, "sqlite": _SQLITE_TYPES}
        rows += connection.execute(queries.get(dialect.name, _MYSQL_TYPES)).all()
    if getattr(dialect, "is_mariadb", False):
        checks = connection.execute(_MARIADB_JSON).all()
        rows += [(*names, clause[12:-2], IS_JSON) for *names, clause in checks]
    default = None if is_sqlite else dialect.default_schema_name
    found: dict[tuple[str | None, str, str], str] = {}
    for schema, table, column, words in rows:
        found[schema, table, column] = str(words or "")
        if schema == default:
            found[None, table, column] = str(words or "")
    return found
