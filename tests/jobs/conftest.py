"""One application with jobs for each test, or an empty database, on each kind of server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.databases import clean_database
from tests.db.conftest import URLS, address
from tests.jobs.site import Site, site_on
from trivet.db import BareModel, Database
from trivet.jobs import Jobs
from trivet.jobs.tables import board_in


class JobModel(BareModel, apart=True):
    """Where the tables of these tests are registered."""


@pytest.fixture(params=list(URLS))
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
async def site(kind: str, worker_id: str) -> AsyncIterator[Site]:
    async with site_on(kind, worker_id) as found:
        yield found


@pytest.fixture
async def database(kind: str) -> AsyncIterator[Database]:
    tables = JobModel.metadata
    board_in(tables)
    async with clean_database(address(kind), tables, models=JobModel, timeout=20.0) as found:
        Jobs(found)
        yield found
