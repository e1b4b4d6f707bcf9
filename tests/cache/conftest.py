"""Every kind of store, empty, for tests that hold for all of them."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from typing import NoReturn
from urllib.parse import urlsplit

import pytest
from sqlalchemy import MetaData

from tests.databases import clean_database
from tests.db.conftest import URLS, address
from trivet.cache import MemoryStore, RedisStore, Store
from trivet.db import Database
from trivet.db.cache_store import DatabaseStore

REDIS = os.environ.get("TEST_REDIS", "redis://127.0.0.1:6379/0")
KINDS = ("memory", "redis", *URLS)


@pytest.fixture
def redis_url(missing: Callable[[str], NoReturn]) -> str:
    """Give the address of a Redis that others use too."""
    url = urlsplit(REDIS)
    try:
        socket.create_connection((url.hostname, url.port or 6379), 1).close()
    except OSError:
        missing(f"no Redis at {url.netloc}")
    return REDIS


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def redis_or_none(kind: str, request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue("redis_url") if kind == "redis" else ""
    return found


@pytest.fixture
async def database(kind: str) -> AsyncIterator[Database | None]:
    """Give the database of a kind that is one."""
    if kind not in URLS:
        yield None
        return
    # No models but its own table: those of all other tests would be made too.
    metadata = MetaData()
    DatabaseStore(Database(address(kind), models=metadata))  # its table
    async with clean_database(address(kind), metadata, models=metadata) as found:
        yield found


@pytest.fixture
def prefix() -> str:
    """Give a beginning of keys that nobody else has."""
    return f"test-{secrets.token_hex(6)}"


@pytest.fixture
async def make_store(
    kind: str, database: Database | None, redis_or_none: str, prefix: str
) -> AsyncIterator[Callable[[], Store]]:
    """Give what makes stores, all of which see the same values: as several processes have them."""
    made: list[Store] = []
    memory = MemoryStore()

    def make() -> Store:
        if kind == "memory":
            return memory
        if database is not None:
            store: Store = DatabaseStore(database, timeout=10.0)  # of a machine that is busy
        else:
            store = RedisStore(redis_or_none, timeout=2.0)
        made.append(store)
        return store

    yield make
    if kind == "redis":
        await make().clear(prefix)
    for store in made:
        await store.close()


@pytest.fixture
def store(make_store: Callable[[], Store]) -> Store:
    return make_store()
