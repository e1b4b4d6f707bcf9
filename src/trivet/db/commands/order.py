"""Tables in an order in which their rows can be stored: what is referred to comes first.

Where references go round in a circle, such as a person's boss who is a person, some of them are
left open at first and set when all rows are there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Table

__all__ = ["Step", "in_order"]


@dataclass(frozen=True)
class Step:
    """One table, and its columns that are set when all rows of all tables are there."""

    table: Table
    later: tuple[Column[Any], ...]


def in_order(tables: Iterable[Table]) -> list[Step]:
    """Give the tables, each behind those that it refers to, and what is to be set later.

    A circle without a column that may be NULL cannot be cut: its tables come as they are named.
    """
    left = sorted(tables, key=lambda table: table.key)
    keys = {
        (table, key)
        for table in left
        for key in table.foreign_key_constraints
        if key.referred_table in left
    }
    later: dict[Table, set[Column[Any]]] = {table: set() for table in left}
    for table, key in list(keys):
        if key.referred_table is table:
            keys.discard((table, key))
            later[table] |= _open(key)
    found: list[Step] = []
    while left:
        waiting = {table for table, key in keys if key.referred_table in left}
        free = next((table for table in left if table not in waiting), None)
        if free is None:
            free = _cut(left, keys, later)
        if free is not None:
            left.remove(free)
            columns = [column for column in free.columns if column in later[free]]
            found.append(Step(free, tuple(columns)))
    return found


_Keys = set[tuple[Table, ForeignKeyConstraint]]


def _cut(left: list[Table], keys: _Keys, later: dict[Table, set[Column[Any]]]) -> Table | None:
    """Open one reference of a circle, or give a table of it that has to come first anyway."""
    waits: dict[Table, set[Table]] = {table: set() for table in left}
    for table, key in keys:
        if table in waits and key.referred_table in waits:
            waits[table].add(key.referred_table)
    circle = [table for table in left if table in _reached(table, waits)]
    for table in circle:
        for key in sorted(table.foreign_key_constraints, key=lambda key: list(key.column_keys)):
            there = key.referred_table
            if (table, key) in keys and there in circle and table in _reached(there, waits):
                columns = _open(key)
                if columns:
                    keys.discard((table, key))
                    later[table] |= columns
                    return None
    return circle[0]


def _reached(start: Table, waits: dict[Table, set[Table]]) -> set[Table]:
    """Give all tables that one comes to from `start`."""
    found: set[Table] = set()
    edge = [start]
    while edge:
        for table in waits[edge.pop()] - found:
            found.add(table)
            edge.append(table)
    return found


def _open(key: ForeignKeyConstraint) -> set[Column[Any]]:
    """Give the columns of a reference that may be NULL at first, and be set by the row's key."""
    if not key.table.primary_key.columns:
        return set()
    return {column for column in key.columns if column.nullable and not column.primary_key}
