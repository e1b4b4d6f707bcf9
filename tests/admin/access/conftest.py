"""One database and one shop for all cells of the matrix."""

from __future__ import annotations

import pytest

from tests.admin.access.site import Matrix, matrix_on
from trivet.db import Database


@pytest.fixture(params=["sqlite"], scope="module")
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
async def matrix(made_database: Database) -> Matrix:
    return await matrix_on(made_database)
