"""A database with the tables of accounts and second factors, on each kind of server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.auth.factors.site import Site, site_on, tables_in
from tests.databases import clean_database, emptied
from tests.db.conftest import URLS, address
from trivet.db import Database


@pytest.fixture(params=list(URLS), scope="module")
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
async def made_database(kind: str) -> AsyncIterator[Database]:
    tables = tables_in(Database(address(kind)))
    async with clean_database(address(kind), tables, timeout=20.0) as found:
        yield found


@pytest.fixture
async def database(made_database: Database) -> AsyncIterator[Database]:
    """Give the database of this kind: emptied after each test, as making one takes a second."""
    yield made_database
    await emptied(made_database, tables_in(made_database))


@pytest.fixture
def site(database: Database) -> Site:
    return site_on(database)
