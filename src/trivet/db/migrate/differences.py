"""What differs between the models and a database, with renames found by asking."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

from alembic.autogenerate import produce_migrations, renderers
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import _repr_type
from alembic.operations import ops
from sqlalchemy import Connection, MetaData, UniqueConstraint, inspect

from trivet.db.migrate.circles import cut_circles
from trivet.db.migrate.enumerations import ChangedEnumeration, changed_enumerations
from trivet.db.migrate.runner import context_of

__all__ = ["Ask", "differences", "summary"]

_NOW = re.compile(r"\(?(now|current_timestamp|localtimestamp|localtime)(\(\))?\)?", re.IGNORECASE)

Ask = Callable[[str], bool]
"""A question that is answered with yes or no."""


class RenamedTable(ops.RenameTableOp):
    """A rename of a table that knows its way back."""

    def reverse(self) -> RenamedTable:
        """Give the rename back."""
        return RenamedTable(self.new_table_name, self.table_name, schema=self.schema)


class RenamedColumn(ops.AlterColumnOp):
    """A rename of a column that knows its way back."""

    def reverse(self) -> RenamedColumn:
        """Give the rename back."""
        return _renamed_column(
            self.table_name, str(self.modify_name), self.column_name, self, self.schema
        )


@renderers.dispatch_for(RenamedTable)
def _render_table(context: AutogenContext, op: RenamedTable) -> str:
    schema = f", schema={op.schema!r}" if op.schema else ""
    return f"op.rename_table({op.table_name!r}, {op.new_table_name!r}{schema})"


@renderers.dispatch_for(RenamedColumn)
def _render_column(context: AutogenContext, op: RenamedColumn) -> str:
    kind: Any = op.existing_type
    # MySQL needs the whole column to rename it.
    return (
        f"batch_op.alter_column({op.column_name!r}, new_column_name={op.modify_name!r},"
        f" existing_type={_repr_type(kind, context)},"
        f" existing_nullable={op.existing_nullable!r})"
    )


def _renamed_column(
    table: str, old: str, new: str, like: ops.AlterColumnOp, schema: str | None
) -> RenamedColumn:
    return RenamedColumn(
        table,
        old,
        schema=schema,
        modify_name=new,
        existing_type=like.existing_type,
        existing_nullable=like.existing_nullable,
    )


def differences(connection: Connection, metadata: MetaData, ask: Ask | None) -> ops.UpgradeOps:
    """Give what would bring the database to the models; `ask` decides what was renamed."""
    schemas = {table.schema for table in metadata.tables.values()}

    def is_looked_at(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "schema":
            return name is None or name in schemas
        return _is_by_rule(name, kind, parents)

    context = context_of(
        connection,
        metadata,
        include_object=_is_ours,
        include_name=is_looked_at,
        include_schemas=bool(schemas - {None}),
        autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Cannot correctly sort tables")  # we do, below
        found = produce_migrations(context, metadata).upgrade_ops
    assert found is not None
    cut_circles(found)
    found.ops[:0] = changed_enumerations(connection, metadata)
    if connection.dialect.name == "sqlite":
        _leave_sqlite(found, connection, metadata)
    if connection.dialect.name in ("mysql", "mariadb"):
        _leave_names_of_now(found)
    if ask is not None:
        _find_renamed_tables(found, ask)
        _find_renamed_columns(found, ask)
    return found


def _leave_sqlite(found: ops.UpgradeOps, connection: Connection, metadata: MetaData) -> None:
    """Leave out what SQLite tells differently, and what is no difference.

    `INTEGER PRIMARY KEY` may be NULL, it says, where none can be; constraints may have no names.
    """
    for table in found.ops:
        if not isinstance(table, ops.ModifyTableOps):
            continue
        for op in list(table.ops):
            if isinstance(op, ops.CreateUniqueConstraintOp):
                if _is_there_unnamed(op, connection):
                    table.ops.remove(op)
            elif isinstance(op, ops.AlterColumnOp) and op.modify_nullable is False:
                column = metadata.tables[op.table_name].c.get(op.column_name)
                if column is not None and column.primary_key:
                    op.modify_nullable = None
                    if not op.has_changes():
                        table.ops.remove(op)
    found.ops[:] = [one for one in found.ops if not isinstance(one, ops.ModifyTableOps) or one.ops]


def _leave_names_of_now(found: ops.UpgradeOps) -> None:
    """Leave out defaults that differ in what MariaDB calls the present time, and in nothing."""
    for table in [one for one in found.ops if isinstance(one, ops.ModifyTableOps)]:
        for op in list(table.ops):
            if isinstance(op, ops.AlterColumnOp) and op.modify_server_default is not False:
                both = (op.existing_server_default, op.modify_server_default)
                if all(_NOW.fullmatch(str(getattr(one, "arg", ""))) for one in both):
                    op.modify_server_default = False
                    if not op.has_changes():
                        table.ops.remove(op)
    found.ops[:] = [one for one in found.ops if not isinstance(one, ops.ModifyTableOps) or one.ops]


def _is_there_unnamed(op: ops.CreateUniqueConstraintOp, connection: Connection) -> bool:
    there = inspect(connection).get_unique_constraints(op.table_name)
    names = [str(getattr(column, "name", column)) for column in op.columns]
    return any(one["name"] is None and one["column_names"] == names for one in there)


def _is_ours(thing: Any, name: str | None, kind: str, is_reflected: bool, other: Any) -> bool:
    """Leave out what SQLite keeps for itself, and what PostGIS and its like bring."""
    return not (kind == "table" and (name or "").startswith("sqlite_"))


def _is_by_rule(name: str | None, kind: str, parents: Any) -> bool:
    """Leave out checks that the database made itself, such as MariaDB for a column of JSON."""
    if kind != "check_constraint":
        return True
    return (name or "").startswith(f"ck_{parents['table_name']}_")


# -- renames -------------------------------------------------------------------------------------


def _find_renamed_tables(found: ops.UpgradeOps, ask: Ask) -> None:
    made = [op for op in found.ops if isinstance(op, ops.CreateTableOp)]
    gone = [op for op in found.ops if isinstance(op, ops.DropTableOp)]
    for old in gone:
        for new in made:
            if _column_names(old) != _column_names(new):
                continue
            if not ask(f"Was the table {old.table_name} renamed to {new.table_name}?"):
                continue
            made.remove(new)
            _rename_table(found, old, new)
            break


def _column_names(op: ops.CreateTableOp | ops.DropTableOp) -> list[str]:
    return sorted(column.name for column in op.to_table().columns)


def _rename_table(found: ops.UpgradeOps, old: ops.DropTableOp, new: ops.CreateTableOp) -> None:
    """Put a rename in place of a drop and a creation; what has names by rule gets its new ones."""
    before: list[Any] = [
        op
        for op in found.ops
        if isinstance(op, ops.ModifyTableOps) and op.table_name == old.table_name
    ]
    uniques: list[Any] = [
        ops.ModifyTableOps(
            new.table_name,
            [
                *(ops.DropConstraintOp.from_constraint(one) for one in _uniques(old)),
                *(ops.CreateUniqueConstraintOp.from_constraint(one) for one in _uniques(new)),
            ],
            schema=new.schema,
        )
    ]
    for op in uniques[0].ops:
        op.table_name = new.table_name
    rename = RenamedTable(old.table_name, new.table_name, schema=new.schema)
    place = found.ops.index(new)
    changed = [*before, rename, *(uniques if uniques[0].ops else [])]
    rest = [op for op in found.ops[place:] if op is not new and op is not old and op not in before]
    head = [op for op in found.ops[:place] if op is not old and op not in before]
    found.ops[:] = [*head, *changed, *rest]


def _uniques(op: ops.CreateTableOp | ops.DropTableOp) -> list[UniqueConstraint]:
    found = [one for one in op.to_table().constraints if isinstance(one, UniqueConstraint)]
    return sorted((one for one in found if one.name), key=lambda one: str(one.name))


def _find_renamed_columns(found: ops.UpgradeOps, ask: Ask) -> None:
    whole: list[Any] = []
    for table in found.ops:
        if not isinstance(table, ops.ModifyTableOps):
            whole.append(table)
            continue
        renames = _ask_columns(table, ask)
        if not renames:
            whole.append(table)
            continue
        # Indexes and constraints of the old name go first, those of the new one come last.
        gone = (ops.DropIndexOp, ops.DropConstraintOp)
        groups = (
            [op for op in table.ops if isinstance(op, gone)],
            renames,
            [op for op in table.ops if not isinstance(op, gone)],
        )
        whole += [
            ops.ModifyTableOps(table.table_name, group, schema=table.schema)
            for group in groups
            if group
        ]
    found.ops[:] = whole


def _ask_columns(table: ops.ModifyTableOps, ask: Ask) -> list[RenamedColumn]:
    made = [op for op in table.ops if isinstance(op, ops.AddColumnOp)]
    gone = [op for op in table.ops if isinstance(op, ops.DropColumnOp)]
    renames = []
    for old in gone:
        for new in made:
            before = old.to_column()
            if before.type._type_affinity is not new.column.type._type_affinity:
                continue
            if not ask(
                f"Was the column {table.table_name}.{old.column_name} renamed to {new.column.name}?"
            ):
                continue
            like = ops.AlterColumnOp(
                table.table_name,
                old.column_name,
                existing_type=new.column.type,
                existing_nullable=before.nullable,
            )
            renames.append(
                _renamed_column(
                    table.table_name, old.column_name, new.column.name, like, table.schema
                )
            )
            made.remove(new)
            table.ops.remove(new)
            table.ops.remove(old)
            break
    return renames


# -- in words ------------------------------------------------------------------------------------


def summary(found: ops.UpgradeOps) -> list[tuple[str, str]]:
    """Give each change as a line for people, and as words for a file's name."""
    lines: list[tuple[str, str]] = []
    for op in found.ops:
        inner = op.ops if isinstance(op, ops.ModifyTableOps) else [op]
        lines += [_words(one) for one in inner]
    return lines


def _words(op: Any) -> tuple[str, str]:
    match op:
        case ChangedEnumeration():
            names = ", ".join(op.after)
            return f"change enumeration {op.name}: {names}", f"{op.name} values"
        case RenamedTable():
            return (
                f"rename table {op.table_name} to {op.new_table_name}",
                f"rename {op.table_name}",
            )
        case ops.CreateTableOp():
            return f"make table {op.table_name}", op.table_name
        case ops.DropTableOp():
            return f"drop table {op.table_name}", f"drop {op.table_name}"
        case RenamedColumn():
            return (
                f"rename column {op.table_name}.{op.column_name} to {op.modify_name}",
                f"{op.table_name} {op.modify_name}",
            )
        case ops.AddColumnOp():
            return (
                f"add column {op.table_name}.{op.column.name}",
                f"{op.table_name} {op.column.name}",
            )
        case ops.DropColumnOp():
            return (
                f"drop column {op.table_name}.{op.column_name}",
                f"{op.table_name} drop {op.column_name}",
            )
        case ops.AlterColumnOp():
            return (
                f"change column {op.table_name}.{op.column_name}: {_changes(op)}",
                f"{op.table_name} {op.column_name}",
            )
        case ops.CreateIndexOp():
            return f"make index {op.index_name}", f"{op.table_name} index"
        case ops.DropIndexOp():
            return f"drop index {op.index_name}", f"{op.table_name} index"
        case ops.DropConstraintOp():
            name = op.constraint_name
            return f"drop constraint {name} of {op.table_name}", f"{op.table_name} constraint"
    table = getattr(op, "table_name", None) or getattr(op, "source_table", "change")
    name = getattr(op, "constraint_name", None) or type(op).__name__
    return f"make constraint {name} of {table}", f"{table} constraint"


def _changes(op: ops.AlterColumnOp) -> str:
    parts = []
    if op.modify_type is not None:
        parts.append(f"type {op.existing_type!r} → {op.modify_type!r}")
    if op.modify_nullable is not None:
        parts.append("may be NULL" if op.modify_nullable else "NOT NULL")
    if op.modify_server_default is not False:
        parts.append("default")
    if op.modify_comment is not False:
        parts.append("comment")
    return ", ".join(parts) or "name"
