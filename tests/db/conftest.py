"""One empty database for each test, on each kind of server."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from tests.db import models
from trivet.db import Database

URLS = {
    "sqlite": "sqlite://",
    "postgresql": os.environ.get("TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/test"),
    "mariadb": os.environ.get("TEST_MARIADB", "mariadb://root@127.0.0.1:3306/test"),
}


def address(kind: str) -> str:
    """Give the address of a server that answers; skips the test without one, but not in CI."""
    url = urlsplit(URLS[kind])
    if url.hostname is not None:
        try:
            socket.create_connection((url.hostname, url.port or 0), 1).close()
        except OSError:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(f"no {kind} at {url.hostname}:{url.port}")
    return URLS[kind]


@asynccontextmanager
async def own_database(url: str, worker: str, **options: Any) -> AsyncIterator[Database]:
    """Give an empty database that no other process uses."""
    if url.startswith("sqlite"):
        database = Database(url, **options)
        try:
            yield database
        finally:
            await database.close()
        return
    # Runs that share a server, and workers of one run, each have their own.
    name = f"trivet_{worker}_{os.getpid()}"
    await _on_server(url, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    database = Database(urlsplit(url)._replace(path=f"/{name}").geturl(), **options)
    try:
        yield database
    finally:
        await database.close()
        force = " WITH (FORCE)" if url.startswith("postgresql") else ""
        await _on_server(url, f"DROP DATABASE IF EXISTS {name}{force}")


async def _on_server(url: str, *statements: str) -> None:
    server = Database(url, isolation_level="AUTOCOMMIT")
    async with server.engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await server.close()


@pytest.fixture(params=list(URLS))
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
async def database(kind: str, worker_id: str) -> AsyncIterator[Database]:
    async with own_database(address(kind), worker_id) as found:
        await found.create_tables(models.Model)
        yield found
