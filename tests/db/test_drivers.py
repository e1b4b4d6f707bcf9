"""What is asked of a driver past SQLAlchemy: short writes, and errors that mean the same."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.db.models import Author, Tag
from trivet.db import Database

Statement = tuple[str, Sequence[Any]]
_MARKS = {"sqlite": ("?", "?"), "postgresql": ("$1", "$2"), "mariadb": ("%s", "%s")}


def _naming(database: Database, key: int, name: str, returning: str = "id") -> Statement:
    first, second = _MARKS[database.engine.dialect.name]
    returned = f" RETURNING {returning}" if returning else ""
    return f"INSERT INTO tag (id, name) VALUES ({first}, {second}){returned}", (key, name)


async def _write(database: Database, *statements: Statement) -> list[Sequence[Any]]:
    """Write as the unit of work does: on SQLite, when it is one's turn."""
    await database.begin_writing()
    try:
        transaction = await database.driver.begin()
        try:
            found = [await transaction.run(*statement) for statement in statements]
        except BaseException:
            await transaction.roll_back()
            raise
        await transaction.commit()
        return found
    finally:
        database.end_writing()


async def _names(database: Database) -> list[str]:
    async with database.transaction():
        return [tag.name for tag in await Tag.all().order_by("id")]


async def test_one_statement_is_committed_and_gives_its_rows(database: Database) -> None:
    (rows,) = await _write(database, _naming(database, 7, "a"))

    assert [tuple(row) for row in rows] == [(7,)]
    assert await _names(database) == ["a"]


async def test_several_statements_are_committed_together(database: Database) -> None:
    first, second, third = await _write(
        database,
        _naming(database, 1, "a", returning="id, name"),
        _naming(database, 2, "b", returning=""),
        _naming(database, 3, "c", returning="name"),
    )

    assert [tuple(row) for row in first] == [(1, "a")]
    assert list(second) == []
    assert [tuple(row) for row in third] == [("c",)]
    assert await _names(database) == ["a", "b", "c"]


async def test_what_fails_leaves_nothing_of_all_written(database: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        await _write(database, _naming(database, 1, "a"), _naming(database, 1, "b"))

    assert await _names(database) == []
    await _write(database, _naming(database, 1, "c"))
    assert await _names(database) == ["c"]


async def test_many_write_side_by_side(database: Database) -> None:
    await asyncio.gather(*[_write(database, _naming(database, n, str(n))) for n in range(1, 31)])

    assert await _names(database) == [str(n) for n in range(1, 31)]


async def test_errors_are_wrapped_as_sqlalchemy_wraps_them(database: Database) -> None:
    await _write(database, _naming(database, 1, "a"))
    statement = _naming(database, 1, "b")

    with pytest.raises(Exception, match=r"(?i)unique|duplicate") as raised:
        await _write(database, statement)
    wrapped = database.driver.wrapped(raised.value, *statement)
    async with database.engine.connect() as connection:
        with pytest.raises(IntegrityError) as ordinary:
            await connection.execute(insert(Tag).values(id=1, name="b"))

    assert not isinstance(raised.value, DBAPIError)
    assert isinstance(wrapped, IntegrityError)
    assert type(wrapped.orig) is type(ordinary.value.orig)
    assert str(wrapped.orig) == str(ordinary.value.orig)
    assert (wrapped.statement, wrapped.params) == statement


async def test_errors_that_are_no_drivers_stay_as_they_are(database: Database) -> None:
    error = ZeroDivisionError("x")

    assert database.driver.wrapped(error) is error


async def test_a_row_that_breaks_a_unique_name_is_told_as_such(database: Database) -> None:
    async with database.transaction():
        await Author.create(name="Ann")
    mark = _MARKS[database.engine.dialect.name][0]

    with pytest.raises(Exception, match=r"(?i)unique|duplicate") as raised:
        await _write(database, (f"INSERT INTO author (name) VALUES ({mark})", ("Ann",)))

    assert isinstance(database.driver.wrapped(raised.value), IntegrityError)


@pytest.fixture
async def single(database: Database) -> AsyncIterator[Database]:
    """The same database through one connection, so that whatever is left on it is met again."""
    url = database.engine.url.render_as_string(hide_password=False)
    found = Database(url, pool_size=1)
    yield found
    await found.close()


async def test_each_read_sees_what_was_committed_before_it(
    database: Database, single: Database
) -> None:
    seen = []
    for number in range(1, 4):
        seen.append(len(await single.driver.rows("SELECT id FROM tag", ())))
        async with database.transaction():
            await Tag.create(name=str(number))

    assert seen == [0, 1, 2]


async def test_reads_leave_no_transaction_open_on_mariadb(single: Database, kind: str) -> None:
    if kind != "mariadb":  # the others begin none by themselves
        return
    async with single.transaction():
        await Tag.create(name="a")
        await Tag.all()

    await single.driver.rows("SELECT * FROM tag", ())
    ((number,),) = await single.driver.rows("SELECT CONNECTION_ID()", ())

    open_ones = "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = %s"
    watcher = Database(single.engine.url.render_as_string(hide_password=False))
    ((count,),) = await watcher.driver.rows(open_ones, (number,))
    await watcher.close()
    assert count == 0


async def test_sessions_roll_back_on_connections_that_were_lent(single: Database) -> None:
    await _write(single, _naming(single, 1000, "kept"))
    await single.driver.rows("SELECT id FROM tag", ())

    async def fail() -> None:
        async with single.transaction():
            await Tag.create(id=1001, name="lost")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await _names(single) == ["kept"]
    async with single.transaction():
        await Tag.create(id=1002, name="stored")
    assert await _names(single) == ["kept", "stored"]


async def test_a_failed_transaction_leaves_a_sound_connection(single: Database) -> None:
    for _ in range(3):
        with pytest.raises(Exception, match="no_such"):
            await _write(single, _naming(single, 1, "a"), ("INSERT INTO no_such VALUES (1)", ()))
    await _write(single, _naming(single, 1, "b"), _naming(single, 2, "c"))

    assert await _names(single) == ["b", "c"]


async def test_a_cancelled_write_leaves_a_sound_connection(single: Database) -> None:
    for _ in range(20):
        work = asyncio.create_task(
            _write(single, _naming(single, 1, "a"), _naming(single, 1, "never"))
        )
        await asyncio.sleep(0.0005)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    await _write(single, _naming(single, 2, "b"))
    assert await _names(single) == ["b"]


async def test_sqlites_log_does_not_grow_without_end(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'log.db'}")
    await database.create_tables()
    sizes = []
    for part in range(4):
        for number in range(300):
            await _write(database, _naming(database, 300 * part + number, "x" * 30))
        sizes.append((tmp_path / "log.db-wal").stat().st_size)
    await database.close()

    assert sizes[-1] == sizes[1]


async def test_sqlite_waits_for_another_process_on_a_thread(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'log.db'}")
    await database.create_tables()
    other = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(_write(database, _naming(database, 1, "a")))
    await asyncio.sleep(0.05)
    assert not writing.done()

    other.execute("COMMIT")

    assert await writing == [[(1,)]]
    other.close()
    await database.close()


async def test_a_long_write_is_done_on_a_thread(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'log.db'}")
    await database.create_tables()
    many = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
        " INSERT INTO tag (id, name) SELECT i, i FROM n"
    )

    await _write(database, (many, ()))

    assert await database.driver.rows("SELECT count(*) FROM tag", ()) == [(100000,)]
    await database.close()
