"""The torture schema on each kind of server: made once, and read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from tests.db.conftest import address, own_database
from tests.db.reflect.torture import statements
from trivet.db import Database
from trivet.db.reflect import Reflected, reflect


@pytest.fixture
async def old(kind: str, worker_id: str) -> AsyncIterator[Database]:
    async with own_database(address(kind), f"reflected_{worker_id}") as database:
        async with database.engine.begin() as connection:
            for statement in statements(kind):
                await connection.execute(text(statement.replace(":", r"\:")))
        yield database


@pytest.fixture
async def found(old: Database) -> Reflected:
    return await reflect(old)
