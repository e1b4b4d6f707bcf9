"""Columns that a query leaves out: to read one is an error that says what to write."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import ColumnProperty, defer, load_only
from sqlalchemy.orm.strategies import _DeferredColumnLoader

from trivet.db.errors import NotLoadedError

__all__ = ["all_but", "nothing_but"]


class ColumnNotLoadedError(NotLoadedError, InvalidRequestError):
    """A column was read that its query left out; SQLAlchemy's own users know it by its name."""

    def __init__(self, model: type[Any], name: str) -> None:
        cls = model.__name__
        Exception.__init__(
            self,
            f"{cls}.{name} was left out by only() or defer(), and nothing is loaded behind an"
            f" attribute; ask for it: {cls}.where(...).only({cls}.{name}, ...), or read the whole"
            " row again: await row.refresh()",
        )


@ColumnProperty.strategy_for(deferred=True, instrument=True, raiseload=True)
class _LeftOut(_DeferredColumnLoader):
    """Raises where SQLAlchemy would ask the database."""

    def _load_for_state(self, state: Any, passive: Any) -> Any:
        if state.key and passive & 4:  # 4: SQL_OK, somebody really reads it
            raise ColumnNotLoadedError(state.class_, self.key)
        return super()._load_for_state(state, passive)  # type: ignore[no-untyped-call]


def nothing_but(columns: tuple[Any, ...]) -> Any:
    """Give the option that loads the keys and these columns."""
    return load_only(*columns, raiseload=True)


def all_but(columns: tuple[Any, ...]) -> tuple[Any, ...]:
    """Give the options that leave these columns out."""
    return tuple(defer(column, raiseload=True) for column in columns)
