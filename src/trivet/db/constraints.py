"""Constraints and indexes of a table, for `__table_args__`.

``__table_args__ = (unique("row", "number"), check("price > 0", name="price_positive"))``. Columns
are named, or are the class body's own where they were assigned (``index(title.desc())``); in a
mixin, names alone are understood.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, CheckConstraint, Column, Index, UniqueConstraint, event, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateIndex
from sqlalchemy.sql.elements import BinaryExpression, ClauseElement, UnaryExpression
from sqlalchemy.sql.operators import asc_op, desc_op
from sqlalchemy.sql.visitors import iterate

from trivet.errors import SetupError

__all__ = ["check", "index", "unique"]


def unique(*columns: Any, name: str | None = None) -> UniqueConstraint:
    """Let no two rows have the same values in all these columns; NULL is like nothing else."""
    return UniqueConstraint(*columns, name=name)


def check(condition: Any, name: str) -> CheckConstraint:
    """Let no row be against a condition, SQL's text or an expression of columns.

    `name` is its short name, after the table's: ``price_positive`` is ``ck_seat_price_positive``.
    """
    made = CheckConstraint(condition, name=name)
    _type_later(made, made.sqltext)
    return made


def index(
    *columns: Any, unique: bool = False, where: Any = None, name: str | None = None, **options: Any
) -> Index:
    """Find rows by these columns or expressions; `where` leaves all other rows out of the index.

    Expressions need a `name`. MariaDB and MySQL have no `where`: the index is of all rows there,
    and a unique one raises `SetupError` where it would be made. The rest is SQLAlchemy's
    (``postgresql_using="gin"``).
    """
    if where is not None:
        condition = text(where) if isinstance(where, str) else where
        options |= {"sqlite_where": condition, "postgresql_where": condition}
    if name is None and any(_is_expression(column) for column in columns):
        raise SetupError(
            "an index of an expression has no name, and none can be made by rule",
            code="db.index-name",
            mend='index(func.lower(title), name="ix_post_title_lower")',
        )
    made = Index(name, *columns, unique=unique, **options)
    for expression in (*made.expressions, where):
        _type_later(made, expression)
    return made


def _type_later(made: Any, expression: Any) -> None:
    """Give values the types of the columns that they are compared with, once there are any.

    In the body of a class a column does not know the type that its annotation says.
    """
    if not isinstance(expression, ClauseElement):
        return

    def give_types(_: Any, table: Any) -> None:
        for part in iterate(expression):
            value: Any = part.right if isinstance(part, BinaryExpression) else None
            if isinstance(value, BindParameter) and value.type._isnull:
                value.type = part.left.type  # type: ignore[attr-defined]  # told above

    event.listen(made, "after_parent_attach", give_types)


def _is_expression(column: Any) -> bool:
    if isinstance(column, UnaryExpression) and column.modifier in (asc_op, desc_op):
        return _is_expression(column.element)
    return isinstance(column, ClauseElement) and not isinstance(column, Column)


@compiles(CreateIndex, "mysql", "mariadb")
def _created(create: Any, compiler: Any, **options: Any) -> str:
    """Refuse what MariaDB would make something else of."""
    made = create.element
    if made.unique and made.dialect_options["postgresql"]["where"] is not None:
        raise _impossible(made, "is unique among some of the rows (`where`)")
    if compiler.dialect.is_mariadb and any(map(_is_known_expression, made.expressions)):
        raise _impossible(made, "is of an expression")
    return str(compiler.visit_create_index(create, **options))


def _is_known_expression(column: Any) -> bool:
    # A migration has text, which may be a column and its direction: `place DESC`.
    return _is_expression(column) and "(" in str(column)


def _impossible(index: Index, what: str) -> SetupError:
    return SetupError(
        f"the index {index.name} {what}, which this database does not have",
        code="db.index-impossible",
        mend="a generated column that is NULL for all other rows, and an index of that",
    )
