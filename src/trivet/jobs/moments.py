"""Moments as the database sees them: milliseconds since 1970, UTC, by its own clock.

One clock for all workers: one whose own clock is ahead would take leases for lapsed that are not.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

__all__ = ["NEVER", "as_datetime", "database_now", "milliseconds", "moment_of"]

NEVER = 253_370_764_800_000  # the year 9999
"""A moment that does not come."""


class database_now(FunctionElement[int]):  # noqa: N801  # as SQLAlchemy names functions of SQL
    """The present moment, by the database's clock."""

    inherit_cache = True
    type = BigInteger()


@compiles(database_now, "postgresql")
def _postgresql(element: Any, compiler: Any, **options: Any) -> str:
    # Not now(), which is when the transaction began.
    return "CAST(extract(epoch from clock_timestamp()) * 1000 AS BIGINT)"


@compiles(database_now, "mysql")
@compiles(database_now, "mariadb")
def _mariadb(element: Any, compiler: Any, **options: Any) -> str:
    # Not UNIX_TIMESTAMP(), to which an hour of each autumn is two.
    return "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000)"


@compiles(database_now, "sqlite")
def _sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"


def milliseconds(seconds: float | timedelta) -> int:
    """Give a duration as the tables hold it."""
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    return round(seconds * 1000)


def moment_of(when: datetime) -> int:
    """Give a moment as the tables hold it; `when` has a time zone."""
    return round(when.timestamp() * 1000)


def as_datetime(moment: int | None) -> datetime | None:
    """Give a moment of the tables in UTC; None for one that does not come."""
    if moment is None or moment == NEVER:
        return None
    return datetime.fromtimestamp(moment / 1000, UTC)
