"""What a foreign key means for the rows behind it when the row that they name is deleted.

The ORM's word comes first, as it is the ORM that deletes: a relation that cascades, one that
empties the key, the rows of a link table. What no relation knows, the database does: CASCADE, SET
NULL, or nothing, and then the row is held.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from sqlalchemy import Table, inspect
from sqlalchemy.exc import NoReferencedTableError
from sqlalchemy.orm import RelationshipDirection

__all__ = ["Bond", "bonds_of", "model_of_table"]

Effect = Literal["gone", "kept", "held"]


@dataclass(frozen=True, eq=False)
class Bond:
    """One foreign key that leads to a table."""

    table: Table
    model: Any
    """The mapped class of the rows that have the key; None for a link table."""
    columns: tuple[Any, ...]
    targets: tuple[Any, ...]
    """The columns that it names, in the same order."""
    effect: Effect
    """What becomes of the rows: they are gone too, are kept without the key, or hold the row."""


@cache
def bonds_of(model: Any) -> tuple[Bond, ...]:
    """Give the foreign keys that lead to the tables of a mapped class."""
    mapper: Any = inspect(model)
    family = {one.local_table for one in mapper.base_mapper.self_and_descendants}
    return tuple(
        Bond(
            table,
            model_of_table(mapper.registry, table),
            tuple(key.columns),
            tuple(one.column for one in key.elements),
            _effect(mapper, key),
        )
        for table, key in _keys(mapper, family)
    )


def _keys(mapper: Any, family: set[Any]) -> Iterator[tuple[Table, Any]]:
    for table in mapper.local_table.metadata.tables.values():
        for key in table.foreign_key_constraints:
            try:
                target = key.referred_table
            except NoReferencedTableError:  # a table that nobody has described
                continue
            is_own = table in family and {one.name for one in key.columns} == {
                one.name for one in table.primary_key
            }  # a class that inherits has its row in both
            if target in family and not is_own:
                yield table, key


def model_of_table(registry: Any, table: Table) -> Any:
    """Give the mapped class whose rows are in a table, or None."""
    found = [one for one in registry.mappers if one.local_table is table]
    found.sort(key=lambda one: one.inherits is not None)
    return found[0].class_ if found else None


def _effect(mapper: Any, key: Any) -> Effect:
    pairs = {(one.column, one.parent) for one in key.elements}
    for relation in (r for one in mapper.self_and_descendants for r in one.relationships):
        if relation.viewonly:
            continue
        if relation.secondary is not None and relation.secondary is key.table:
            if set(relation.synchronize_pairs) & pairs:
                return _by_database(key) if relation.passive_deletes else "gone"
            continue
        is_many = relation.direction is RelationshipDirection.ONETOMANY
        if is_many and set(relation.local_remote_pairs) == pairs:
            if relation.cascade.delete:
                return "gone"
            if relation.passive_deletes:
                return _by_database(key)
            return "kept" if all(column.nullable for column in key.columns) else "held"
    return _by_database(key)


def _by_database(key: Any) -> Effect:
    done = (key.ondelete or "").upper()
    if done == "CASCADE":
        return "gone"
    return "kept" if done in ("SET NULL", "SET DEFAULT") else "held"
