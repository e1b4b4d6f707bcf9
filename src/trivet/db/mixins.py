"""Habits that a model may take up: deletion that keeps the row, and versions against lost updates.

They are mixed in before a base: ``class Post(SoftDelete, Versioned, Model)``.
"""

from __future__ import annotations

import datetime
from typing import Any, Self

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from trivet.db.columns import UtcDateTime, now
from trivet.db.errors import NotFound, StaleError
from trivet.db.present import unit_now
from trivet.db.query import Query

__all__ = ["SoftDelete", "Versioned"]


class SoftDelete:
    """Deleted rows stay in the table, marked with the moment, and out of every query.

    `with_deleted()` and `only_deleted()` begin queries that show them. Relations that are loaded
    and look-ups through relations leave them out too; statements of SQLAlchemy's own see all.
    """

    deleted: Mapped[datetime.datetime | None] = mapped_column(
        UtcDateTime(), index=True, info={"private": True}
    )

    @property
    def is_deleted(self) -> bool:
        """True for a row that was deleted and not restored."""
        return self.deleted is not None

    @classmethod
    def __shown__(cls) -> Any:
        """Give the condition of rows that are shown; queries of other models ask for it too."""
        return cls.deleted.is_(None)

    @classmethod
    def where(cls, *conditions: Any, **lookups: Any) -> Query[Self]:
        """Begin a query of the rows that are not deleted."""
        return Query(cls).where(cls.__shown__(), *conditions, **lookups)

    @classmethod
    def all(cls) -> Query[Self]:
        """Begin a query for every row that is not deleted."""
        return Query(cls).where(cls.__shown__())

    @classmethod
    def with_deleted(cls) -> Query[Self]:
        """Begin a query for every row, deleted or not."""
        return Query(cls)

    @classmethod
    def only_deleted(cls) -> Query[Self]:
        """Begin a query for the rows that are deleted."""
        return Query(cls).where(cls.deleted.is_not(None))

    @classmethod
    async def get(cls, key: Any) -> Self:
        """Give the object with this key; raises `NotFound`, for a deleted one too."""
        found = await cls.find(key)
        if found is None:
            raise NotFound(cls, key)
        return found

    @classmethod
    async def find(cls, key: Any) -> Self | None:
        """Give the object with this key, or None where it is not there or deleted."""
        found = await unit_now(cls).find(cls, key)
        return None if found is None or found.is_deleted else found

    async def delete(self) -> None:
        """Mark the row as deleted; committed with the unit of work."""
        self.deleted = now()
        await unit_now(type(self)).save(self)

    async def restore(self) -> Self:
        """Take the mark away again."""
        self.deleted = None
        await unit_now(type(self)).save(self)
        return self

    async def erase(self) -> None:
        """Delete the row itself; it cannot be restored."""
        await unit_now(type(self)).delete(self)


class Versioned:
    """Counts the changes of each row, so that nobody overwrites what he has not seen.

    To change a row that somebody else changed since it was read raises `StaleError`, which answers
    a request with 409.
    """

    version: Mapped[int] = mapped_column(BigInteger())

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805  # SQLAlchemy gives it the class
        """Tell SQLAlchemy which column counts."""
        model: Any = cls
        return {"version_id_col": model.version}

    def expect(self, version: int) -> Self:
        """Go on only with the version that a client has seen; raises `StaleError`."""
        if self.version != version:
            name = type(self).__name__
            raise StaleError(f"{name} is at version {self.version}, and {version} was expected")
        return self
