"""How many rows there are: counted where they are few, else estimated."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import event, insert

from tests.db.conftest import address, own_database
from trivet.db import BareModel, Database, Mapped, Query, field
from trivet.db.estimates import EXACT_UP_TO, Estimate, _tables_in, estimated_count


class EstimateBase(BareModel, apart=True):
    pass


class EstimateRow(EstimateBase):
    id: Mapped[int] = field(primary_key=True)
    kind: Mapped[int] = field(index=True)
    name: Mapped[str] = field(max_length=20)


MANY = 3 * EXACT_UP_TO


@pytest.fixture
async def rows(kind: str, worker_id: str) -> AsyncIterator[Database]:
    async with own_database(address(kind), f"estimates_{worker_id}") as made:
        url = made.engine.url.render_as_string(hide_password=False)
        database = Database(url, models=EstimateBase)
        await database.create_tables()
        yield database
        await database.close()


async def fill(database: Database, count: int) -> None:
    async with database.engine.begin() as connection:
        values = [{"id": n + 1, "kind": n % 100, "name": f"row {n}"} for n in range(count)]
        for start in range(0, count, EXACT_UP_TO):
            await connection.execute(insert(EstimateRow), values[start : start + EXACT_UP_TO])
        table = " TABLE" if connection.dialect.name in ("mariadb", "mysql") else ""
        await connection.exec_driver_sql(f"ANALYZE{table} estimate_row")


async def test_few_rows_are_counted(rows: Database) -> None:
    async with rows.transaction():
        assert await estimated_count(EstimateRow.all()) == Estimate(0, exact=True)
    await fill(rows, 120)

    async with rows.transaction():
        assert await estimated_count(EstimateRow.all()) == Estimate(120, exact=True)
        assert await estimated_count(EstimateRow.where(kind=5)) == Estimate(2, exact=True)
        assert await estimated_count(EstimateRow.all().order_by("name")[10:40]) == Estimate(
            30, exact=True
        )
        distinct = EstimateRow.where(kind__lt=50).distinct()
        assert await estimated_count(distinct) == Estimate(70, exact=True)
        assert await estimated_count(Query(EstimateRow).where(id=0)) == Estimate(0, exact=True)
        # What was written in this transaction is counted too.
        await EstimateRow.create(id=1000, kind=1, name="new")
        assert await estimated_count(EstimateRow.all()) == Estimate(121, exact=True)


@pytest.mark.parametrize("name", ["'", '"', "\\", "\\'", "\\u", "\n", "\x01", '",', "}", "ä"])
async def test_rows_are_counted_whatever_they_are_asked_for(rows: Database, name: str) -> None:
    """MariaDB writes what is asked for into its plan as it stands in SQL, which is no JSON."""
    async with rows.transaction():
        await EstimateRow.create(id=1, kind=1, name=name)

        assert await estimated_count(EstimateRow.where(name=name)) == Estimate(1, exact=True)


async def test_many_rows_are_estimated_by_one_statement(rows: Database) -> None:
    await fill(rows, MANY)
    asked: list[str] = []

    @event.listens_for(rows.engine.sync_engine, "before_cursor_execute")
    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if not statement.startswith(("BEGIN", "SET")):
            asked.append(statement)

    async with rows.transaction():
        found = await estimated_count(EstimateRow.all())
        whole = len(asked)
        part = await estimated_count(EstimateRow.where(kind__gte=10))
        some = await estimated_count(EstimateRow.where(kind=7))

    is_sqlite = rows.engine.dialect.name == "sqlite"  # which has ANALYZE's number besides
    assert whole == (2 if is_sqlite else 1)
    assert not found.exact
    assert 0.5 * MANY < found.number < 2 * MANY
    assert not part.exact
    assert part.number > EXACT_UP_TO
    assert some == Estimate(MANY // 100, exact=True)


async def test_sqlite_goes_by_the_newest_key_without_statistics() -> None:
    async with own_database("sqlite://", "newest") as made:
        database = Database(str(made.engine.url), models=EstimateBase)
        await database.create_tables()
        async with database.engine.begin() as connection:
            values = [{"id": n * 2, "kind": 0, "name": ""} for n in range(EXACT_UP_TO + 5)]
            await connection.execute(insert(EstimateRow), values)

        async with database.transaction():
            assert await estimated_count(EstimateRow.all()) == Estimate(20_008, exact=False)
            part = await estimated_count(EstimateRow.where(kind=0))
            assert part == Estimate(EXACT_UP_TO + 1, exact=False)
        await database.close()


def test_plans_of_mariadb_and_mysql_are_read() -> None:
    mariadb = (
        '{"query_block": {"nested_loop": [{"table": {"table_name": "a", "rows": 5,'
        ' "filtered": 50}}]}}'
    )
    mysql = (
        '{"query_block": {"table": {"table_name": "a", "rows_examined_per_scan": 8,'
        ' "filtered": "25.00"}}}'
    )

    assert list(_tables_in(json.loads(mariadb))) == [(5, 0.5)]
    assert list(_tables_in(json.loads(mysql))) == [(8, 0.25)]
