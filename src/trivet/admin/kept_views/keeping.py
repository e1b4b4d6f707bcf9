"""Kept views in their table: read for who asks, written by their owners and by who may share."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.exc import DBAPIError

from trivet.admin.home.asking import Keeping
from trivet.admin.kept_views.tables import LONGEST_LABEL, views_in
from trivet.admin.visits import Visit
from trivet.db import Database

__all__ = ["MOST", "KeptViews", "View"]

MOST = 50  # views of one visitor on one list
_SECONDS = 30.0  # for which what was read is kept; other processes see a change no later
_log = logging.getLogger("trivet.admin")


@dataclass(frozen=True)
class View:
    """One list under a name."""

    id: int
    handle: str
    owner: str
    label: str
    query: str
    is_shared: bool
    is_default: bool


class KeptViews:
    """The kept views of one site."""

    def __init__(self, database: Database, site: str) -> None:
        self.database = database
        self.table = views_in(database.metadata)
        self._site = site

    async def of(self, model: str, visit: Visit, keeping: Keeping) -> list[View]:
        """Give the visitor's views of a list, and everybody's; none without the table."""
        key = f"views.{model}.{visit.handle}"
        try:
            return await keeping.kept(
                key, lambda: self.read(model, visit), list[View], _SECONDS, tag=f"views.{model}"
            )
        except DBAPIError:
            _log.exception("The table trivet_admin_views cannot be read; was it migrated?")
            return []

    async def read(self, model: str, visit: Visit) -> list[View]:
        """Give them as they are now."""
        columns = self.table.c
        mine = or_(columns.handle == visit.handle, columns.is_shared)
        statement = (
            select(self.table)
            .where(columns.site == self._site, columns.model == model, mine)
            .order_by(columns.is_shared.desc(), func.lower(columns.label), columns.id)
            .limit(2 * MOST)
        )
        rows = await self.database.unit.rows(statement)
        return [
            View(row.id, row.handle, row.owner, row.label, row.query, row.is_shared, row.is_default)
            for row in rows
        ]

    async def keep(
        self, model: str, visit: Visit, label: str, query: str, *, is_shared: bool
    ) -> bool:
        """Keep a list; one of the visitor's with the same name is replaced. False for too many."""
        label = label[:LONGEST_LABEL]
        mine = [one for one in await self.read(model, visit) if one.handle == visit.handle]
        same = next((one for one in mine if one.label == label), None)
        if same is not None:
            await self.change(same.id, query=query, is_shared=is_shared)
            return True
        if len(mine) >= MOST:
            return False
        values = {
            "site": self._site,
            "model": model,
            "handle": visit.handle,
            "owner": visit.name[:200],
            "label": label,
            "query": query,
            "is_shared": is_shared,
            "is_default": False,
            "created": datetime.now(UTC),
        }
        await self.database.unit.execute(insert(self.table), values)
        return True

    async def change(self, id: int, **values: Any) -> None:
        """Change what is kept of a view."""
        if "label" in values:
            values["label"] = values["label"][:LONGEST_LABEL]
        await self.database.unit.execute(
            update(self.table).where(self.table.c.id == id).values(**values)
        )

    async def choose(self, model: str, visit: Visit, id: int | None) -> None:
        """Let one of the visitor's views be the one with which the list begins; None for none."""
        columns = self.table.c
        mine = (columns.site == self._site, columns.model == model, columns.handle == visit.handle)
        await self.database.unit.execute(
            update(self.table).where(*mine).values(is_default=columns.id == (id or 0))
        )

    async def delete(self, id: int) -> None:
        """Delete a view."""
        await self.database.unit.execute(delete(self.table).where(self.table.c.id == id))
