"""What is asked of a driver past SQLAlchemy: short writes, and errors that mean the same."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.db.models import Author, Tag
from trivet.db import Database
from trivet.db.drivers.driver import Statement

_MARKS = {"sqlite": ("?", "?"), "postgresql": ("$1", "$2"), "mariadb": ("%s", "%s")}


def _naming(database: Database, key: int, name: str, returning: str = "id") -> Statement:
    first, second = _MARKS[database.engine.dialect.name]
    returned = f" RETURNING {returning}" if returning else ""
    return f"INSERT INTO tag (id, name) VALUES ({first}, {second}){returned}", (key, name)


async def _write(database: Database, *statements: Statement) -> list[Sequence[Any]]:
    """Write as the unit of work does: on SQLite, when it is one's turn."""
    await database.begin_writing()
    try:
        return await database.driver.written(statements)
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
