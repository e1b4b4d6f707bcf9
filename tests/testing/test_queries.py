"""Statements are counted on both ways, and the message says where they came from."""

from __future__ import annotations

import re

import pytest

from tests.db.models import Author, Post, Tag
from tests.db.test_app import journal
from tests.db.test_sync import plain
from tests.observe.seen import Seen
from trivet.db import Database
from trivet.errors import SetupError
from trivet.testing import assert_queries, async_client, counted_queries, rolled_back


async def test_both_ways_are_counted(database: Database) -> None:
    with counted_queries(database) as queries:
        async with database.transaction():
            post = await Post.create(title="One", author=Author(name="Ann"))
        async with database.transaction():
            await Post.get(post.id)  # the driver's own way
            await Post.all().with_(Post.author)  # SQLAlchemy's

    assert [query.text.split()[0].upper() for query in queries[:3]] == [
        "INSERT",
        "INSERT",
        "SELECT",
    ]
    assert len(queries) >= 4


async def test_statements_of_plain_sessions_are_counted(database: Database) -> None:
    """The second time too, when their engine is there already."""
    async with async_client(plain(database)) as client:
        for _ in range(2):
            with assert_queries(1, database) as queries:
                await client.get("/titles")

    assert queries[0].place.endswith("in titles")


async def test_who_begins_to_watch_meanwhile_goes_on(database: Database) -> None:
    seen = Seen()
    with assert_queries(1, database):
        database.watch(seen)
        async with database.transaction():
            await Tag.all()
    async with database.transaction():
        await Tag.all()
        await Tag.all().count()

    assert len(seen.of("query")) == 3


async def test_a_read_by_key_is_one_query(database: Database) -> None:
    async with database.transaction():
        post = await Post.create(title="One")

    async with database.transaction():
        with assert_queries(1) as queries:
            await Post.get(post.id)

    assert queries[0].shapes == ("int",)


async def test_beginnings_and_ends_are_not_counted(database: Database) -> None:
    with assert_queries(1, database):
        async with database.transaction(), database.transaction():
            await Tag.create(name="one")


async def test_the_count_is_the_same_in_a_test_that_is_rolled_back(database: Database) -> None:
    async def work() -> int:
        with counted_queries(database) as queries:
            async with database.transaction():
                tag = await Tag.create(name="one")
                await Tag.get(tag.id)
            async with database.transaction():
                await Tag.all()
                await Tag.all().count()
        return len(queries)

    bare = await work()
    async with rolled_back(database):
        assert await work() == bare


async def test_the_message_lists_the_statements_and_the_handlers_lines(database: Database) -> None:
    async def ask() -> None:
        async with rolled_back(database), async_client(journal(database)) as client:
            with assert_queries(1):
                made = await client.post("/posts", json={"title": "secret"})
                await client.get(f"/posts/{made.json()['id']}")
                await client.get(f"/posts/{made.json()['id']}")

    with pytest.raises(AssertionError) as caught:
        await ask()

    message = str(caught.value)
    assert message.startswith("expected 1 query, and there were 3:\n  1. INSERT INTO post")
    assert "str[6]" in message
    assert "secret" not in message
    assert re.search(r"test_app\.py:\d+ in write\n  2\. SELECT", message)
    assert re.search(r"2 times the same from \S*test_app\.py:\d+ in read", message)


async def test_at_most_so_many_are_allowed(database: Database) -> None:
    async def ask(allowed: int) -> None:
        with assert_queries(at_most=allowed, database=database):
            async with database.transaction():
                await Tag.all()

    await ask(2)
    with pytest.raises(AssertionError, match="expected at most 0 queries, and there was 1:"):
        await ask(0)


async def test_none_where_some_are_expected_is_told(database: Database) -> None:
    with (
        pytest.raises(AssertionError, match=r"expected 2 queries, and there were 0$"),
        assert_queries(2, database),
    ):
        pass


async def test_rows_that_are_written_past_the_session_are_counted(database: Database) -> None:
    with assert_queries(3, database):
        async with database.transaction() as unit:
            tag = await Tag.create(name="a")
            await tag.update(name="b")
            await unit.session()
            await Tag.create(name="c")


async def test_an_error_inside_comes_through(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), assert_queries(5, database):
        raise ZeroDivisionError


async def test_nobody_listens_afterwards(database: Database) -> None:
    driver = database.driver
    with counted_queries(database) as queries:
        assert database.driver is not driver
    async with database.transaction():
        await Tag.all()

    assert database.driver is driver
    assert len(queries) == 0
    assert not database.engine.sync_engine.dispatch.before_cursor_execute


def test_how_many_must_be_said() -> None:
    for counts in ({}, {"count": 1, "at_most": 2}):
        with pytest.raises(TypeError, match="say how many"), assert_queries(**counts):
            pass


def test_without_a_database_it_says_what_to_write() -> None:
    with pytest.raises(SetupError) as caught, counted_queries():
        pass

    assert caught.value.code == "testing.no-database"
