"""A site whose accounts work together, on each kind of server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.auth.organisations.team import TABLES, Team, emptied, team_on
from trivet.db import Database, Model


@pytest.fixture(scope="module")
async def with_tables(made_database: Database) -> Database:
    async with made_database.engine.begin() as connection:
        await connection.run_sync(Model.metadata.create_all, tables=TABLES)
    return made_database


@pytest.fixture
async def team(with_tables: Database, database: Database) -> AsyncIterator[Team]:
    yield team_on(database)
    await emptied(database)
