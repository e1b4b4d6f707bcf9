"""A site over each kind of database, emptied after each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.auth.tokens.people import Site, empty, tables
from tests.databases import clean_database
from tests.db.conftest import URLS, address
from trivet.db import Database


@pytest.fixture(params=list(URLS), scope="module")
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
async def made_database(kind: str) -> AsyncIterator[Database]:
    url = address(kind)
    async with clean_database(url, tables(Database(url))) as found:
        yield found


@pytest.fixture
async def database(made_database: Database) -> AsyncIterator[Database]:
    yield made_database
    await empty(made_database)


@pytest.fixture
def site(database: Database) -> Site:
    return Site(database)


@pytest.fixture
async def client(site: Site) -> AsyncIterator[httpx2.AsyncClient]:
    async with site.client() as found:
        yield found
