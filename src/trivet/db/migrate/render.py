"""The text of a migration: plain Alembic operations, in a file that one can read and change."""

from __future__ import annotations

import re
from typing import Any, Literal

from alembic.autogenerate import render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import _repr_type
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Enum
from sqlalchemy.types import TypeDecorator

from trivet.db.columns import Json, UtcDateTime

__all__ = ["file_text"]

# A text in double quotes, which stays; in single ones, with and without what speaks against it.
_TEXTS = re.compile(
    r"""
    "(?: [^"\\\n] | \\. )*"
    | '( [^'"\\\n]* )'
    | '(?: [^'\\\n] | \\. )*'
    """,
    re.VERBOSE,
)

_FILE = '''\
"""{title}"""

from __future__ import annotations

{imports}

revision = {revision}
down_revision = {before}


def upgrade() -> None:
{upgrade}


def downgrade() -> None:
{downgrade}
'''


def file_text(
    title: str, revision: str, before: list[str], found: ops.UpgradeOps, context: MigrationContext
) -> str:
    """Give the file of a migration that follows `before`."""
    imports = {"from alembic import op"}
    upgrade = _code(found, context, imports)
    downgrade = _code(_reversed(found), context, imports)
    upgrade = _schemas_for(found) + upgrade
    types = _types_of(found)
    if types:  # PostgreSQL keeps them when their table goes
        drops = "".join(f'        op.execute("DROP TYPE IF EXISTS {name}")\n' for name in types)
        downgrade += f'\n    if op.get_context().dialect.name == "postgresql":\n{drops.rstrip()}'
    if "sa." in upgrade + downgrade:
        imports.add("import sqlalchemy as sa")
    return _FILE.format(
        title=title,
        imports=_import_lines(imports),
        revision=_requoted(repr(revision)),
        before=_requoted(repr(_previous(before))),
        upgrade=upgrade,
        downgrade=downgrade,
    )


def _reversed(found: ops.UpgradeOps) -> ops.DowngradeOps:
    """Give the way back; the indexes of a table go with it, which MariaDB else refuses to drop."""
    back = found.reverse()
    gone = {(one.table_name, one.schema) for one in back.ops if isinstance(one, ops.DropTableOp)}
    for table in back.ops:
        if isinstance(table, ops.ModifyTableOps) and (table.table_name, table.schema) in gone:
            table.ops[:] = [one for one in table.ops if not isinstance(one, ops.DropIndexOp)]
    back.ops[:] = [
        one
        for one in back.ops
        if not (isinstance(one, ops.ModifyTableOps) and not one.ops)
        and not (isinstance(one, ops.DropIndexOp) and (one.table_name, one.schema) in gone)
    ]
    return back


def _previous(before: list[str]) -> tuple[str, ...] | str | None:
    if len(before) > 1:
        return tuple(before)
    return before[0] if before else None


def _import_lines(imports: set[str]) -> str:
    """Give the lines of imports in order, one for each module."""
    plain = sorted(line for line in imports if line.startswith("import "))
    names: dict[str, list[str]] = {}
    for line in sorted(imports - set(plain)):
        module, _, name = line.removeprefix("from ").partition(" import ")
        names.setdefault(module, []).append(name)
    own = [f"from {module} import {', '.join(found)}" for module, found in names.items()]
    return "\n".join([*plain, *own])


def _code(found: Any, context: MigrationContext, imports: set[str]) -> str:
    needed: list[set[str]] = []

    def rendered(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
        if kind != "type":
            return False
        text = _type_text(item, autogen)
        needed.append(autogen.imports)  # which Alembic may add to when this has returned
        return text

    if not found.ops:
        return "    pass"
    # Batches are ordinary ALTERs everywhere but on SQLite, which rebuilds the table.
    code = render_python_code(
        found, render_as_batch=True, render_item=rendered, migration_context=context
    )
    imports |= set().union(*needed)
    lines = [_bare(line.rstrip()) for line in code.splitlines() if "### " not in line]
    return _requoted("\n".join(["    " + lines[0].strip(), *lines[1:]]).rstrip())


def _bare(line: str) -> str:
    """Leave out NOT NULL of what is computed, which MariaDB cannot be told."""
    return line.replace(", nullable=False", "") if "sa.Computed(" in line else line


def _requoted(code: str) -> str:
    """Put texts into double quotes, where nothing in them speaks against it."""
    return _TEXTS.sub(lambda found: f'"{found[1]}"' if found[1] is not None else found[0], code)


def _type_text(item: Any, autogen: AutogenContext) -> str | Literal[False]:
    if isinstance(item, UtcDateTime | Json):
        name = type(item).__name__
        if type(item) in (UtcDateTime, Json):
            autogen.imports.add(f"from trivet.db import {name}")
            return f"{name}()"
    if isinstance(item, Enum) and not (item.native_enum or item.create_constraint):
        return f"sa.String(length={item.length})"  # as it is kept; members come and go
    is_foreign = not type(item).__module__.startswith("sqlalchemy.")
    if isinstance(item, TypeDecorator) and is_foreign:
        # A migration outlives the code that it was made from: what is stored, not who wrote it.
        return _repr_type(item.impl_instance, autogen)
    return False


def _schemas_for(found: ops.UpgradeOps) -> str:
    """Give the lines that make the schemas of new tables; they stay when the tables go."""
    made = {op.schema for op in found.ops if isinstance(op, ops.CreateTableOp) and op.schema}
    if not made:
        return ""
    lines = "".join(
        f"        op.execute('CREATE SCHEMA IF NOT EXISTS \"{name}\"')\n" for name in sorted(made)
    )
    return f'    if op.get_context().dialect.name == "postgresql":\n{lines}\n'


def _types_of(found: ops.UpgradeOps) -> list[str]:
    """Give the enumerations of new tables: PostgreSQL keeps their types when a table goes."""
    columns = [
        column
        for op in found.ops
        if isinstance(op, ops.CreateTableOp)
        for column in op.to_table().columns
    ]
    return sorted(
        {
            str(column.type.name)
            for column in columns
            if isinstance(column.type, Enum) and column.type.native_enum and column.type.name
        }
    )
