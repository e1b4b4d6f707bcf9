"""How many rows a query has, told at once also where to count them would take seconds.

The planner is asked first. Where it expects few rows, they are counted, as far as `EXACT_UP_TO`;
where it expects many, its own number is given. Counting stops at a bound, so that a wrong
expectation costs little.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, func, inspect, literal_column, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles

from trivet.db.present import unit_now
from trivet.db.query import Query
from trivet.db.special import Explain
from trivet.db.unit import Unit

__all__ = ["EXACT_UP_TO", "Estimate", "estimated_count"]

Sums = Mapping[str, tuple[str, Any]]

EXACT_UP_TO = 10_000
"""As many rows are counted at most."""

# Rows are expected by statistics: a condition's number may be wrong by a factor.
_DOUBT = 10
# What the planner of PostgreSQL takes a count to cost before it is not made: about 0.2 seconds.
_POSTGRES_COST = 50_000.0
# A line of a plan that says a text.
_TEXT = re.compile(r'^(\s*"\w+": )"(.*)"(,?)$', re.MULTILINE)
# Rows that MariaDB or MySQL would look at for it.
_MYSQL_ROWS = 200_000


@dataclass(frozen=True)
class Estimate:
    """A number of rows; `exact` says whether they were counted."""

    number: int
    exact: bool
    sums: Mapping[str, Any] | None = None
    """What was asked to be computed of the rows; None where they were not counted."""


class _ExplainJson(Explain):
    """The plan as databases tell it to programs."""

    inherit_cache = False


@compiles(_ExplainJson, "postgresql")
def _explain_json(element: Any, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(element.statement, **options)}"


async def estimated_count(query: Query[Any], sums: Sums | None = None) -> Estimate:
    """Count the rows of a query where that is cheap, else estimate them.

    `sums` are computed with the count, by names: a function of SQL's and a column of the model,
    ``{"total": ("sum", Order.amount)}``.

    Up to 10,000 rows are counted. A whole table of more takes one statement, whatever its size; a
    query with conditions at most two, neither of which reads a large table through.
    """
    unit = unit_now(query.model)
    name = unit.database.engine.dialect.name
    if name == "sqlite":
        return await _by_sqlite(unit, query, sums or {})
    if name == "postgresql":
        return await _by_postgres(unit, query, sums or {})
    return await _by_mysql(unit, query, sums or {})


def _has_conditions(query: Query[Any]) -> bool:
    return query.bare_of_loads().order_by().statement().whereclause is not None


def _bounded(query: Query[Any], sums: Sums) -> Any:
    """Give the statement that counts at most one row more than `EXACT_UP_TO`."""
    named = {name: column.label(f"of_{name}") for name, (_, column) in sums.items()}
    inner = query.keys_statement().order_by(None).add_columns(*named.values()).subquery()
    # Around it, as the query may have a limit of its own.
    columns = [inner.c[f"of_{name}"] for name in named] or [literal_column("1")]
    most = select(*columns).select_from(inner).limit(EXACT_UP_TO + 1).subquery()
    computed = [
        getattr(func, function)(most.c[f"of_{name}"]).label(name)
        for name, (function, _) in sums.items()
    ]
    return select(func.count(), *computed).select_from(most)


async def _counted(unit: Unit, query: Query[Any], expected: int, sums: Sums) -> Estimate:
    """Count up to the bound; beyond it, give what was expected."""
    ((number, *found),) = await unit.rows(_bounded(query, sums))
    if number <= EXACT_UP_TO:
        return Estimate(int(number), exact=True, sums=dict(zip(sums, found, strict=True)) or None)
    return Estimate(max(expected, int(number)), exact=False)


@compiles(_ExplainJson, "mysql")
@compiles(_ExplainJson, "mariadb")
def _explain_in_json(element: Any, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN FORMAT=JSON {compiler.process(element.statement, **options)}"


# -- PostgreSQL ----------------------------------------------------------------------------------


async def _by_postgres(unit: Unit, query: Query[Any], sums: Sums) -> Estimate:
    """Ask the planner, which knows the present size of the table's file besides `reltuples`."""
    told = await unit.scalar(_ExplainJson(_bounded(query, {}), analyze=False))
    plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    cost = float(plan["Total Cost"])
    while plan["Node Type"] != "Limit" and plan.get("Plans"):
        plan = plan["Plans"][0]
    # What is below the bound has all the rows that are expected.
    rows = int(plan["Plans"][0]["Plan Rows"] if plan.get("Plans") else plan["Plan Rows"])
    is_sure = rows > EXACT_UP_TO * (_DOUBT if _has_conditions(query) else 1)
    if is_sure or cost > _POSTGRES_COST:
        return Estimate(rows, exact=False)
    return await _counted(unit, query, rows, sums)


# -- MariaDB and MySQL ---------------------------------------------------------------------------


async def _by_mysql(unit: Unit, query: Query[Any], sums: Sums) -> Estimate:
    statement = query.keys_statement().order_by(None)
    plan = _plan_of(await unit.scalar(_ExplainJson(statement, analyze=False)))
    looked_at, expected = 1, 1.0
    for rows, share in _tables_in(plan):
        looked_at *= max(rows, 1)
        expected *= rows * share
    number = _within(query, round(expected))
    is_sure = number > EXACT_UP_TO * (_DOUBT if _has_conditions(query) else 1)
    if is_sure or (_has_conditions(query) and looked_at > _MYSQL_ROWS):
        return Estimate(number, exact=False)
    return await _counted(unit, query, number, sums)


def _plan_of(told: str) -> Any:
    """Read a plan, in which MariaDB writes conditions as they stand in SQL: no JSON escapes them.

    Each stands on a line of its own.
    """
    return json.loads(_TEXT.sub(lambda one: f"{one[1]}{json.dumps(one[2])}{one[3]}", told))


def _within(query: Query[Any], number: int) -> int:
    """Give how many of `number` rows are left by the query's own limit, which plans leave out."""
    statement = query.statement()
    number = max(number - (statement._offset or 0), 0)
    return number if statement._limit is None else min(number, statement._limit)


def _tables_in(plan: Any) -> Iterator[tuple[int, float]]:
    """Give the rows that are looked at in each table of a plan, and the share that fits."""
    for part in plan.values() if isinstance(plan, dict) else plan:
        if isinstance(part, dict | list):
            yield from _tables_in(part)
    if isinstance(plan, dict) and "table_name" in plan:
        rows = plan.get("rows") or plan.get("rows_examined_per_scan") or 1  # MariaDB's, MySQL's
        yield int(rows), float(plan.get("filtered") or 100) / 100


# -- SQLite --------------------------------------------------------------------------------------


async def _by_sqlite(unit: Unit, query: Query[Any], sums: Sums) -> Estimate:
    """Count to the bound, which takes a millisecond; then go by the newest number or by ANALYZE.

    Keys that are counted up are seldom less than there are rows.
    """
    mapper: Any = inspect(query.model)
    key = mapper.primary_key
    is_numbered = len(key) == 1 and isinstance(key[0].type, Integer)
    is_whole = not _has_conditions(query) and _is_unlimited(query)
    has_statistics = text("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat1'")
    newest = select(func.max(key[0])).scalar_subquery() if is_numbered and is_whole else None
    asked = _bounded(query, sums).add_columns(
        literal_column("NULL") if newest is None else newest,
        has_statistics.columns(literal_column("1")).scalar_subquery(),
    )
    ((number, *found, highest, is_analyzed),) = await unit.rows(asked)
    if number <= EXACT_UP_TO:
        return Estimate(int(number), exact=True, sums=dict(zip(sums, found, strict=True)) or None)
    if not is_whole:
        return Estimate(int(number), exact=False)
    known = await _analyzed(unit, mapper.local_table.name) if is_analyzed else None
    return Estimate(max(int(number), int(known or highest or 0)), exact=False)


def _is_unlimited(query: Query[Any]) -> bool:
    statement = query.statement()
    return statement._limit_clause is None and not query.is_distinct


async def _analyzed(unit: Unit, table: str) -> int | None:
    """Give how many rows a table had when it was last analyzed."""
    asked = text("SELECT max(CAST(stat AS INTEGER)) FROM sqlite_stat1 WHERE tbl = :name")
    try:
        found = await unit.scalar(asked.bindparams(name=table))
    except DBAPIError:
        return None
    return None if found is None else int(found)
