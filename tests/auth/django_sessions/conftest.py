"""A database with the tables of accounts and those of Django, on each kind of server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy import Table

from tests.auth.django_sessions.site import DJANGO, Both, both_on
from tests.auth.site import auth_tables
from tests.databases import clean_database, emptied
from tests.db.conftest import URLS, address
from trivet.auth.django_sessions.spent import SpentSession
from trivet.auth.recovery.tables import StoredRecoveryCode
from trivet.auth.totp.tables import StoredTotp
from trivet.db import Database


def tables_in(database: Database) -> Sequence[Table]:
    models = (SpentSession, StoredTotp, StoredRecoveryCode)
    return [*auth_tables(database), *(model.__table__ for model in models)]  # type: ignore[misc]


@pytest.fixture(params=list(URLS), scope="module")
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
async def made_database(kind: str) -> AsyncIterator[Database]:
    tables = tables_in(Database(address(kind)))
    async with clean_database(address(kind), tables) as found:
        async with found.engine.begin() as connection:
            await connection.run_sync(DJANGO.create_all)
        yield found


@pytest.fixture
async def database(made_database: Database) -> AsyncIterator[Database]:
    """Give the database of this kind: emptied after each test, as making one takes a second."""
    yield made_database
    await emptied(made_database, tables_in(made_database))
    async with made_database.engine.begin() as connection:
        for table in DJANGO.sorted_tables:
            await connection.execute(table.delete())


@pytest.fixture
def both(database: Database) -> Both:
    return both_on(database)
