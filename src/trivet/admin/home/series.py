"""The numbers of charts: rows counted or added up by day in the database, and gathered from there.

A day begins at midnight in the visitor's time zone: on PostgreSQL in every season, elsewhere by
what the clock says now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Date, cast, func, inspect, literal, text, type_coerce
from sqlalchemy.types import NullType

from trivet.admin.declared.dashboard import Chart
from trivet.admin.home.asking import called
from trivet.admin.visits import Visit
from trivet.auth.errors import NotAllowed
from trivet.db import Query
from trivet.db.present import unit_now
from trivet.errors import SetupError

__all__ = ["Series", "series_of"]

_MOST = 366  # points of a chart


@dataclass(frozen=True)
class Series:
    """Labels with numbers, in their order."""

    labels: list[str]
    values: list[float]


async def series_of(chart: Chart, visit: Visit) -> Series:
    """Compute a chart; raises `NotAllowed` where the visitor may not see what is added up."""
    found = await called(chart.rows, visit)
    if isinstance(found, Query):
        return await _by_days(chart, found, visit)
    pairs: Iterable[Any] = found.items() if isinstance(found, Mapping) else found
    rows = [(str(label), float(value)) for label, value in list(pairs)[:_MOST]]
    return Series([label for label, _ in rows], [value for _, value in rows])


async def _by_days(chart: Chart, query: Query[Any], visit: Visit) -> Series:
    if chart.on is None:
        raise SetupError(
            f"The chart {chart.label!r} has a query, and nothing says of which days its rows are",
            code="admin.chart",
            mend=f"Chart({chart.label!r}, rows=…, on={query.model.__name__}.created)",
        )
    names = [one.key for one in (chart.on, chart.value) if one is not None]
    if not await visit.may("view", query.model):
        raise NotAllowed
    query = await visit.may.reachable("view", query)
    for name in names:  # what is seen on some rows alone is added up of these
        seen = await visit.may.where_field("view", query.model, name)
        if seen is False:
            raise NotAllowed
        query = query if seen is True else query.where(seen)
    starts = _starts(chart, datetime.now(ZoneInfo(visit.time_zone)).date())
    begin = datetime.combine(starts[0], datetime.min.time(), ZoneInfo(visit.time_zone))
    is_day = isinstance(_type_of(query.model, chart.on), Date)
    after = begin.date() if is_day else begin.astimezone(UTC)
    if not is_day and _is_naive(query.model, chart.on):
        after = begin.astimezone(UTC).replace(tzinfo=None)
    query = query.where(chart.on >= after)
    day = chart.on if is_day else _day_of(chart.on, visit.time_zone, query.model)
    number = func.count() if chart.value is None else func.sum(chart.value)
    found: dict[date, float] = {}
    statement = query.bare_of_loads().order_by().statement().with_only_columns(day, number)
    for when, value in await unit_now(query.model).rows(statement.group_by(text("1"))):
        if when is not None:
            known = when if isinstance(when, date) else date.fromisoformat(str(when)[:10])
            start = _start(chart, known)
            found[start] = found.get(start, 0.0) + float(value or 0)
    return Series(
        [f"{one:%Y-%m}" if chart.by == "month" else visit.day(one) for one in starts],
        [found.get(one, 0.0) for one in starts],
    )


def _starts(chart: Chart, today: date) -> Sequence[date]:
    """Give the first days of the stretches that a chart shows, the oldest first."""
    found = [_start(chart, today)]
    for _ in range(min(max(chart.last, 1), _MOST) - 1):
        found.append(_start(chart, found[-1] - timedelta(days=1)))
    return found[::-1]


def _start(chart: Chart, day: date) -> date:
    if chart.by == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if chart.by == "week" else day


def _type_of(model: Any, attribute: Any) -> Any:
    mapper: Any = inspect(model)
    return mapper.column_attrs[attribute.key].columns[0].type


def _is_naive(model: Any, attribute: Any) -> bool:
    kind = _type_of(model, attribute)
    return type(kind).__name__ != "UtcDateTime" and not getattr(kind, "timezone", False)


def _day_of(attribute: Any, zone: str, model: Any) -> Any:
    """Give the day of a moment that is kept in UTC, as the dialect has it."""
    name = unit_now(model).database.engine.dialect.name
    offset = datetime.now(ZoneInfo(zone)).utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    plain = type_coerce(attribute, NullType())
    if name == "postgresql":
        moment = func.timezone("UTC", plain) if _is_naive(model, attribute) else plain
        return cast(func.timezone(zone, moment), Date)
    if name == "sqlite":
        return func.date(plain, literal(f"{minutes:+d} minutes"))
    return func.date(func.timestampadd(text("MINUTE"), minutes, plain))
