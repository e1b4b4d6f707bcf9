"""Signals: who is told of what, when, and with which transaction."""

from __future__ import annotations

import pytest

from tests.db.archive import Paper
from tests.db.models import Author, Post
from trivet.db import Bulk, Database
from trivet.errors import SetupError


async def test_each_change_is_told_before_and_after(database: Database) -> None:
    told: list[tuple[str, str]] = []
    signals = database.signals
    for name in ("create", "update", "delete"):
        for when in ("before", "after"):
            register = getattr(signals, f"{when}_{name}")(Post)
            register(lambda post, what=f"{when} {name}": told.append((what, post.title)))

    async with database.transaction():
        post = await Post.create(title="One")
        await post.update(title="Two")
        await Author.create(name="nobody is told")
        await post.delete()

    assert told == [
        ("before create", "One"),
        ("after create", "One"),
        ("before update", "Two"),
        ("after update", "Two"),
        ("before delete", "Two"),
        ("after delete", "Two"),
    ]


async def test_what_is_stored_without_being_saved_is_told_too(database: Database) -> None:
    told: list[str] = []

    @database.signals.after_update(Post)
    async def note(post: Post) -> None:
        told.append(post.title)

    async with database.transaction():
        await Post.create(title="One")
    async with database.transaction():
        (await Post.get(1)).title = "Two"
        assert told == []
    assert told == ["Two"]


async def test_a_function_before_may_change_what_is_written_or_refuse_it(
    database: Database,
) -> None:
    @database.signals.before_create(Post)
    def check(post: Post) -> None:
        if not post.title:
            raise ValueError("a post needs a title")
        post.body = post.title.upper()

    async with database.transaction():
        await Post.create(title="one")
    with pytest.raises(ValueError, match="needs a title"):
        await write(database, "")
    async with database.transaction():
        assert await Post.all().values_list("title", "body") == [("one", "ONE")]


async def write(database: Database, title: str) -> None:
    async with database.transaction():
        await Post.create(title=title)


async def test_a_function_after_writes_in_the_same_transaction(database: Database) -> None:
    @database.signals.after_create(Author)
    async def welcome(author: Author) -> None:
        await Post.create(title=f"Welcome, {author.name}", author=author)
        if author.name == "Bob":
            raise ZeroDivisionError

    async def make(name: str) -> None:
        async with database.transaction():
            await Author.create(name=name)

    await make("Ann")
    with pytest.raises(ZeroDivisionError):
        await make("Bob")
    async with database.transaction():
        assert await Post.all().values_list("title") == ["Welcome, Ann"]
        assert await Author.all().count() == 1


async def test_a_mark_of_deletion_is_a_deletion(database: Database) -> None:
    told: list[str] = []
    database.signals.after_update(Paper)(lambda paper: told.append("update"))
    database.signals.after_delete(Paper)(lambda paper: told.append("delete"))

    async with database.transaction():
        paper = await Paper.create(title="a")
        await paper.delete()
        await paper.restore()
        await paper.erase()

    assert told == ["delete", "update", "delete"]


async def test_statements_for_many_rows_are_told_once(database: Database) -> None:
    told: list[tuple[str, object, int | None]] = []

    @database.signals.before_bulk(Post)
    def before(bulk: Bulk[Post]) -> None:
        told.append((bulk.kind, bulk.values, bulk.count))

    @database.signals.after_bulk(Post)
    async def after(bulk: Bulk[Post]) -> None:
        told.append((bulk.kind, await Post.all().count(), bulk.count))

    async with database.transaction():
        await Post.bulk_create([{"title": "a"}, {"title": "b"}])
        await Post.all().update(views=1)
        await Post.where(id=1).delete()

    assert told == [
        ("create", [{"title": "a"}, {"title": "b"}], None),
        ("create", 2, 2),
        ("update", {"views": 1}, None),
        ("update", 2, 2),
        ("delete", {}, None),
        ("delete", 1, 1),
    ]


def test_a_coroutine_before_a_write_is_refused() -> None:
    async def wait(post: Post) -> None: ...

    with pytest.raises(SetupError, match=r"wait is a coroutine[\s\S]*db\.signal-waits"):
        Database("sqlite://").signals.before_create(Post)(wait)  # type: ignore[arg-type]
