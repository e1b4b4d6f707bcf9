"""Databases with the tables of these tests, empty for each test, on each kind of server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tests.databases import emptied
from tests.db.conftest import URLS, address, own_database
from tests.resources.models import House
from trivet import App
from trivet.db import Database
from trivet.resources import ResourceRouter
from trivet.testing import async_client

Client = httpx2.AsyncClient


@pytest.fixture(params=list(URLS), scope="module")
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
async def made_database(kind: str, worker_id: str) -> AsyncIterator[Database]:
    async with own_database(address(kind), f"resources_{worker_id}", models=House) as found:
        await found.create_tables()
        yield found


@pytest.fixture
async def database(made_database: Database) -> AsyncIterator[Database]:
    yield made_database
    await emptied(made_database, made_database.metadata.sorted_tables)


@pytest.fixture
async def lite(worker_id: str) -> AsyncIterator[Database]:
    """Give SQLite alone, for what no database has a say in."""
    async with own_database("sqlite://", worker_id, models=House) as found:
        await found.create_tables()
        yield found


@pytest.fixture
async def client(site: App, database: Database) -> AsyncIterator[Client]:
    """Give a client of the application that a file serves, its fixture `site`."""
    async with async_client(site) as found:
        yield found


def app_of(database: Database, *routers: ResourceRouter, **options: Any) -> App:
    """Give an application without accounts that serves resources."""
    app = App(**options)
    app.use(database)
    for router in routers:
        app.include_router(router)
    return app


def client_of(database: Database, *routers: ResourceRouter) -> Any:
    """Give a client of such an application; a context manager."""
    return async_client(app_of(database, *routers))
