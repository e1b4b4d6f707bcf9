"""A database with the tables of accounts, empty for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.auth.pages.site import PagedSite, site_on, tables_in
from trivet.db import Database, Model


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    """SQLite alone: pages write nothing themselves, and what they call is tested elsewhere."""
    database = Database("sqlite://")
    async with database.engine.begin() as connection:
        tables = list(tables_in(database))
        await connection.run_sync(Model.metadata.create_all, tables=tables)
    yield database
    await database.close()


@pytest.fixture
def site(database: Database, tmp_path: Path) -> PagedSite:
    return site_on(database, tmp_path)
