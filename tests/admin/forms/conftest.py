"""A database with the tables of the press, made once a module and empty for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.admin.forms.press import press_on, press_tables
from tests.admin.shop import Shop
from tests.databases import clean_database, emptied
from tests.db.conftest import address
from trivet.db import Database


@pytest.fixture(scope="module")
async def made_database(kind: str) -> AsyncIterator[Database]:
    tables = press_tables(Database(address(kind)))
    async with clean_database(address(kind), tables) as found:
        yield found


@pytest.fixture
async def database(made_database: Database) -> AsyncIterator[Database]:
    """Give the database of this kind, emptied after each test."""
    yield made_database
    await emptied(made_database, press_tables(made_database))


@pytest.fixture
def press(database: Database) -> Shop:
    return press_on(database)
