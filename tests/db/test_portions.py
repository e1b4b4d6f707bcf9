"""Some columns alone, all at once or one row after the other: the same by every way."""

from __future__ import annotations

from contextlib import aclosing

from sqlalchemy import func

from tests.db.models import Author, Post
from trivet.db import Database


async def fill(database: Database) -> None:
    async with database.transaction():
        ann = await Author.create(name="Ann")
        await Post.bulk_create(
            [{"title": f"T{n}", "views": n % 3, "author_id": ann.id} for n in range(25)]
        )


async def test_columns_come_as_tuples_in_their_order(database: Database) -> None:
    await fill(database)
    query = Post.where(views=1).order_by(Post.id)

    async with database.transaction() as unit:
        direct = await query.values_list(Post.title, Post.created)
        named = await query.values("title", "views")
        alone = await query.values_list("views")
        await unit.session()
        ordinary = await query.values_list(Post.title, Post.created)

    assert direct == ordinary
    assert all(type(row) is tuple for row in direct)
    assert named[0] == {"title": "T1", "views": 1}
    assert alone == [1] * 8


async def test_expressions_and_columns_that_come_twice_are_given_too(database: Database) -> None:
    await fill(database)

    async with database.transaction():
        rows = await Post.where(id=1).values_list(Post.title, func.upper(Post.title), Post.title)
        shouted = [row async for row in Post.where(id=1).iterate_values(func.lower(Post.title))]

    assert rows == [("T0", "T0", "T0")]
    assert shouted == [("t0",)]


async def test_each_value_comes_once_where_it_is_asked_for(database: Database) -> None:
    await fill(database)

    async with database.transaction():
        views = await Post.all().distinct().order_by("views").values_list("views")

    assert views == [0, 1, 2]


async def test_rows_are_iterated_in_parts(database: Database) -> None:
    await fill(database)
    query = Post.all().order_by(Post.id)

    async with database.transaction() as unit:
        streamed = [row async for row in query.iterate_values(Post.id, "title", chunk=4)]
        objects = [post.title async for post in query.iterate(chunk=4)]
        await Post.create(title="later")
        within = [row async for row in query.iterate_values("title", chunk=4)]
        assert unit.is_writing

    assert [title for _, title in streamed] == [f"T{n}" for n in range(25)] == objects
    assert within[-1] == ("later",)


async def test_who_leaves_early_leaves_the_connection_in_order(database: Database) -> None:
    await fill(database)

    for _ in range(12):  # more often than there are connections
        async with database.transaction():
            async with aclosing(Post.all().iterate_values("id", chunk=2)) as rows:
                async for _ in rows:
                    break
            async with aclosing(Post.all().iterate(chunk=2)) as posts:
                async for _ in posts:
                    break
            assert await Post.all().count() == 25
