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

from sqlalchemy import FromClause, Integer, Select, func, inspect, literal_column, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.visitors import InternalTraversal

from trivet.db.present import unit_now
from trivet.db.query import Query
from trivet.db.special import Explain
from trivet.db.unit import Unit

__all__ = [
    "EXACT_UP_TO",
    "Estimate",
    "Expected",
    "Sums",
    "bounded",
    "computed",
    "counted",
    "estimated_count",
    "expected",
]

Sums = Mapping[str, tuple[str, Any]]
"""What is computed of rows, by names: a function of SQL's and a column of the model."""

EXACT_UP_TO = 10_000
"""As many rows are counted at most."""

# Rows are expected by statistics: a condition's number may be wrong by a factor.
_DOUBT = 10
# As many are few: their keys are looked up one by one sooner than a table is asked twice.
_FEW = 1_000
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


@dataclass(frozen=True)
class Expected:
    """What a database's planner expects of a query, before any of its rows is looked at."""

    number: int = 0
    is_many: bool = False
    """So many rows, or such a cost, that they are not counted."""
    is_few: bool = False
    """So few that they are best counted by the statement that reads them: see `few.py`."""


class _ExplainJson(Explain):
    """The plan as databases tell it to programs."""

    # Compiled once for all values: a list of the admin asks it with each page, which costs it a
    # tenth less so (benchmarks/results/admin).
    inherit_cache = True
    _traverse_internals: Any = (  # SQLAlchemy makes it a list, or a tuple, itself
        ("statement", InternalTraversal.dp_clauseelement),
        ("analyze", InternalTraversal.dp_boolean),
    )
    _all_selected_columns = ()  # those of the plan are known by their place alone


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
    return await counted(query, await expected(query), sums)


async def expected(query: Query[Any]) -> Expected:
    """Ask the planner; SQLite has none that can tell, and is not asked."""
    unit = unit_now(query.model)
    name = unit.database.engine.dialect.name
    if name == "sqlite":
        return Expected()
    return await (_by_postgres if name == "postgresql" else _by_mysql)(unit, query)


async def counted(query: Query[Any], outlook: Expected, sums: Sums | None = None) -> Estimate:
    """Count up to the bound where not too much is expected; beyond it, give what was expected."""
    unit, sums = unit_now(query.model), sums or {}
    if unit.database.engine.dialect.name == "sqlite":
        return await _by_sqlite(unit, query, sums)
    if outlook.is_many:
        return Estimate(outlook.number, exact=False)
    ((number, *found),) = await unit.rows(_count_of(query, sums))
    if number <= EXACT_UP_TO:
        return Estimate(int(number), exact=True, sums=dict(zip(sums, found, strict=True)) or None)
    return Estimate(max(outlook.number, int(number)), exact=False)


def _has_conditions(query: Query[Any]) -> bool:
    return query.bare_of_loads().order_by().statement().whereclause is not None


def bounded(query: Query[Any], sums: Sums) -> Select[Any]:
    """Give the keys of a query's rows, one more than `EXACT_UP_TO` at most, in no order.

    What is computed of is beside them: ``of_total``.
    """
    columns = [column.label(f"of_{name}") for name, (_, column) in sums.items()]
    inner = query.keys_statement().order_by(None).add_columns(*columns).subquery()
    # Around it, as the query may have a limit of its own.
    return select(*inner.c).limit(EXACT_UP_TO + 1)


def _count_of(query: Query[Any], sums: Sums) -> Select[Any]:
    """Give the statement that counts as far as the bound, and computes."""
    most = bounded(query, sums).subquery()
    named = [one.label(name) for name, one in computed(most, sums).items()]
    return select(func.count(), *named).select_from(most)


def computed(found: FromClause, sums: Sums) -> Mapping[str, Any]:
    """Give what is computed of the rows that `bounded` gives, by names."""
    return {
        name: getattr(func, function)(found.c[f"of_{name}"]) for name, (function, _) in sums.items()
    }


@compiles(_ExplainJson, "mysql")
@compiles(_ExplainJson, "mariadb")
def _explain_in_json(element: Any, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN FORMAT=JSON {compiler.process(element.statement, **options)}"


# -- PostgreSQL ----------------------------------------------------------------------------------


async def _by_postgres(unit: Unit, query: Query[Any]) -> Expected:
    """Ask the planner, which knows the present size of the table's file besides `reltuples`."""
    told = await unit.scalar(_ExplainJson(_count_of(query, {}), analyze=False))
    plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    cost = float(plan["Total Cost"])
    while plan["Node Type"] != "Limit" and plan.get("Plans"):
        plan = plan["Plans"][0]
    # What is below the bound has all the rows that are expected.
    rows = int(plan["Plans"][0]["Plan Rows"] if plan.get("Plans") else plan["Plan Rows"])
    is_sure = rows > EXACT_UP_TO * (_DOUBT if _has_conditions(query) else 1)
    is_many = is_sure or cost > _POSTGRES_COST
    return Expected(rows, is_many, is_few=rows <= _FEW and not is_many)


# -- MariaDB and MySQL ---------------------------------------------------------------------------


async def _by_mysql(unit: Unit, query: Query[Any]) -> Expected:
    statement = query.keys_statement().order_by(None)
    plan = _plan_of(await unit.scalar(_ExplainJson(statement, analyze=False)))
    looked_at, rows = 1, 1.0
    for number, share in _tables_in(plan):
        looked_at *= max(number, 1)
        rows *= number * share
    number = _within(query, round(rows))
    has_conditions = _has_conditions(query)
    is_sure = number > EXACT_UP_TO * (_DOUBT if has_conditions else 1)
    return Expected(number, is_sure or (has_conditions and looked_at > _MYSQL_ROWS))


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
    asked = _count_of(query, sums).add_columns(
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
