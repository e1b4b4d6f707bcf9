"""One application with all that accounts can do, on a database that is empty for each test.

On SQLite; what databases may differ in asks for `kind` in its own file.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.attacks.target import Target, target_on
from tests.auth.conftest import database, made_database
from tests.auth.organisations.conftest import with_tables
from tests.auth.organisations.team import emptied
from trivet.db import Database

__all__ = ["database", "kind", "made_database", "target", "with_tables"]


@pytest.fixture(params=["sqlite"], scope="module")
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
async def target(with_tables: Database, database: Database) -> AsyncIterator[Target]:
    yield target_on(database)
    await emptied(database)
