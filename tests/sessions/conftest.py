"""Every store of sessions, empty, on each kind of server; and one application on each of them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from tests.databases import clean_database
from tests.db.conftest import URLS, address
from tests.sessions.site import SECRET, Site
from trivet.db import BareModel
from trivet.sessions import CookieSessions, DatabaseSessions, RedisSessions, SessionStore
from trivet.sessions.tables import sessions_in

REDIS = os.environ.get("TEST_REDIS", "redis://127.0.0.1:6379/0")


class SessionModel(BareModel, apart=True):
    """Where the table of these tests is registered."""


@asynccontextmanager
async def store_on(kind: str, worker_id: str) -> AsyncIterator[SessionStore]:
    if kind == "cookies":
        yield CookieSessions(SECRET)
    elif kind == "redis":
        # As patient as with databases: a machine that is busy may take seconds to answer.
        store = RedisSessions(REDIS, prefix=f"test-{uuid4().hex}", timeout=20.0)
        try:
            yield store
            async with store._asking() as redis:
                if keys := [key async for key in redis.scan_iter(match=f"{store._prefix}*")]:
                    await redis.delete(*keys)
        finally:
            await store.close()
    else:
        tables = [sessions_in(SessionModel.metadata)]
        async with clean_database(address(kind), tables, models=SessionModel, timeout=20.0) as db:
            yield DatabaseSessions(db)


@pytest.fixture(params=[*URLS, "redis"])
async def store(request: pytest.FixtureRequest, worker_id: str) -> AsyncIterator[SessionStore]:
    """Give a store that keeps sessions on the server."""
    async with store_on(request.param, worker_id) as found:
        yield found


@pytest.fixture(params=["sqlite", "redis", "cookies"])
async def site(request: pytest.FixtureRequest, worker_id: str) -> AsyncIterator[Site]:
    """Give an application on each kind of store; what databases differ in is the store's."""
    async with store_on(request.param, worker_id) as found:
        yield Site(found)


@pytest.fixture
async def kept_site(worker_id: str) -> AsyncIterator[Site]:
    """Give an application whose sessions are in a database."""
    async with store_on("sqlite", worker_id) as found:
        yield Site(found)


@pytest.fixture(params=list(URLS))
async def database_site(request: pytest.FixtureRequest, worker_id: str) -> AsyncIterator[Site]:
    """Give an application whose sessions are in a database of each kind."""
    async with store_on(request.param, worker_id) as found:
        yield Site(found)


@pytest.fixture(params=list(URLS))
async def database_store(
    request: pytest.FixtureRequest, worker_id: str
) -> AsyncIterator[DatabaseSessions]:
    """Give a database's store."""
    async with store_on(request.param, worker_id) as found:
        assert isinstance(found, DatabaseSessions)
        yield found
