"""What a test writes is gone after it, on every database."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.db.conftest import own_database
from tests.db.models import Author, Model, Post, Tag
from tests.db.test_app import journal
from trivet.db import Database
from trivet.errors import SetupError
from trivet.testing import LiveServer, async_client, emptied, rolled_back


@pytest.fixture
async def held(database: Database) -> AsyncIterator[Database]:
    async with rolled_back(database):
        yield database


async def count(database: Database, model: type[Model] = Post) -> int:
    async with database.own_transaction():
        return await model.all().count()


async def test_what_was_committed_inside_is_gone_afterwards(database: Database) -> None:
    async with rolled_back(database):
        async with database.transaction():
            await Post.create(title="One")
        assert await count(database) == 1

    assert await count(database) == 0


async def test_what_was_there_before_stays(database: Database) -> None:
    async with database.transaction():
        post = await Post.create(title="Before")

    async with rolled_back(database), database.transaction():
        await (await Post.get(post.id)).update(title="Changed")

    async with database.transaction():
        assert (await Post.get(post.id)).title == "Before"


async def test_a_test_that_fails_leaves_nothing(database: Database) -> None:
    async def fail() -> None:
        async with rolled_back(database):
            async with database.transaction():
                await Post.create(title="One")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await count(database) == 0


async def test_requests_and_the_test_see_each_others_rows(held: Database) -> None:
    async with async_client(journal(held)) as client:
        async with held.transaction():
            mine = await Post.create(title="of the test")
        made = (await client.post("/posts", json={"title": "of a request"})).json()

        titles = [post["title"] for post in (await client.get("/posts")).json()]
        assert titles == ["of the test", "of a request"]
        assert (await client.get(f"/posts/{mine.id}")).json()["title"] == "of the test"
    async with held.transaction():
        assert (await Post.get(made["id"])).title == "of a request"


async def test_a_request_inside_an_open_unit_waits_for_nobody(held: Database) -> None:
    async with async_client(journal(held)) as client, held.transaction():
        mine = await Post.create(title="open")
        assert (await client.get(f"/posts/{mine.id}")).status_code == 200
        made = await client.post("/posts", json={"title": "inside"})
        assert made.status_code == 201
        await mine.update(title="still open")
        assert len(await Post.all()) == 2

    assert await count(held) == 2


async def test_nothing_stays_of_a_request_that_failed(held: Database) -> None:
    async with async_client(journal(held)) as client:
        assert (await client.post("/raises")).status_code == 418
        assert (await client.get("/posts")).json() == []


async def test_a_broken_rule_spoils_only_its_own_unit(held: Database) -> None:
    async with held.transaction():
        await Author.create(name="Ann")

    async def write() -> None:
        async with held.transaction():
            await Author.create(name="Bob")
            await Author.create(name="Ann")

    with pytest.raises(IntegrityError):
        await write()

    async with held.transaction():
        assert [author.name for author in await Author.all()] == ["Ann"]
        await Author.create(name="Cid")
    assert await count(held, Author) == 2


async def test_a_read_that_fails_spoils_nothing(held: Database) -> None:
    async with held.transaction():
        await Post.create(title="One")
        with pytest.raises(DBAPIError):
            async with held.own_transaction():
                await held.sql("select nothing from nowhere")
        assert await Post.all().count() == 1

    assert await count(held) == 1


async def test_hooks_run_where_the_unit_of_work_commits(held: Database) -> None:
    told: list[str] = []

    async with held.transaction() as unit:
        await Post.create(title="One")
        unit.on_commit(lambda: told.append("committed"))
        assert told == []
    with contextlib.suppress(ZeroDivisionError):
        async with held.transaction() as unit:
            unit.on_commit(lambda: told.append("rolled back"))
            raise ZeroDivisionError

    assert told == ["committed"]


async def test_savepoints_nest(held: Database) -> None:
    async with held.transaction():
        await Post.create(title="One")
        async with held.transaction():
            await Post.create(title="Two")
            with contextlib.suppress(ZeroDivisionError):
                async with held.transaction():
                    await Post.create(title="lost")
                    raise ZeroDivisionError
            async with held.own_transaction(), held.transaction():
                await Post.create(title="Three")

    async with held.transaction():
        assert await Post.all().order_by(Post.id).values_list("title") == ["One", "Two", "Three"]


async def test_a_unit_that_is_rolled_back_takes_along_what_was_committed_inside_it(
    held: Database,
) -> None:
    with contextlib.suppress(ZeroDivisionError):
        async with held.transaction():
            await Post.create(title="outer")
            async with held.own_transaction():
                await Post.create(title="inner")
            raise ZeroDivisionError

    assert await count(held) == 0


async def test_units_side_by_side_write_one_after_the_other(held: Database) -> None:
    async def write(number: int, *, fails: bool) -> None:
        async with held.own_transaction():
            await Post.create(title=f"first {number}")
            await asyncio.sleep(0)
            await Post.create(title=f"second {number}")
            if fails:
                raise ZeroDivisionError

    found = await asyncio.gather(
        *[write(number, fails=number % 2 == 0) for number in range(6)], return_exceptions=True
    )

    assert [type(error) for error in found[::2]] == [ZeroDivisionError] * 3
    async with held.transaction():
        titles = await Post.all().values_list("title")
    assert sorted(titles) == sorted(
        f"{word} {number}" for word in ("first", "second") for number in (1, 3, 5)
    )


async def test_rows_are_changed_while_they_are_streamed(held: Database) -> None:
    async with held.transaction():
        await Post.bulk_create([{"title": f"{number}"} for number in range(5)])

    async with held.transaction():
        async for post in Post.all().iterate(chunk=2):
            async with held.own_transaction():
                await Post.where(id=post.id).update(views=1)

    async with held.transaction():
        assert await Post.where(views=1).count() == 5


async def test_what_is_cancelled_leaves_the_connection_in_order(held: Database) -> None:
    async def write() -> None:
        async with held.own_transaction():
            for number in range(1000):
                await Post.create(title=f"{number}")

    for steps in range(1, 30):
        task = asyncio.create_task(write())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    assert await count(held) == 0


async def test_kinds_of_transactions_are_those_of_the_test(held: Database) -> None:
    async with held.transaction(isolation="serializable"):
        await Post.create(title="One")
    async with held.transaction(read_only=True):
        assert await Post.all().count() == 1
    assert await held.retrying()(count)(held) == 1


async def test_a_plain_session_is_refused(held: Database) -> None:
    async with held.own_transaction() as unit:
        with pytest.raises(SetupError) as caught:
            unit.sync_session()

    assert caught.value.code == "testing.plain-session"


async def test_replicas_are_not_read_from(database: Database) -> None:
    url = database.driver.url.render_as_string(hide_password=False)
    follower = Database(url, replicas=[url])

    async with rolled_back(follower):
        async with follower.own_transaction():
            await Post.create(title="One")
        assert await count(follower) == 1
        assert follower.replicas is None

    assert follower.replicas is not None
    await follower.close()


async def test_get_or_create_finds_what_another_unit_made(held: Database) -> None:
    async with held.transaction():
        await Tag.create(name="one")
        found, is_new = await Author.get_or_create(name="Ann")
        assert is_new
    async with held.transaction():
        again, is_new = await Author.get_or_create(name="Ann")
        assert (again.id, is_new) == (found.id, False)


async def test_two_open_units_that_both_write_are_told_of(database: Database) -> None:
    database.timeout = 0.1
    is_open, may_end = asyncio.Event(), asyncio.Event()

    async def stay_open() -> None:
        async with database.own_transaction():
            await Post.create(title="open")
            is_open.set()
            await may_end.wait()

    async with rolled_back(database):
        task = asyncio.create_task(stay_open())
        await is_open.wait()
        with pytest.raises(SetupError, match="one connection") as caught:
            async with database.own_transaction():
                await Post.create(title="waits")
        may_end.set()
        await task

    assert caught.value.code == "testing.waits"


async def test_another_event_loop_is_told_of(held: Database) -> None:
    with LiveServer(journal(held)) as server:
        async with async_client(journal(held)) as client:
            assert (await client.get("/posts")).status_code == 200

        def ask() -> SetupError:
            with pytest.raises(SetupError) as caught:
                asyncio.run(count(held))
            return caught.value

        error = await asyncio.to_thread(ask)

    assert error.code == "testing.other-loop"
    assert server.port


async def test_a_commit_past_the_units_is_told_of(database: Database) -> None:
    async def commit() -> None:
        async with rolled_back(database), database.transaction() as unit:
            await Post.create(title="One")
            await unit.execute(text("COMMIT"))

    with pytest.raises(SetupError) as caught:
        await commit()

    assert caught.value.code == "testing.really-committed"


async def test_tables_are_emptied_and_count_anew(database: Database) -> None:
    for _ in range(2):
        async with emptied(database):
            async with database.transaction():
                author = await Author.create(name="Ann", posts=[Post(title="One")])
            assert author.id == 1
            assert await count(database) == 1

        assert await count(database) == 0
        assert await count(database, Author) == 0


async def test_emptied_tables_really_commit(database: Database) -> None:
    async with emptied(database):
        async with database.transaction():
            await Post.create(title="One")
        async with database.engine.connect() as other:
            assert (await other.execute(text("select count(*) from post"))).scalar_one() == 1


Step = st.sampled_from(["commit", "roll back", "inner commit", "inner roll back", "read"])


async def test_any_order_of_units_keeps_what_was_committed(worker_id: str) -> None:
    """The rows that are seen are those of the units that were committed, whatever came between."""
    async with own_database("sqlite://", worker_id) as database:
        await database.create_tables(Model)

        async def play(steps: list[str]) -> tuple[int, int]:
            expected = 0
            async with rolled_back(database):
                for step in steps:
                    if step == "read":
                        assert await count(database) == expected
                        continue
                    try:
                        async with database.own_transaction():
                            await Post.create(title="outer")
                            if step.startswith("inner"):
                                async with database.own_transaction():
                                    await Post.create(title="inner")
                            if step.endswith("back"):
                                raise ZeroDivisionError
                        expected += 2 if step.startswith("inner") else 1
                    except ZeroDivisionError:
                        pass
                return expected, await count(database)

        @settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
        @given(st.lists(Step, max_size=6))
        def hold(steps: list[str]) -> None:
            asked.append(steps)

        asked: list[list[str]] = []
        hold()
        for steps in asked:
            expected, found = await play(steps)
            assert found == expected, steps
