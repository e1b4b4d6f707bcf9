"""A database that is empty for each test, on each kind of server, with the tables of webhooks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import delete

from tests.databases import clean_database
from tests.db.conftest import URLS, address
from tests.webhooks.running import Shop, Site, site_on
from trivet.db import Database
from trivet.jobs.tables import board_in
from trivet.webhooks.tables import tables_in


@pytest.fixture(params=list(URLS), scope="module")
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
async def made_database(kind: str) -> AsyncIterator[Database]:
    board_in(Shop.metadata)
    tables_in(Shop.metadata)
    async with clean_database(address(kind), Shop.metadata, models=Shop) as found:
        yield found


@pytest.fixture
async def database(made_database: Database) -> AsyncIterator[Database]:
    """Give the database of this kind: emptied after each test, as making one takes a second."""
    yield made_database
    async with made_database.own_transaction() as unit:
        for table in made_database.metadata.sorted_tables:
            await unit.execute(delete(table))


@pytest.fixture
def site(database: Database) -> Site:
    return site_on(database)
