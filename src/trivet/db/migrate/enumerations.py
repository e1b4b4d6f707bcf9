"""Enumerations whose names changed, on PostgreSQL: a type there that tables share.

New names are added; where one goes or moves, the type is made anew and the columns are turned over,
which fails where a row has a name that is gone. Elsewhere an enumeration is a column's own type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from sqlalchemy import Connection, Enum, MetaData, inspect, text

__all__ = ["ChangedEnumeration", "changed_enumerations"]


@dataclass(frozen=True)
class _Use:
    """A column of the type, and its default in the database's words."""

    table: str
    column: str
    default: str | None


class ChangedEnumeration(ops.MigrateOperation):
    """An enumeration with other names than before."""

    def __init__(
        self, name: str, before: list[str], after: list[str], uses: tuple[_Use, ...]
    ) -> None:
        self.name = name
        self.before = before
        self.after = after
        self.uses = uses

    def reverse(self) -> ChangedEnumeration:
        """Give the way back."""
        return ChangedEnumeration(self.name, self.after, self.before, self.uses)

    def statements(self) -> list[str]:
        """Give what PostgreSQL is told."""
        kept = [name for name in self.after if name in self.before]
        if kept == self.before:
            return self._added()
        type_ = f'"{self.name}"'
        old = f'"{self.name}_before"'
        found = [
            f"ALTER TYPE {type_} RENAME TO {old}",
            f"CREATE TYPE {type_} AS ENUM ({', '.join(map(_quoted, self.after))})",
        ]
        for use in self.uses:
            change = f'ALTER TABLE "{use.table}" ALTER COLUMN "{use.column}"'
            if use.default is not None:
                found.append(f"{change} DROP DEFAULT")
            found.append(f'{change} TYPE {type_} USING "{use.column}"::text::{type_}')
            if use.default is not None:
                found.append(f"{change} SET DEFAULT {use.default}")
        return [*found, f"DROP TYPE {old}"]

    def _added(self) -> list[str]:
        found = []
        there = list(self.before)
        for place, name in enumerate(self.after):
            if name not in there:
                where = f" BEFORE {_quoted(there[place])}" if place < len(there) else ""
                found.append(f'ALTER TYPE "{self.name}" ADD VALUE {_quoted(name)}{where}')
                there.insert(place, name)
        return found


@renderers.dispatch_for(ChangedEnumeration)
def _render(context: AutogenContext, op: ChangedEnumeration) -> list[str]:
    lines = ['if op.get_context().dialect.name == "postgresql":']
    lines += [f"op.execute({statement!r})" for statement in op.statements()]
    return [*lines, ""]


def changed_enumerations(connection: Connection, metadata: MetaData) -> list[ops.MigrateOperation]:
    """Give the enumerations that are there with other names than the models'."""
    if connection.dialect.name != "postgresql":
        return []
    inspector: Any = inspect(connection)
    there = {one["name"]: one["labels"] for one in inspector.get_enums()}
    wanted = {
        str(column.type.name): list(column.type.enums)
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Enum) and column.type.native_enum and column.type.name
    }
    return [
        ChangedEnumeration(name, there[name], names, _uses(connection, name))
        for name, names in sorted(wanted.items())
        if name in there and there[name] != names
    ]


def _uses(connection: Connection, name: str) -> tuple[_Use, ...]:
    rows = connection.execute(
        text(
            "SELECT table_name, column_name, column_default FROM information_schema.columns"
            " WHERE udt_name = :name AND table_schema = current_schema()"
            " ORDER BY table_name, column_name"
        ),
        {"name": name},
    )
    return tuple(_Use(*row) for row in rows)


def _quoted(name: str) -> str:
    escaped = name.replace("'", "''")
    return f"'{escaped}'"
