"""What of a row stands in a file: the columns that are chosen, as far as the visitor sees them.

Rows come one after the other, some hundred in memory at a time, with what is limited to some rows
left empty in the others.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import Select, case
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from trivet.admin.listing.rows import narrowed, ordered
from trivet.admin.listing.seen import Seen
from trivet.admin.listing.state import ListState
from trivet.admin.plan.columns import ColumnPlan, kind_of
from trivet.admin.plan.model import ModelPlan
from trivet.admin.plan.names import titled
from trivet.admin.plan.readers import is_secret
from trivet.admin.plan.site import SitePlan
from trivet.admin.visits import Visit
from trivet.db import FileRef, related
from trivet.db.portions import bind_of
from trivet.db.present import unit_now

__all__ = ["Exported", "exported"]

_CHUNK = 500


@dataclass(frozen=True)
class Exported:
    """A list that is to be written to a file."""

    site: SitePlan
    visit: Visit
    plan: ModelPlan
    columns: Sequence[ColumnPlan]
    statement: Select[Any]
    extras: Sequence[str]

    async def rows(self) -> AsyncIterator[list[Any]]:
        """Give the values of each row, in the order of the columns."""
        unit = unit_now(self.plan.model)
        statement = self.statement.execution_options(yield_per=_CHUNK)
        readers = [self._reader(one) for one in self.columns]
        async with AsyncSession(await bind_of(unit), expire_on_commit=False) as session:
            result = await session.stream(statement)
            try:
                # What the session knows of rows goes with them: nothing here changes one.
                async for some in result.partitions(_CHUNK):
                    for found in some:
                        more = dict(zip(self.extras, found[1:], strict=True))
                        yield [reader(found[0], more) for reader in readers]
            finally:
                await result.close()

    def _reader(self, column: ColumnPlan) -> Any:
        sees = f"sees_{column.name}"
        read = self._value(column)
        if sees not in self.extras:
            return read

        def seen(row: Any, more: Mapping[str, Any]) -> Any:
            return read(row, more) if more[sees] else None

        return seen

    def _value(self, column: ColumnPlan) -> Any:
        name = column.name
        if column.computed is not None:
            function, admin = column.computed.function, self.plan.admin
            return lambda row, more: plain(function(admin, row))
        if column.relation is None:
            return lambda row, more: plain(getattr(row, name))
        if column.relation.is_many:
            return lambda row, more: more[f"count_{name}"]

        def called(row: Any, more: Mapping[str, Any]) -> Any:
            other = getattr(row, name)
            return None if other is None else self.site.name_of(other)

        return called


async def exported(
    site: SitePlan, visit: Visit, plan: ModelPlan, state: ListState, *, is_whole: bool
) -> Exported:
    """Prepare the rows of a list with the columns that it shows, or with all there are.

    Raises `UnfitFilter`.
    """
    seen = Seen(plan, visit)
    offered = _whole(plan) if is_whole else plan.columns
    wanted = () if is_whole else state.columns
    columns = [
        one
        for one in offered
        if await seen.anywhere(one.name) and (not wanted or one.name in wanted)
    ]
    query = ordered(plan, plan.columns, state, await narrowed(plan, state, visit, seen=seen))
    for name in {one.removeprefix("-") for one in state.orders}:
        where = await seen.where(name)
        if where is not True:
            query = query.where(where)
    extras: dict[str, Any] = {}
    for one in columns:
        if one.relation is not None and not one.relation.is_many:
            query = query.with_(joinedload(getattr(plan.model, one.name)))
        elif one.relation is not None:
            extras[f"count_{one.name}"] = related(getattr(plan.model, one.name))
        elif one.computed is not None:
            for need in one.computed.needs:
                query = query.with_(joinedload(need))
    for name, limit in (await seen.limits(one.name for one in columns)).items():
        extras[f"sees_{name}"] = case((limit, 1), else_=0)
    statement = query.annotate(**extras).statement() if extras else query.statement()
    return Exported(site, visit, plan, columns, statement, list(extras))


def _whole(plan: ModelPlan) -> Sequence[ColumnPlan]:
    """Give all columns, and relations to one, but for what is private."""
    known = plan.description
    found = [
        ColumnPlan(one.name, titled(one.name), kind_of(one), column=one)
        for one in known.columns
        if not (one.is_private or is_secret(one))
    ]
    found += [
        ColumnPlan(one.name, titled(one.name), "relation", relation=one)
        for one in known.relations
        if one.columns and not one.is_many
    ]
    return found


def plain(value: Any) -> Any:
    """Give a value as files have it: numbers, truths, moments and texts stay what they are."""
    if value is None or isinstance(value, str | bool | int | float | Decimal):
        if isinstance(value, Enum):
            return value.value
        return str(value) if isinstance(value, str) else value
    if isinstance(value, datetime | date | time | timedelta | dict | list):
        return value
    if isinstance(value, Enum):
        return value.value if isinstance(value.value, str | int) else value.name
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, FileRef):
        return value.name
    return str(value)
