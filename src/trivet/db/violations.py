"""Which fields of a model a constraint is about, from what each database says of it.

PostgreSQL names the table, the constraint and the columns; MariaDB the constraint, in its message;
SQLite the columns or the constraint, and of foreign keys nothing. None of the values that such
messages quote is taken: they may be another's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import CheckConstraint, Index, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import registry
from sqlalchemy.schema import ColumnCollectionConstraint

from trivet.db.errors import CheckViolation, ForeignKeyViolation, UniqueViolation, Violation
from trivet.db.faults import Fault

__all__ = ["violation_of"]

_KINDS: dict[Fault, type[Violation]] = {
    Fault.UNIQUE: UniqueViolation,
    Fault.FOREIGN_KEY: ForeignKeyViolation,
    Fault.CHECK: CheckViolation,
}
# PostgreSQL, in every language of its messages: "Key (shelf_id, title)=(1, One) …".
_PG_COLUMNS = re.compile(r"\(([^=]+)\)=\(")
_SQLITE_COLUMNS = re.compile(r"UNIQUE constraint failed: (.+)")
# SQLite's name of a check and MariaDB's of a key, a check or a foreign key; MySQL writes the table
# before a key.
_RULE = (
    re.compile(r"CHECK constraint failed: (\w+)$"),
    re.compile(r"for key '(?:[^']*\.)?([^'.]+)'"),
    re.compile(r"CONSTRAINT `(?:[^`]*`\.`)?([^`]+)`"),
    re.compile(r"Check constraint '([^']+)'"),
)
_MARIADB_TABLE = re.compile(r"\(`[^`]*`\.`([^`]+)`, CONSTRAINT")
_WRITTEN = re.compile(r"^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+[`\"]?(\w+)", re.IGNORECASE)
_IS_NAMED_STILL = 1451


def violation_of(
    fault: Fault, error: DBAPIError, statement: Any, models: Sequence[registry]
) -> Violation | None:
    """Say which rule of `models` was broken; None where `fault` is none of a rule.

    `statement` is SQLAlchemy's that was run, or None where it is not known.
    """
    kind = _KINDS.get(fault)
    if kind is None:
        return None
    orig: Any = error.orig
    # PostgreSQL's own error, behind the one that SQLAlchemy made of it.
    told = getattr(orig, "__cause__", None) or orig
    message = " ".join(str(part) for part in getattr(orig, "args", ()))
    rule = getattr(told, "constraint_name", None) or _first(_RULE, message)
    table_name = getattr(told, "table_name", None) or _first((_MARIADB_TABLE,), message)
    columns: tuple[str, ...] = ()
    if found := _SQLITE_COLUMNS.search(message):
        pairs = [part.strip().rpartition(".") for part in found[1].split(",")]
        table_name, columns = pairs[0][0], tuple(name for _, _, name in pairs)
    elif found := _PG_COLUMNS.search(getattr(told, "detail", None) or ""):
        columns = tuple(part.strip(' "') for part in found[1].split(","))
    table: Any = getattr(statement, "table", None)
    if table is None and table_name is None:  # written without SQLAlchemy's statement
        table_name = _first((_WRITTEN,), error.statement or "")
    if table_name is not None and getattr(table, "name", None) != table_name:
        named = (one.metadata.tables.get(table_name) for one in models)
        table = next((one for one in named if one is not None), table)
    if isinstance(table, Table) and rule is not None:
        columns = _columns_of(table, rule) or columns
    made = kind.of(error, _attributes(table, columns, models), rule)
    if isinstance(made, ForeignKeyViolation):
        made.is_still_named = (
            getattr(orig, "args", (None,))[0] == _IS_NAMED_STILL
            or (error.statement or "").lstrip()[:6].upper() == "DELETE"
            or "update or delete on table" in message
        )
    return made


def _first(patterns: tuple[re.Pattern[str], ...], message: str) -> str | None:
    for pattern in patterns:
        if found := pattern.search(message):
            return found[1]
    return None


def _columns_of(table: Table, rule: str) -> tuple[str, ...]:
    """Give the names of the columns of a constraint or an index."""
    if rule == "PRIMARY":  # MariaDB's name of every one
        return tuple(column.name for column in table.primary_key)
    for one in (*table.constraints, *table.indexes):
        if getattr(one, "name", None) != rule:
            continue
        if isinstance(one, CheckConstraint):
            words = set(re.findall(r"\w+", str(one.sqltext)))
            return tuple(column.name for column in table.columns if column.name in words)
        if isinstance(one, ColumnCollectionConstraint | Index):
            return tuple(column.name for column in one.columns)
    return ()


def _attributes(
    table: Any, columns: tuple[str, ...], models: Sequence[registry]
) -> tuple[str, ...]:
    """Give the names that columns have in the model."""
    for mapper in (mapper for one in models for mapper in one.mappers):
        if mapper.local_table is table:
            keys = {prop.columns[0].name: prop.key for prop in mapper.column_attrs}
            return tuple(keys.get(name, name) for name in columns)
    return columns
