"""Servers that may be broken, and the stall that stands on them."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from sqlalchemy import delete

from tests.db.breaking import stall
from tests.db.breaking.servers import MariaDb, OwnServer, PostgreSql
from trivet.db import Database
from trivet.testing import LiveProcess

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def own_postgresql(missing: Callable[[str], NoReturn]) -> Iterator[PostgreSql]:
    programs = PostgreSql.programs(missing)
    # Not in pytest's folder, which nobody but this user may enter.
    with tempfile.TemporaryDirectory(prefix="trivet-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = PostgreSql(Path(folder) / "server", programs)
        server.make()
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def own_mariadb(
    tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], NoReturn]
) -> Iterator[MariaDb]:
    MariaDb.program(missing)
    server = MariaDb(tmp_path_factory.mktemp("mariadb"))
    server.make()
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["postgresql", "mariadb"])
def server(request: pytest.FixtureRequest) -> Iterator[OwnServer]:
    """A server of this process of tests alone, up and without rows, that may be broken."""
    found: OwnServer = request.getfixturevalue(f"own_{request.param}")
    found.start()
    asyncio.run(emptied(found.url))
    yield found
    found.start()


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without rows."""
    if request.param == "sqlite":
        found = f"sqlite:///{tmp_path / 'stall.db'}"
    else:
        own: OwnServer = request.getfixturevalue(f"own_{request.param}")
        own.start()
        found = own.url
    asyncio.run(emptied(found))
    return found


async def emptied(url: str) -> None:
    """Make the tables of the stall where they are missing, and leave no rows in them."""
    async with opened(url) as database, database.engine.begin() as connection:
        await connection.run_sync(stall.Model.metadata.create_all, tables=stall.TABLES)
        for table in reversed(stall.TABLES):
            await connection.execute(delete(table))  # type: ignore[arg-type]


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[Database]:
    """Give a database that is closed at the end."""
    database = Database(url, **options)
    try:
        yield database
    finally:
        await database.close()


def serving(url: str, **settings: str) -> LiveProcess:
    """Give `trivet run` of the stall on a database; it runs while it is entered."""
    environment = {f"TRIVET_STALL{name}": value for name, value in settings.items()}
    return LiveProcess(
        ["tests/db/breaking/stall.py", "--no-access-log"],
        patience=60,  # a busy machine starts a process slowly
        folder=REPOSITORY,
        environment={
            **environment,
            "TRIVET_STALL": url,
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
    )
