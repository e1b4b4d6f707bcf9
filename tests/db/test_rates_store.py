"""Rates in a table: beside every unit of work, and known to migrations.

What every store of rates does is in tests/security/test_rate.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select, update

from tests.databases import clean_database
from tests.db.conftest import address, own_database
from trivet import App, Depends, HTTPException
from trivet.db import Database, Mapped, Model, field
from trivet.db.rates_store import DatabaseRates
from trivet.security.rate import Rate, RatesAway
from trivet.security.rate_limit import RateLimit
from trivet.testing import running
from trivet.testing.client import async_client
from trivet.testing.queries import counted_queries

DAILY = Rate(3, 86_400)


class Counted(Model, apart=True):
    """Models of a database with rates."""


class Try(Counted):
    name: Mapped[str] = field(max_length=50)


@pytest.fixture
async def database(kind: str) -> AsyncIterator[Database]:
    url, tables = address(kind), Counted.metadata
    DatabaseRates(Database(url, models=Counted))  # its table
    async with clean_database(url, tables, models=Counted, pool_size=3) as found:
        yield found
        Counted.metadata.remove(Counted.metadata.tables["trivet_rates"])


@pytest.fixture
def rates(database: Database) -> DatabaseRates:
    return DatabaseRates(database, timeout=5)


async def test_a_login_that_fails_and_is_rolled_back_has_counted(
    database: Database, rates: DatabaseRates
) -> None:
    app = App()
    app.use(database)
    limit = RateLimit("2/day", store=rates, by=lambda: "ann")

    @app.post("/login", dependencies=[Depends(limit)])
    async def login() -> None:
        await Try(name="ann").save()
        raise HTTPException(401)

    async with running(app), async_client(app) as client:
        statuses = [(await client.post("/login")).status_code for _ in range(4)]
        async with database.transaction():
            assert await Try.where().count() == 0

    assert statuses == [401, 401, 429, 429]


async def test_who_writes_already_counts_too_and_waits_for_nobody(
    database: Database, rates: DatabaseRates
) -> None:
    async def work() -> list[bool]:
        async with database.transaction():
            await Try(name="ann").save()
            return [(await rates.take("ann", DAILY)).allowed for _ in range(4)]

    assert await asyncio.wait_for(work(), 20) == [True, True, True, False]
    assert not (await rates.take("ann", DAILY)).allowed


async def test_keys_that_have_their_whole_limit_again_are_deleted_in_passing(
    database: Database, rates: DatabaseRates
) -> None:
    for name in ("ann", "bob"):
        await rates.take(name, DAILY)
    async with database.transaction() as unit:
        ended = update(rates.table).where(rates.table.c.key == "bob").values(full_at=1)
        await unit.execute(ended)

    rates._taken = 999
    await rates.take("eve", DAILY)

    async with database.transaction() as unit:
        kept = await unit.rows(select(rates.table.c.key).order_by(rates.table.c.key))
    assert [row.key for row in kept] == ["ann", "eve"]


async def test_two_processes_count_together(database: Database, rates: DatabaseRates) -> None:
    other = DatabaseRates(database, timeout=5)

    taken = [await store.take("ann", DAILY) for store in (rates, other, rates, other)]

    assert [one.allowed for one in taken] == [True, True, True, False]


async def test_a_table_that_is_not_there_is_away(kind: str, worker_id: str) -> None:
    async with own_database(address(kind), worker_id, models=Counted) as database:
        store = DatabaseRates(database, table="nowhere", timeout=5)
        try:
            with pytest.raises(RatesAway, match="trivet migrate"):
                await store.take("ann", DAILY)
        finally:
            Counted.metadata.remove(store.table)


async def test_a_server_that_is_not_there_is_away() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none", models=Counted)
    store = DatabaseRates(database, table="elsewhere")
    try:
        with pytest.raises(RatesAway):
            await store.take("ann", DAILY)
    finally:
        Counted.metadata.remove(store.table)
        await database.close()


async def test_one_statement_does_it(database: Database, rates: DatabaseRates, kind: str) -> None:
    await rates.take("ann", DAILY)
    with counted_queries(database) as queries:
        await rates.take("ann", DAILY)

    assert len(queries) == 1
    async with database.transaction() as unit:
        assert (await unit.rows(select(func.count()).select_from(rates.table)))[0][0] == 1
