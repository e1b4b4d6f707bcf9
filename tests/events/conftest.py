"""A database that is empty for each test, on each kind of server, with the tables of jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import delete

from tests.databases import clean_database
from tests.db.conftest import URLS, address
from tests.events.orders import Shop
from trivet.db import Database
from trivet.events import Events
from trivet.jobs.tables import board_in


@pytest.fixture(params=list(URLS), scope="module")
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
async def made_database(kind: str) -> AsyncIterator[Database]:
    board_in(Shop.metadata)
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
def events(database: Database) -> Events:
    return Events(database)
