"""What one test leaves in a database is nothing to the next one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, text

from tests.databases import clean_database, own_database
from tests.db.conftest import URLS, address
from trivet.db import Database

Given = Callable[[], AbstractAsyncContextManager[Database]]
HARM = [
    "INSERT INTO lefts (name) VALUES ('one')",
    "INSERT INTO rights (lefts_id) SELECT id FROM lefts",
    "ALTER TABLE rights ADD COLUMN more INTEGER",
    "CREATE INDEX further ON lefts (name)",
    "CREATE TABLE third (id INTEGER PRIMARY KEY)",
    "DROP TABLE rights",
]


def described() -> MetaData:
    """Describe the tables anew, as each test may do."""
    metadata = MetaData()
    Table("lefts", metadata, Column("id", Integer, primary_key=True), Column("name", String(20)))
    Table(
        "rights",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("lefts_id", ForeignKey("lefts.id"), nullable=False),
    )
    return metadata


@pytest.fixture(params=list(URLS))
def given(request: pytest.FixtureRequest) -> Given:
    url: str = address(request.param)
    return lambda: clean_database(url, described())


async def run(database: Database, statement: str) -> list[tuple[object, ...]]:
    async with database.engine.connect() as connection:
        await connection.execution_options(trivet_writes=True)
        async with connection.begin():
            done = await connection.execute(text(statement))
            return [tuple(row) for row in done] if done.returns_rows else []


@pytest.mark.parametrize("count", range(1, len(HARM) + 1))
async def test_rows_and_changed_tables_are_gone_and_keys_begin_anew(
    given: Given, count: int
) -> None:
    async with given() as database:
        for statement in HARM[:count]:
            await run(database, statement)

    async with given() as database:
        assert await run(database, "SELECT * FROM lefts") == []
        assert await run(database, "SELECT id, lefts_id FROM rights") == []
        for statement in HARM[:5]:
            await run(database, statement)
        assert await run(database, "SELECT id, lefts_id FROM rights") == [(1, 1)]


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
async def test_a_transaction_that_was_forgotten_holds_nobody_up(kind: str) -> None:
    url = address(kind)
    async with clean_database(url, described()) as database:
        forgetful = Database(database.engine.url.render_as_string(hide_password=False))
        connection = await forgetful.engine.connect()
        await connection.execute(text("INSERT INTO lefts (name) VALUES ('open')"))

    async with clean_database(url, described()) as database:
        assert await run(database, "SELECT * FROM lefts") == []

    await connection.invalidate()
    await connection.close()
    await forgetful.close()


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
async def test_an_empty_database_has_no_table_of_an_earlier_test(kind: str) -> None:
    url = address(kind)
    async with clean_database(url, described()):
        pass
    async with own_database(url) as database:
        await run(database, "CREATE TABLE lefts (id INTEGER)")

    async with own_database(url) as database:
        await run(database, "CREATE TABLE lefts (id INTEGER)")


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
async def test_two_at_one_time_are_two(kind: str) -> None:
    url = address(kind)
    async with clean_database(url, described()) as one, clean_database(url, described()) as two:
        await run(one, HARM[0])

        assert await run(two, "SELECT * FROM lefts") == []
