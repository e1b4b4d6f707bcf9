"""Rows of several models, and single values, by one statement.

For what a page says in passing, such as the names of a few rows: each would cost as much to ask for
as a whole list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Integer, Select, and_, case, inspect, literal_column, select, true, union_all

from trivet.db.query import Query
from trivet.db.unit import Unit

__all__ = ["Together", "read_together"]


@dataclass(frozen=True)
class Together:
    """What was found."""

    rows: Mapping[Any, Sequence[Any]] = field(default_factory=dict)
    """By their models."""
    values: Mapping[str, Any] = field(default_factory=dict)


async def read_together(
    unit: Unit, queries: Sequence[Query[Any]], values: Mapping[str, Select[Any]]
) -> Together:
    """Read the rows of queries of different models, and the values of other statements, by names.

    Of the queries the conditions count alone. Nothing is asked where there is none of either. There
    are as many rows as of all queries together, not their product: each is joined to its number.
    """
    if not queries and not values:
        return Together()
    numbers = range(max(len(queries), 1))
    part = union_all(
        *(select(literal_column(str(number), Integer).label("part")) for number in numbers)
    ).subquery("parts")
    # Of their own: what they select from is not what is selected from around them.
    named = [one.correlate(None).scalar_subquery().label(name) for name, one in values.items()]
    asked = select(part.c.part, *(query.model for query in queries), *named).select_from(part)
    for number, query in enumerate(queries):
        where = query.statement().whereclause
        # Every row has a key, and so the number. Said of both sides, or SQLAlchemy takes them for
        # a product on MySQL and warns.
        is_its = part.c.part == case((inspect(query.model).primary_key[0].is_not(None), number))
        asked = asked.outerjoin(query.model, and_(is_its, true() if where is None else where))
    rows = await unit.rows(asked)
    found = {
        query.model: [row[place] for row in rows if row[place] is not None]
        for place, query in enumerate(queries, 1)
    }
    return Together(found, {name: rows[0]._mapping[name] for name in values})
