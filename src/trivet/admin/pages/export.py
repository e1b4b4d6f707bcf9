"""The rows of a list as a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response, StreamingResponse

from trivet.admin.exporting.values import exported
from trivet.admin.exporting.writing import FORMATS
from trivet.admin.history import recorded
from trivet.admin.listing.state import ListState
from trivet.admin.pages.page import ModelPage
from trivet.admin.plan.filters import UnfitFilter
from trivet.admin.visits import Visit
from trivet.db.present import unit_now
from trivet.errors import HTTPException

__all__ = ["ExportPage"]

_SENT = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


class ExportPage(ModelPage):
    """A file of the rows that a list's address means: ``?as=csv``; ``all=1`` for all columns."""

    path = "/{model}/export"
    is_dangerous = True

    async def get(self, visit: Visit) -> Response:
        """Send it."""
        plan = self.plan(visit)
        await self.require(visit, "view", plan.model)
        await self.require(visit, "export", plan.model)
        query = visit.request.query_params
        ending = query.get("as", "csv")
        if ending not in FORMATS:
            raise HTTPException(404, "Not Found")
        path = self.site.to(visit.request, plan.slug, "")
        state = ListState.read(path, query.multi_items(), plan)
        if state.is_trash:
            await self.require(visit, "delete", plan.model)
        try:
            found = await exported(
                self.site.plan, visit, plan, state, is_whole=query.get("all") == "1"
            )
        except UnfitFilter as error:
            raise HTTPException(400, error.text) from error
        await recorded(visit, plan, None, "export")
        kind, write = FORMATS[ending]
        name = f"{plan.slug}-{datetime.now(UTC):%Y-%m-%d}.{ending}"
        headers = _SENT | {"Content-Disposition": f'attachment; filename="{name}"'}
        # A unit of its own: the request's is over before the last row is sent.
        database = unit_now(plan.model).database
        return StreamingResponse(_apart(database, write(found)), 200, headers, kind)


async def _apart(database: Any, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async with database.own_transaction():
        async for piece in pieces:
            yield piece
