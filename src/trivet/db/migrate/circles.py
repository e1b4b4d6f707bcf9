"""References that go round in a circle: added when all tables are there, dropped before any goes.

SQLite does not mind references to what is not there; the others do, and a file is for all.
"""

from __future__ import annotations

from typing import Any

from alembic.operations import ops
from sqlalchemy import ForeignKeyConstraint

__all__ = ["cut_circles"]


def cut_circles(found: ops.UpgradeOps) -> None:
    """Take references out of tables that are made, or dropped, before what they refer to."""
    made = [op for op in found.ops if isinstance(op, ops.CreateTableOp)]
    names = [_name(op) for op in made]
    added: list[ops.MigrateOperation] = []
    for place, op in enumerate(made):
        for key in _taken_out(op, set(names[place + 1 :])):
            add = ops.CreateForeignKeyOp.from_constraint(key)
            added.append(ops.ModifyTableOps(op.table_name, [add], schema=op.schema))
    if added:
        last = found.ops.index(made[-1]) + 1
        found.ops[last:last] = added
    gone = [op for op in found.ops if isinstance(op, ops.DropTableOp)]
    before: list[ops.MigrateOperation] = []
    for place, dropped in enumerate(gone):
        earlier = {_name(one) for one in gone[:place]}
        reverse: Any = dropped._reverse
        for key in _taken_out(reverse, earlier):
            drop = ops.DropConstraintOp.from_constraint(key)
            before.append(ops.ModifyTableOps(dropped.table_name, [drop], schema=dropped.schema))
    if before:
        first = found.ops.index(gone[0])
        found.ops[first:first] = before


def _taken_out(op: ops.CreateTableOp | None, others: set[str]) -> list[ForeignKeyConstraint]:
    """Take the references to these tables out of a table, those without a name left in it."""
    keys: list[Any] = [
        part
        for part in (op.columns if op is not None else ())
        if isinstance(part, ForeignKeyConstraint)
        and part.name
        and part.elements[0].target_fullname.rpartition(".")[0] in others
    ]
    if op is not None and keys:
        op.columns = [part for part in op.columns if not any(part is key for key in keys)]
    return sorted(keys, key=lambda key: str(key.name))


def _name(op: ops.CreateTableOp | ops.DropTableOp) -> str:
    return f"{op.schema}.{op.table_name}" if op.schema else op.table_name
