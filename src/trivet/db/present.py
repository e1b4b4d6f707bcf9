"""The unit of work of the present task: the one context variable of this package."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from trivet.db.belonging import main_unit, unit_for
from trivet.db.errors import OutsideUnitError

if TYPE_CHECKING:
    from trivet.db.unit import Unit

__all__ = ["current", "session", "sync_session", "unit_now"]

current: ContextVar[Unit | None] = ContextVar("trivet.db.unit", default=None)


def unit_now(model: Any = None) -> Unit:
    """Give the present task's unit of work, on the database of `model` where there are several.

    Raises `OutsideUnitError` where there is none, and `SetupError` where none is the model's.
    """
    unit = current.get()
    if unit is None:
        raise OutsideUnitError
    if model is None:
        return unit if unit.beside is None else main_unit(unit)
    if getattr(model, "metadata", None) is unit.database.metadata:
        return unit
    return unit_for(unit, model)


async def session() -> AsyncSession:
    """Give SQLAlchemy's session of the present unit of work, as a dependency: `Depends(session)`.

    It is in the unit's transaction, which commits it: what is added to it needs no commit of its
    own.
    """
    return await unit_now().session()


async def sync_session() -> Session:
    """Give a plain session for a handler that does not await: `Depends(sync_session)`.

    It has a transaction of its own, which ends as the unit of work does: committed before the
    answer goes out, or rolled back.
    """
    return unit_now().sync_session()
