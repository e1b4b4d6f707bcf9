"""The unit of work around a handler: one, or one on each of several databases.

Those on several are settled all together before the first is committed, so that what a database
refuses when it is told of it leaves nothing written anywhere. It is no two-phase commit: one that
fails at its commit takes back nothing that another has committed before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trivet.db.answering import answering
from trivet.db.belonging import units
from trivet.db.present import current
from trivet.db.unit import Unit
from trivet.http.exchange import Exchange
from trivet.routing.around import Around, Preparing

if TYPE_CHECKING:
    from trivet.db.database import Database

__all__ = ["BesideAround", "UnitAround"]


class UnitAround(Around):
    """One unit of work for each request, committed before its answer goes out."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kind = database.unit_kind

    def preparing(self, model: Any) -> Preparing | None:
        return answering(model)

    def begin(self, exchange: Exchange | None) -> Unit:
        unit = self._kind(self._database)
        current.set(unit)
        return unit

    async def finish(self, opened: Unit, status: int) -> None:
        if opened.is_settled:  # most only read
            opened.forget()
        else:
            await (opened.commit() if status < 400 else opened.roll_back())

    async def leave(self, opened: Unit, error: BaseException | None) -> None:
        if error is not None:
            await opened.roll_back()  # what answers the error may begin it again
            return
        try:
            if not opened.is_settled:
                await opened.commit()
        finally:
            opened.is_over = True


class BesideAround(UnitAround):
    """A unit of work beside those on the databases that were there before."""

    def preparing(self, model: Any) -> None:
        """The first one prepares answers for all of them."""

    def begin(self, exchange: Exchange | None) -> Unit:
        outer = current.get()  # of this request: the first database has begun it
        unit = super().begin(exchange)
        unit.beside = outer
        return unit

    async def finish(self, opened: Unit, status: int) -> None:
        if status < 400:
            for unit in units(opened):
                await unit.settle()
        await super().finish(opened, status)
