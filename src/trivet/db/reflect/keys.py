"""What makes the rows of a table differ: its primary key, or what may stand for one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Table, UniqueConstraint
from sqlalchemy import types as known

from trivet.db.reflect.kinds import AsKept

__all__ = ["is_single", "key_of", "link_of", "view_key_of"]

Columns = tuple[Column[Any], ...]


def key_of(table: Table) -> Columns | None:
    """Give the primary key, or else the shortest unique key that is never empty; None without."""
    if table.primary_key.columns:
        return tuple(table.primary_key.columns)
    found = [
        columns for columns in _uniques(table) if columns and not any(c.nullable for c in columns)
    ]
    return min(found, key=lambda columns: (len(columns), columns[0].name), default=None)


def view_key_of(table: Table) -> Columns | None:
    """Give all columns of a view by which rows can be told apart; nothing in it is sure to be."""
    return tuple(column for column in table.columns if not _is_changeable(column.type)) or None


def is_single(constraint: ForeignKeyConstraint) -> bool:
    """Tell whether at most one row has the same values in a foreign key."""
    columns = set(constraint.columns)
    keys = [tuple(constraint.table.primary_key.columns), *_uniques(constraint.table)]
    return any(key and set(key) <= columns for key in keys)


def link_of(table: Table) -> tuple[ForeignKeyConstraint, ForeignKeyConstraint] | None:
    """Give the two foreign keys of a table that holds nothing else; None for any other table."""
    keys = sorted(table.foreign_key_constraints, key=lambda one: [c.name for c in one.columns])
    if len(keys) != 2:
        return None
    first, second = ([*key.columns] for key in keys)
    if set(first) & set(second) or {*first, *second} != set(table.columns):
        return None
    if any(is_single(key) for key in keys):
        return None  # at most one on a side: a relation to one
    return keys[0], keys[1]


def _uniques(table: Table) -> list[Columns]:
    found: list[Columns] = [
        tuple(one.columns) for one in table.constraints if isinstance(one, UniqueConstraint)
    ]
    for index in table.indexes:
        is_partial = any(
            options.get("where") is not None for options in index.dialect_options.values()
        )
        columns = tuple(index.columns)
        if index.unique and not is_partial and len(columns) == len(list(index.expressions)):
            found.append(columns)
    return found


def _is_changeable(kind: Any) -> bool:
    inner = kind.inner if isinstance(kind, AsKept) else kind
    return isinstance(inner, known.JSON | known.ARRAY)
