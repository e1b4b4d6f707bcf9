"""A database with the tables of accounts, empty for each test, on each kind of server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.auth.site import Site, auth_tables, site_on
from tests.databases import clean_database, emptied
from tests.db.conftest import URLS, address
from trivet.db import Database


@pytest.fixture(params=list(URLS), scope="module")
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
async def made_database(kind: str) -> AsyncIterator[Database]:
    tables = auth_tables(Database(address(kind)))
    async with clean_database(address(kind), tables) as found:
        yield found


@pytest.fixture
async def database(made_database: Database) -> AsyncIterator[Database]:
    """Give the database of this kind: emptied after each test, as making one takes a second."""
    yield made_database
    await emptied(made_database, auth_tables(made_database))


@pytest.fixture
def site(database: Database) -> Site:
    return site_on(database)
