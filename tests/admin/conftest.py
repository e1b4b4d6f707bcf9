"""A database with the tables of the shop, made once a module and empty for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.admin.shop import Shop, tables_in, usual_shop
from tests.databases import clean_database, emptied
from tests.db.conftest import address
from trivet.db import Database


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
async def made_database(kind: str) -> AsyncIterator[Database]:
    tables = tables_in(Database(address(kind)))
    async with clean_database(address(kind), tables) as found:
        yield found


@pytest.fixture
async def database(made_database: Database) -> AsyncIterator[Database]:
    """Give the database of this kind, emptied after each test."""
    yield made_database
    await emptied(made_database, tables_in(made_database))


@pytest.fixture
def shop(database: Database) -> Shop:
    return usual_shop(database)
