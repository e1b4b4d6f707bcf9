"""Databases with the tables of the ledger, several at a time where a test wants to move rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager

import pytest

from tests.databases import clean_database
from tests.db.commands.ledger import Ledger
from tests.db.conftest import address
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
async def ledger(kind: str) -> AsyncIterator[Database]:
    """Give an empty database with the tables of the ledger."""
    async with ledger_on(kind) as database:
        yield database


@pytest.fixture
async def others() -> AsyncIterator[list[Database]]:
    """Give one more database of each kind."""
    async with (
        ledger_on("sqlite") as first,
        ledger_on("postgresql") as second,
        ledger_on("mariadb") as third,
    ):
        yield [first, second, third]


def ledger_on(kind: str) -> AbstractAsyncContextManager[Database]:
    return clean_database(address(kind), Ledger.metadata, models=Ledger)
