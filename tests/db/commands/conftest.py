"""Databases with the tables of the ledger, several at a time where a test wants to move rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import pytest

from tests.db.commands.ledger import Ledger
from tests.db.conftest import address, own_database
from tests.db.migrate.conftest import make_shop as make_shop
from tests.db.migrate.conftest import shop as shop
from tests.db.migrate.conftest import small as small
from trivet.db import Database
from trivet.db.commands.dump import dump
from trivet.db.commands.load import load
from trivet.db.commands.tables import Tables

KINDS = ("sqlite", "postgresql", "mariadb")


def silent(table: str, count: int) -> None:
    """Tell nobody."""


async def dumped(database: Database, *names: str) -> list[str]:
    """Give the lines of a dump."""
    lines: list[str] = []
    async with database.engine.connect() as connection:
        await dump(connection, Tables(Ledger.metadata), names, lines.append, silent)
    return lines


async def loaded(database: Database, lines: Iterable[str]) -> int:
    """Load lines, and give how many rows there were."""
    async with database.engine.connect() as connection:
        return await load(connection, Tables(Ledger.metadata), lines, silent)


@pytest.fixture
async def ledger(kind: str, worker_id: str) -> AsyncIterator[Database]:
    """Give an empty database with the tables of the ledger."""
    async with own_database(address(kind), f"{worker_id}_ledger", models=Ledger) as database:
        await database.create_tables(Ledger)
        yield database


@pytest.fixture
async def others(worker_id: str) -> AsyncIterator[list[Database]]:
    """Give one more database of each kind."""
    async with (
        own_database(address("sqlite"), worker_id, models=Ledger) as first,
        own_database(address("postgresql"), f"{worker_id}_other", models=Ledger) as second,
        own_database(address("mariadb"), f"{worker_id}_other", models=Ledger) as third,
    ):
        found = [first, second, third]
        for database in found:
            await database.create_tables(Ledger)
        yield found
