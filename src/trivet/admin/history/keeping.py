"""The history of one site: where its changes are stored, and how they are read again.

Changes are written by the unit of work that makes them: they are there together, or neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, insert, select, union

from trivet.admin.history.tables import changes_in
from trivet.admin.plan.site import SitePlan
from trivet.db import Database

__all__ = ["Entry", "History"]

_AT_ONCE = 500  # rows of one INSERT
_PURGED_AT_ONCE = 5000  # rows of one transaction
_DISORDER = timedelta(hours=1)  # by which a change with a later id may be an earlier one


@dataclass(frozen=True, slots=True)
class Entry:
    """One change, as it was written down."""

    id: int
    at: datetime
    model: str
    key: str
    label: str
    action: str
    handle: str
    name: str
    by_handle: str | None
    by_name: str | None
    changes: dict[str, list[Any]]
    batch: str | None
    request: str | None
    address: str | None
    agent: str | None


class History:
    """What a site keeps of changes, in a table of `database`."""

    def __init__(self, database: Database, planned: Callable[[], SitePlan]) -> None:
        self.database = database
        self.table = changes_in(database.metadata)
        self._planned = planned

    @property
    def site(self) -> SitePlan:
        """The plan of the site, by which rows of other models are named."""
        return self._planned()

    async def write(self, entries: Sequence[dict[str, Any]]) -> None:
        """Write changes down in the present unit of work; raises `OutsideUnitError`."""
        for start in range(0, len(entries), _AT_ONCE):
            some = list(entries[start : start + _AT_ONCE])
            await self.database.unit.execute(insert(self.table), some)

    # -- reading ---------------------------------------------------------------------------------

    async def of_row(
        self,
        model: str,
        key: str,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int = 50,
    ) -> list[Entry]:
        """Give the changes of one row, as `found` does."""
        columns = self.table.c
        wanted = [columns.model == model, columns.key == key]
        return await self.found(wanted, before=before, after=after, limit=limit)

    async def found(
        self,
        conditions: Sequence[Any],
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int = 50,
        any_of: Sequence[Any] = (),
    ) -> list[Entry]:
        """Give the changes that fit, the newest first, older than `before` or newer than `after`.

        With `after` they are the next ones that are newer, and still the newest comes first. Of
        `any_of`, where there are some, one has to be met as well; each is looked up by itself.
        """
        columns = self.table.c
        place = [] if before is None else [columns.id < before]
        place += [] if after is None else [columns.id > after]
        order = columns.id.desc() if after is None else columns.id
        wanted: list[Any] = [*conditions, *place]
        if any_of:
            # One index for each, read from its end: with an OR of them PostgreSQL walks through
            # the table where nobody fits. Of a million changes as benchmarks/drills/admin_scale.py
            # makes them, measured: PostgreSQL 510 ms for nobody, so 6 ms; on SQLite the log's page
            # takes 45 ms for somebody with an OR, so 22 ms, and 11 ms for nobody either way.
            each = [
                select(columns.id).where(*wanted, one).order_by(order).limit(limit).subquery()
                for one in any_of
            ]
            ids = union(*(select(one.c.id) for one in each)).subquery()
            wanted = [columns.id.in_(select(ids.c.id))]
        found = await self._entries(select(self.table).where(*wanted).order_by(order).limit(limit))
        return found if after is None else found[::-1]

    async def ids_around(self, start: datetime | None, end: datetime | None) -> list[Any]:
        """Give conditions on ids that hold for all changes between two moments.

        They are not exact, and keep the database from walking there from the newest change.
        """
        columns, found = self.table.c, []
        if start is not None:
            early = select(columns.id).where(columns.at < start - _DISORDER)
            first = await self._first(early.order_by(columns.at.desc()))
            found += [] if first is None else [columns.id >= first]
        if end is not None:
            late = select(columns.id).where(columns.at > end + _DISORDER)
            last = await self._first(late.order_by(columns.at))
            found += [] if last is None else [columns.id <= last]
        return found

    async def _first(self, statement: Select[Any]) -> int | None:
        rows = await self.database.unit.rows(statement.limit(1))
        return int(rows[0][0]) if rows else None

    async def one(self, id: int) -> Entry | None:
        """Give one change, or None."""
        found = await self._entries(select(self.table).where(self.table.c.id == id))
        return found[0] if found else None

    async def _entries(self, statement: Select[Any]) -> list[Entry]:
        return [Entry(**row._mapping) for row in await self.database.unit.rows(statement)]

    # -- forgetting ------------------------------------------------------------------------------

    async def purge(self, before: datetime) -> int:
        """Delete what happened before a moment, some thousand rows in each transaction; how many.

        For commands and jobs: it stands outside of any unit of work.
        """
        columns, count = self.table.c, 0
        while True:
            async with self.database.own_transaction() as unit:
                old = select(columns.id).where(columns.at < before).order_by(columns.at)
                ids = [row[0] for row in await unit.rows(old.limit(_PURGED_AT_ONCE))]
                if ids:
                    # By their ids: MariaDB deletes from no table that it reads in the same breath.
                    await unit.execute(delete(self.table).where(columns.id.in_(ids)))
            count += len(ids)
            if len(ids) < _PURGED_AT_ONCE:
                return count
