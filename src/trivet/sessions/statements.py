"""The statements about sessions, each made once; a database compiles each once, too.

Most go past SQLAlchemy, whose session would cost a form more than the rest of its request: an
update takes 0.5 ms of CPU time in place of 2.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, delete, insert, select, update
from sqlalchemy.engine import Dialect

from trivet.db.reading import RowPlan, plan_of, tuples
from trivet.sessions.kept import Kept

__all__ = ["Statement", "Statements", "values_of"]

# The columns in the order of Kept's fields.
_COLUMNS = (
    "id", "handle", "data", "created", "seen", "expires", "authenticated", "is_remembered",
    "address", "agent",
)  # fmt: skip
_SEEN = ("seen", "expires", "address", "agent")
_RETURNING = ("postgresql", "sqlite")  # MariaDB's UPDATE gives nothing back


@dataclass(frozen=True, eq=False)
class Statement:
    """One statement with values by name, and what was compiled of it."""

    statement: Any  # SQLAlchemy's select, insert, update and delete share no useful type
    names: Sequence[str]
    id: Any
    plans: dict[str, RowPlan | None] = field(default_factory=dict)

    def plan(self, dialect: Dialect) -> RowPlan | None:
        """Give it compiled, giving back a row for each that it wrote; None where none can."""
        name = dialect.name
        if name not in self.plans:
            self.plans[name] = self._compiled(dialect)
        return self.plans[name]

    def _compiled(self, dialect: Dialect) -> RowPlan | None:
        statement = self.statement
        if not statement.is_select:
            if dialect.name not in _RETURNING:
                return None
            statement = statement.returning(self.id)
        known = dialect.statement_compiler(dialect, statement).binds
        return plan_of(statement, [known[name] for name in self.names], dialect, tuples)


class Statements:
    """What is done with one table of sessions."""

    def __init__(self, table: Table) -> None:
        columns = table.c

        def bind(name: str, column: str | None = None) -> Any:
            return bindparam(f"v_{name}", type_=columns[column or name].type)

        def made(statement: Any, *names: str) -> Statement:
            return Statement(statement, [f"v_{name}" for name in names], columns.id)

        def given(*names: str) -> dict[str, Any]:
            return {name: bind(name) for name in names}

        rotation = ("token", "previous", "rotated")
        is_it: ColumnElement[bool] = and_(
            columns.id == bind("id"), columns.token == bind("digest", "token")
        )
        self.all = select(*[columns[name] for name in _COLUMNS])
        self.find = made(
            self.all.where(
                columns.token == bind("digest", "token"), columns.expires > bind("now", "expires")
            ),
            "digest", "now",
        )  # fmt: skip
        self.insert = made(insert(table).values(given(*_COLUMNS, *rotation)), *_COLUMNS, *rotation)
        changed = _COLUMNS[1:]
        self.update = made(
            update(table).where(is_it).values(given(*changed)), *changed, "id", "digest"
        )
        self.rotate = made(
            update(table).where(is_it).values(given(*changed, *rotation)),
            *changed, *rotation, "id", "digest",
        )  # fmt: skip
        self.touch = made(
            update(table).where(is_it, columns.seen < bind("seen")).values(given(*_SEEN)),
            *_SEEN, "id", "digest",
        )  # fmt: skip
        self.delete = made(delete(table).where(columns.id == bind("id")), "id")


def values_of(kept: Kept, **more: Any) -> dict[str, Any]:
    """Give the values of a session by the names in which statements want them."""
    found = {f"v_{name}": getattr(kept, "user" if name == "handle" else name) for name in _COLUMNS}
    return found | {f"v_{name}": value for name, value in more.items()}
