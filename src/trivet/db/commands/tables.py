"""The tables of a database by the names that a person uses: those of models, and their own."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Column, MetaData, Table, inspect

from trivet.db.commands.values import Field, field_of
from trivet.db.describe import describe
from trivet.db.model import BareModel
from trivet.errors import SetupError

__all__ = ["Tables"]


class Tables:
    """What a dump may hold."""

    def __init__(self, metadata: MetaData) -> None:
        self._tables = dict(metadata.tables)
        self._mappers: list[Any] = [
            mapper
            for mapper in _mappers_below(BareModel)
            if mapper.local_table in metadata.tables.values()
        ]
        self._models = {mapper.class_.__name__: mapper for mapper in self._mappers}
        self._annotations: dict[Column[Any], Any] = {}
        for mapper in self._mappers:
            described = {column.name: column for column in describe(mapper.class_).columns}
            for prop in mapper.column_attrs:
                for column in prop.columns:
                    if isinstance(column, Column):
                        self._annotations[column] = described[prop.key].annotation

    def names(self) -> list[str]:
        """Give all names, those of models first."""
        secondary = [key for key, table in self._tables.items() if self.label(table) == key]
        return [*sorted(self._models), *sorted(secondary)]

    def named(self, name: str) -> Table | None:
        """Give the table of a model's or a table's name."""
        table = self._tables.get(name)
        if table is None and name in self._models:
            table = self._models[name].local_table
        return table

    def label(self, table: Table) -> str:
        """Give what a message calls a table: its model, if it has one."""
        for mapper in self._mappers:
            if mapper.local_table is table and not (
                mapper.inherits is not None and mapper.inherits.local_table is table
            ):
                name: str = mapper.class_.__name__
                return name
        return table.key

    def chosen(self, names: Sequence[str]) -> list[Table]:
        """Give the tables of these models, all for none; raises `SetupError`.

        Tables between two of them, which have no model, come along.
        """
        if not names:
            return list(self._tables.values())
        found: set[Table] = set()
        for name in names:
            mapper = self._models.get(name)
            table = self.named(name)
            if table is None:
                raise SetupError(
                    f"there is no model or table {name!r}",
                    code="db.dump-model",
                    mend=self.nearest(name),
                )
            found |= {table} if mapper is None else set(mapper.tables)
        between = {
            relation.secondary for mapper in self._mappers for relation in mapper.relationships
        } - {None}
        for table in between:
            if all(key.referred_table in found for key in table.foreign_key_constraints):
                found.add(table)
        return list(found)

    def nearest(self, name: str) -> str:
        """Give the names that one may have meant."""
        return ", ".join(nearest(name, self.names())) or "no model was imported"

    def fields(self, table: Table) -> list[Field]:
        """Give the columns of a table that have values of their own; raises `SetupError`."""
        return [
            field_of(column, self._annotations.get(column))
            for column in table.columns
            if column.computed is None
        ]


def _mappers_below(base: type[Any]) -> Iterator[Any]:
    """Give what is mapped; models of several databases are in several registries."""
    for model in base.__subclasses__():
        if "__mapper__" in vars(model):
            yield inspect(model)
        yield from _mappers_below(model)


def nearest(name: str, names: Iterable[str]) -> list[str]:
    """Give those that are spelt like it, all where none is."""
    listed = list(names)
    return difflib.get_close_matches(name, listed, cutoff=0.5) or listed
