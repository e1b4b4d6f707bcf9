"""To find a row or to make it, when others do the same at the same time.

Whoever comes second is told by the unique constraint, takes back what he wrote (a savepoint), and
finds what the first one stored. Without a unique constraint on what is looked up, no database can
tell, and there may be two rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy.exc import IntegrityError

from trivet.db.errors import TooManyFound
from trivet.db.faults import Fault, fault_of
from trivet.db.present import unit_now
from trivet.db.query import Query

__all__ = ["get_or_create", "update_or_create"]

Row = TypeVar("Row")


async def get_or_create(
    model: type[Row], lookups: Mapping[str, Any], defaults: Mapping[str, Any]
) -> tuple[Row, bool]:
    """Give the row that fits, and False; or a new one of look-ups and defaults, and True."""
    query: Query[Row] = Query(model).where(**lookups)
    found = await query.find()
    if found is not None:
        return found, False
    session = await unit_now(model).session()
    try:
        async with session.begin_nested():
            made = model(**{**_plain(lookups), **defaults})
            await unit_now(model).save(made)
    except IntegrityError as error:
        if fault_of(error) is not Fault.UNIQUE:
            raise
        found = await _latest(query)
        if found is None:
            raise  # another constraint than the one that was looked up
        return found, False
    return made, True


async def update_or_create(
    model: type[Row], lookups: Mapping[str, Any], values: Mapping[str, Any]
) -> tuple[Row, bool]:
    """Give the row that fits, changed, and False; or a new one, and True."""
    found, is_new = await get_or_create(model, lookups, values)
    if not is_new:
        # Held until the end, so that changes of others are neither lost nor mixed with these.
        held = await _latest(Query(model).where(**lookups))
        found = held if held is not None else found
        for name, value in values.items():
            setattr(found, name, value)
        await unit_now(model).save(found)
    return found, is_new


async def _latest(query: Query[Row]) -> Row | None:
    """Give the row as it is stored now, whatever moment the transaction otherwise sees."""
    found = await query.limit(2).for_update()
    if len(found) > 1:
        raise TooManyFound(query.model, 2)
    return found[0] if found else None


def _plain(lookups: Mapping[str, Any]) -> dict[str, Any]:
    """Give the look-ups that say what a new row has."""
    plain = {}
    for name, value in lookups.items():
        column, _, lookup = name.partition("__")
        if lookup in ("", "exact", "iexact"):
            plain[column] = value
    return plain
