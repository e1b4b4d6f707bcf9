"""Back ends for tests: each with names of its own on the servers that everybody shares."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import nats
import pytest
from redis.asyncio import Redis
from sqlalchemy import MetaData

from tests.databases import clean_database
from tests.db.breaking.conftest import own_postgresql as own_postgresql  # a fixture
from tests.db.conftest import address
from tests.realtime.servers import NatsServer, OwnServer, RedisServer
from trivet.db import Database
from trivet.realtime import Backend, MemoryBackend, NatsBackend, PostgresBackend, RedisBackend

REDIS = os.environ.get("TEST_REDIS", "redis://127.0.0.1:6379/0")
NATS = os.environ.get("TEST_NATS", "nats://127.0.0.1:4222")
KINDS = ("memory", "postgresql", "redis", "nats")

# Gives another back end to the same place, as another process has it.
Maker = Callable[[], Backend]


def is_up(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@asynccontextmanager
async def making(
    kind: str, worker: str, missing: Callable[[str], NoReturn]
) -> AsyncIterator[Maker]:
    """Give what makes back ends of a kind, all to the same empty place."""
    unique = f"t{worker}_{os.getpid()}_{secrets.token_hex(4)}"
    if kind == "memory":
        only = MemoryBackend()
        yield lambda: only
    elif kind == "postgresql":
        metadata = MetaData()
        PostgresBackend(Database(address(kind), models=metadata))  # its table
        async with clean_database(address(kind), metadata, models=metadata) as database:
            made = [PostgresBackend(database)]
            yield lambda: made.pop() if made else PostgresBackend(database)
    elif kind == "redis":
        if not is_up(6379):
            missing("Redis is not running")
        yield lambda: RedisBackend(REDIS, prefix=f"{unique}:")
        async with Redis.from_url(REDIS) as redis:
            async for key in redis.scan_iter(f"{unique}:*"):
                await redis.delete(key)
    else:
        if not is_up(4222):
            missing("NATS is not running")
        yield lambda: NatsBackend(NATS, prefix=unique)
        client = await nats.connect(NATS)
        manager = client.jetstream()
        for stream in await manager.streams_info():
            if str(stream.config.name).startswith(unique):
                await manager.delete_stream(str(stream.config.name))
        await client.close()


@pytest.fixture(params=KINDS)
async def make(
    request: pytest.FixtureRequest, worker_id: str, missing: Callable[[str], NoReturn]
) -> AsyncIterator[Maker]:
    async with making(request.param, worker_id, missing) as found:
        yield found


async def until(is_so: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until something is so, or fail."""
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110  # what is looked at tells nobody
            await asyncio.sleep(0.01)


@pytest.fixture(params=["postgresql", "redis", "nats"])
async def breakable(
    request: pytest.FixtureRequest, tmp_path: Path, missing: Callable[[str], NoReturn]
) -> AsyncIterator[Breakable]:
    """A server of this test alone, up, and what makes back ends to it."""
    own: Any  # has start and kill
    if request.param == "postgresql":
        own = request.getfixturevalue("own_postgresql")
        own.start()
        metadata = MetaData()
        database = Database(own.url, models=metadata)
        backend = PostgresBackend(database)
        await database.drop_tables()
        await database.create_tables()
        yield Breakable(own, lambda: PostgresBackend(database))
        await backend.close()
        await database.close()
        own.start()
        return
    if request.param == "redis":
        own = RedisServer(OwnServer.found(missing, "redis-server"), tmp_path)
        found = Breakable(own, lambda: RedisBackend(own.url))
    else:
        own = NatsServer(OwnServer.found(missing, "nats-server"), tmp_path)
        found = Breakable(own, lambda: NatsBackend(own.url))
    own.start()
    yield found
    own.kill()


@dataclass
class Breakable:
    server: Any  # has start and kill
    backend: Maker
