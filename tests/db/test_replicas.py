"""Replicas: which server is read from. A second database with other rows stands in for a copy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.databases import clean_database
from tests.db.conftest import address, tables_of
from tests.db.models import Post, Tag
from trivet import App
from trivet.db import Database, Replica, Replicas
from trivet.errors import SetupError
from trivet.testing import assert_queries, async_client


@pytest.fixture
async def copies(kind: str) -> AsyncIterator[list[str]]:
    """Give the addresses of two databases whose only post says which one it is."""
    found = []
    async with (
        clean_database(address(kind), tables_of("tests.db.")) as one,
        clean_database(address(kind), tables_of("tests.db.")) as two,
    ):
        for name, copy in (("first", one), ("second", two)):
            async with copy.transaction():
                await Post.create(title=name)
            found.append(url_of(copy))
        yield found


def url_of(database: Database) -> str:
    url = database.driver.url
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)


@pytest.fixture
async def followed(database: Database, copies: list[str]) -> AsyncIterator[Database]:
    async with database.transaction():
        await Post.create(title="primary")
    found = Database(url_of(database), replicas=copies)
    yield found
    await found.close()


async def seen() -> set[str]:
    """Read in each of the ways, and give what was seen."""
    direct = await Post.where(id=1)
    by_session = await Post.all().values_list("title")
    partial = await Post.all().only("title")
    streamed = [post.title async for post in Post.all().iterate()]
    return {direct[0].title, by_session[0], partial[0].title, *streamed}


async def test_what_replicas_are_asked_is_counted(followed: Database) -> None:
    with assert_queries(4, followed):
        async with followed.transaction():
            await seen()

    assert followed.replicas is not None
    drivers = [followed.driver, *(replica.driver for replica in followed.replicas.all)]
    assert all(driver.unwatched is driver for driver in drivers)


async def test_units_take_turns_and_each_reads_from_one(followed: Database) -> None:
    found = []
    for _ in range(4):
        async with followed.transaction():
            found.append(await seen())

    assert found == [{"first"}, {"second"}, {"first"}, {"second"}]


async def test_from_the_first_write_on_all_goes_to_the_primary(followed: Database) -> None:
    async with followed.transaction() as unit:
        assert (await Post.all().values_list("title")) == ["first"]
        await Post.create(title="new")
        assert await Post.all().order_by("id").values_list("title") == ["primary", "new"]
        await unit.commit()
        assert await Post.where(title="new").count() == 1  # also behind the commit
    async with followed.transaction() as unit:
        await Tag.create(name="newer")
        await unit.commit()
        assert len(await Tag.where(name="newer")) == 1


async def test_what_was_read_from_a_replica_is_changed_on_the_primary(followed: Database) -> None:
    async with followed.transaction():
        post = await Post.get(1)
        post.views = 7

    async with followed.transaction(), followed.primary():
        found = await Post.get(1)
        assert (found.title, found.views) == ("primary", 7)


async def test_a_block_reads_from_the_primary(followed: Database) -> None:
    async with followed.transaction(), followed.primary():
        assert await seen() == {"primary"}
    async with followed.transaction():
        assert await seen() == {"first"}


async def test_tasks_beside_each_other_read_where_each_is_told(followed: Database) -> None:
    async def on_primary() -> list[str]:
        async with followed.primary():
            return await Post.all().values_list("title")

    async with followed.transaction():
        found = await asyncio.gather(
            on_primary(), Post.all().values_list("title"), on_primary(), Post.where(title="first")
        )

    assert found[:3] == [["primary"], ["first"], ["primary"]]
    assert len(found[3]) == 1


async def test_transactions_that_see_one_state_are_on_the_primary(followed: Database) -> None:
    async with followed.transaction(read_only=True):
        assert await Post.all().values_list("title") == ["primary"]


async def test_requests_are_routed_too(followed: Database) -> None:
    app = App()
    app.use(followed)

    @app.get("/posts", response_model=list[Post])
    async def posts() -> Any:
        return Post.all()

    @app.get("/titles")
    async def titles() -> list[str]:
        return [post.title for post in await Post.where(id=1)]

    @app.post("/titles")
    async def write() -> list[str]:
        await Post.create(title="new")
        return await Post.all().order_by("id").values_list("title")

    async with async_client(app) as client:
        assert [(await client.get("/titles")).json() for _ in "ab"] == [["first"], ["second"]]
        assert [row["title"] for row in (await client.get("/posts")).json()] == ["first"]
        assert (await client.post("/titles")).json() == ["primary", "new"]


async def test_a_rule_chooses(database: Database, copies: list[str]) -> None:
    def last(there: object) -> Replica:
        return there[-1]  # type: ignore[index, no-any-return]

    followed = Database(url_of(database), replicas=Replicas(copies, route=last))
    async with followed.transaction():
        assert await seen() == {"second"}
    await followed.close()


async def test_one_that_does_not_answer_is_left_out(
    kind: str, tmp_path: Path, database: Database, copies: list[str]
) -> None:
    dead = f"sqlite:///{tmp_path}/no/such/folder/x.db"
    if kind != "sqlite":
        url = database.driver.url.set(drivername=kind, port=1)
        dead = url.render_as_string(hide_password=False)
    followed = Database(url_of(database), replicas=Replicas([dead, copies[0]], pause=3600))
    for read in (lambda: Post.where(id=1), lambda: Post.all().order_by("id").with_(Post.tags)):
        followed.replicas.all[0]._out_until = 0.0  # type: ignore[union-attr]
        for _ in range(4):
            async with followed.transaction():
                assert [post.title for post in await read()] == ["first"]
        assert followed.replicas.all[0].is_out  # type: ignore[union-attr]
    await followed.close()


async def test_without_any_replica_the_primary_is_read(
    kind: str, tmp_path: Path, database: Database
) -> None:
    async with database.transaction():
        await Post.create(title="primary")
    dead = f"sqlite:///{tmp_path}/no/such/folder/x.db"
    if kind != "sqlite":
        url = database.driver.url.set(drivername=kind, port=1)
        dead = url.render_as_string(hide_password=False)
    followed = Database(url_of(database), replicas=[dead])
    async with followed.transaction():
        assert await seen() == {"primary"}
        assert [post.title for post in await asyncio.gather(Post.get(1), Post.get(1))] == (
            ["primary", "primary"]
        )
    await followed.close()


async def test_a_wrong_statement_is_no_sign_of_a_dead_replica(followed: Database) -> None:
    async with followed.transaction():
        with pytest.raises(Exception, match="nowhere"):
            await followed.sql("select * from nowhere")
    assert followed.replicas is not None
    assert not any(replica.is_out for replica in followed.replicas.all)


def test_a_replica_of_another_kind_is_refused() -> None:
    with pytest.raises(SetupError, match=r"\[db\.replica-kind\]"):
        Database("sqlite://", replicas=["postgresql://127.0.0.1/x"])
