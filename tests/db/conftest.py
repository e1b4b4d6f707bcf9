"""A clean database for each test, on each kind of server."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Table

from tests import databases
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
    """Give an empty database; `tests.databases.own_database`, which asks for no worker."""
    async with databases.own_database(url, **options) as database:
        yield database


@pytest.fixture(params=list(URLS))
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
async def database(kind: str) -> AsyncIterator[Database]:
    """Give a database with the tables of this folder's models, not of all that are registered."""
    async with databases.clean_database(address(kind), tables_of("tests.db.")) as found:
        yield found


def tables_of(package: str) -> list[Table]:
    """Give the tables of the main models that were written in a package, and what links them."""
    metadata = models.Model.metadata
    own = {
        mapper.local_table
        for mapper in models.Model.registry.mappers
        if f"{mapper.class_.__module__}.".startswith(package)
    }
    linked = {
        table
        for table in metadata.tables.values()
        if table.foreign_keys and {key.column.table for key in table.foreign_keys} <= own
    }
    return [table for table in metadata.sorted_tables if table in own | linked]
