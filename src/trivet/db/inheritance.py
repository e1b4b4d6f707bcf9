"""Models that inherit from models: what SQLAlchemy asks for each of them, by rule."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect

from trivet.errors import SetupError

__all__ = ["ONLY_READ", "mapper_arguments", "refuse_several_tables", "refuse_views"]

ONLY_READ = "trivet.only_read"
"""What a table's `info` says of a view."""


def mapper_arguments(cls: Any, name: str) -> dict[str, Any] | None:
    """Give the `__mapper_args__` of a class that inherits from a model; None for any other.

    Its `polymorphic_identity` is `name` where it says none. What its rows have more than those of
    the model above is loaded with them, as nothing is loaded behind an attribute: with the same
    statement where they share a table, with one more for each table of its own.
    """
    above = next((one for one in cls.__mro__[1:] if "__mapper__" in vars(one)), None)
    given = vars(cls).get("__mapper_args__", {})
    if above is None or not isinstance(given, dict):
        return None
    if above.__mapper__.polymorphic_on is None or given.get("concrete"):
        return None
    has_own_table = "__tablename__" in vars(cls) or "__table__" in vars(cls)
    return {
        "polymorphic_identity": name,
        "polymorphic_load": "selectin" if has_own_table else "inline",
        **given,
    }


def refuse_views(model: Any) -> None:
    """Raise `SetupError` where the rows of a model are those of a view, which is only read."""
    mapper: Any = inspect(model)
    if mapper.local_table.info.get(ONLY_READ):
        raise SetupError(
            f"{model.__name__} is a view, which is only read",
            code="db.view-written",
            mend="a row of the tables behind it",
        )


def refuse_several_tables(model: type[Any], what: str) -> None:
    """Raise `SetupError` where a row is in several tables, which one statement cannot write.

    Neither can one write a view that is only read.
    """
    refuse_views(model)
    mapper: Any = inspect(model)
    if len(mapper.tables) > 1:
        names = " and ".join(table.name for table in mapper.tables)
        raise SetupError(
            f"rows of {model.__name__} are in {names}, and {what} writes one table",
            code="db.several-tables",
            mend="async for row in query.iterate(): await row.update(...)   # or row.delete()",
        )
