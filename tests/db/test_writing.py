"""Rows that are written by one statement, past the session: the same as by it, and no less safe."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from sqlalchemy import event, func, text
from sqlalchemy.exc import IntegrityError

from tests.db.models import Author, Post, Tag
from trivet.db import (
    BareModel,
    Computed,
    Database,
    Mapped,
    Model,
    StaleError,
    Unit,
    UnitFailedError,
    field,
)


class Parcel(Model):
    """Columns whose values come from everywhere."""

    name: Mapped[str] = field(max_length=40)
    weight: Mapped[int] = field(default=3)
    code: Mapped[str] = field(max_length=40, default_factory=lambda: "made")
    state: Mapped[str] = field(max_length=20, server_default="sent")
    double: Mapped[int] = field(Computed("weight * 2", persisted=True))
    free: Mapped[dict[str, Any] | None]


class Counted(BareModel):
    """A key that is no number, and nothing that the database gives."""

    code: Mapped[str] = field(max_length=20, primary_key=True)
    count: Mapped[int] = field(default=0)


class Blank(Model):
    """Nothing but a key that the database counts up."""


class Watched(BareModel):
    """What nobody else writes, so that nobody else is listened to."""

    code: Mapped[str] = field(max_length=20, primary_key=True)


def is_direct(unit: Unit) -> bool:
    """Tell whether no session had to be made."""
    return unit._session is None


def seen(row: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name != "_sa_instance_state"}


async def by_both(database: Database, make: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Store what `make` gives down both paths; gives what was read back of each."""
    async with database.transaction() as unit:
        direct = await make().save()
        assert is_direct(unit)
    async with database.transaction() as unit:
        await unit.session()
        ordinary = await make().save()
        assert not is_direct(unit)
    async with database.transaction():
        model = type(direct)
        stored = [await model.get(row._sa_instance_state.key[1]) for row in (direct, ordinary)]
    for made, found in zip((direct, ordinary), stored, strict=True):
        assert {**seen(found), **seen(made)} == seen(found)
    return seen(stored[0]), seen(stored[1])


@pytest.mark.parametrize(
    "values",
    [
        {"name": "a"},
        {"name": "a", "weight": None, "code": None, "state": None},
        {"name": "a", "weight": 7, "code": "given", "state": "lost", "free": {"a": [1, None]}},
    ],
)
async def test_both_paths_store_the_same(database: Database, values: dict[str, Any]) -> None:
    direct, ordinary = await by_both(database, lambda: Parcel(**values))

    assert {**direct, "id": 0} == {**ordinary, "id": 0}
    assert direct["double"] == 2 * direct["weight"]


async def test_json_that_is_not_given_is_null_in_the_database(database: Database) -> None:
    async with database.transaction() as unit:
        await Parcel.create(name="a")
        await Parcel.create(name="b", free=None)
        await unit.session()
        await Parcel.create(name="c")
        await Parcel.create(name="d", free=None)
    async with database.transaction():
        assert await Parcel.where(free__isnull=True).count() == 4


async def test_a_row_of_which_nothing_is_given_is_stored(database: Database) -> None:
    async with database.transaction() as unit:
        blank = await Blank.create()
        assert is_direct(unit)
        assert blank.id == 1
    async with database.transaction():
        assert await Blank.all().count() == 1


async def test_a_key_of_ones_own_needs_nothing_back(database: Database) -> None:
    async with database.transaction() as unit:
        await Counted.create(code="a")
        assert is_direct(unit)
        assert (await Counted.get("a")).count == 0
    with pytest.raises(IntegrityError):
        async with database.transaction():
            await Counted.create(code="a")


async def test_reads_within_see_what_was_written_and_give_the_same_object(
    database: Database,
) -> None:
    async with database.transaction() as unit:
        post = await Post.create(title="One")

        assert await Post.get(post.id) is post
        assert await Post.where(title="One") == [post]
        assert is_direct(unit)
        async with database.own_transaction():
            assert await Post.all() == []


async def test_a_session_goes_on_with_the_same_transaction(database: Database) -> None:
    async with database.transaction() as unit:
        ann = await Author.create(name="Ann")
        session = await unit.session()
        post = await Post.create(title="One", author=ann)
        assert await Post.all().count() == 1
        assert (await session.scalars(text("SELECT count(*) FROM author"))).one() == 1
        async with database.own_transaction():
            assert await Author.all() == []
    async with database.transaction():
        (found,) = await Post.all().with_(Post.author)
        assert (found.id, found.author_id) == (post.id, ann.id)


async def test_a_session_takes_back_what_was_written_before_it(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as unit:
            await Author.create(name="Ann")
            await unit.session()
            await Tag.create(name="a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.transaction():
        assert await Author.all() == []
        assert await Tag.all() == []


async def test_what_was_written_is_taken_back_with_an_error(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction():
            await Author.create(name="Ann")
            raise ZeroDivisionError

    for _ in range(12):  # more often than there are connections
        with pytest.raises(ZeroDivisionError):
            await fail()
    async with database.transaction():
        assert await Author.all() == []
        await Author.create(name="Ann")


async def test_changes_are_stored_and_renew_what_renews_itself(database: Database) -> None:
    async with database.transaction():
        post = await Post.create(title="One")
        before = post.updated
    async with database.transaction():
        found = await Post.get(post.id)
        await found.update(title="Two", views=4)
        assert found.updated > before
    async with database.transaction():
        (stored,) = await Post.all()
        assert (stored.title, stored.views, stored.updated) == ("Two", 4, found.updated)


async def test_a_change_that_changes_nothing_is_not_stored(database: Database) -> None:
    async with database.transaction():
        post = await Post.create(title="One")
    async with database.transaction():
        found = await Post.get(post.id)
        await found.update(title="One")
    async with database.transaction():
        assert (await Post.get(post.id)).updated == post.updated


async def test_computed_columns_follow_a_change(database: Database) -> None:
    async with database.transaction():
        parcel = await Parcel.create(name="a")
        await parcel.update(weight=10)
        assert parcel.double == 20


async def test_expressions_are_left_to_the_session(database: Database) -> None:
    async with database.transaction():
        post = await Post.create(title="One", views=1)
        post.views = Post.views + 1  # type: ignore[assignment]  # as SQLAlchemy's users write it
        await post.save()
    async with database.transaction():
        made = await Post.create(title=func.upper("two"))
        assert ((await Post.get(post.id)).views, made.title) == (2, "TWO")


async def test_a_row_that_is_gone_is_told_of(database: Database) -> None:
    async with database.transaction():
        post = await Post.create(title="One")

    async def change() -> None:
        async with database.transaction():
            found = await Post.get(post.id)
            async with database.own_transaction():
                await Post.where(id=post.id).delete()
            await found.update(title="Two")

    with pytest.raises(StaleError):
        await change()


async def test_nothing_goes_on_after_an_error(database: Database) -> None:
    async def go_on() -> None:
        async with database.transaction():
            await Tag.create(name="lost")
            await Author.create(name="Ann")
            with contextlib.suppress(IntegrityError):
                await Author.create(name="Ann")
            with pytest.raises(UnitFailedError, match=r"async with database\.transaction"):
                await Tag.create(name="after")

    with pytest.raises(UnitFailedError):
        await go_on()
    async with database.transaction():
        assert await Tag.all() == []
        await Tag.create(name="next")


async def test_what_may_fail_stands_in_a_block_of_its_own(database: Database) -> None:
    async with database.transaction():
        await Author.create(name="Ann")
        with pytest.raises(IntegrityError):
            async with database.transaction():
                await Author.create(name="Ann")
        await Author.create(name="Bob")
    async with database.transaction():
        assert await Author.all().order_by("id").values_list("name") == ["Ann", "Bob"]


async def test_events_of_sqlalchemys_are_told(database: Database) -> None:
    told: list[str] = []

    def tell(mapper: Any, connection: Any, row: Watched) -> None:
        told.append(row.code)

    event.listen(Watched, "before_insert", tell)
    async with database.transaction():
        await Watched.create(code="a")
    event.remove(Watched, "before_insert", tell)

    assert told == ["a"]


async def test_writers_side_by_side_each_write_for_themselves(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.transaction():
            tag = await Tag.create(name=str(number))
            await asyncio.sleep(0)
            await tag.update(name=f"{number}!")
            if number % 3 == 0:
                raise ZeroDivisionError

    done = await asyncio.gather(*[write(n) for n in range(30)], return_exceptions=True)

    assert sum(isinstance(one, ZeroDivisionError) for one in done) == 10
    async with database.transaction():
        names = {tag.name for tag in await Tag.all()}
    assert names == {f"{n}!" for n in range(30) if n % 3}


async def test_one_unit_writes_one_thing_at_a_time(database: Database) -> None:
    async with database.transaction():
        await asyncio.gather(*[Tag.create(name=str(number)) for number in range(20)])
    async with database.transaction():
        assert await Tag.all().count() == 20


async def test_reads_go_on_while_a_transaction_begins(database: Database) -> None:
    async with database.transaction():
        await Tag.create(name="there")
    async with database.transaction():
        found = await asyncio.gather(
            Tag.create(name="new"), Tag.get(1), Tag.all().count(), Tag.where(name="there")
        )

    assert found[1].name == "there"
    assert found[3] == [found[1]]
    async with database.transaction():
        assert await Tag.all().count() == 2


async def test_who_is_cancelled_leaves_nothing_behind(database: Database) -> None:
    async def write() -> None:
        async with database.transaction():
            await Author.create(name="Ann")
            await asyncio.sleep(60)

    for _ in range(12):
        task = asyncio.ensure_future(write())
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with database.transaction():
        assert await Author.all() == []


async def test_a_session_that_takes_over_waits_for_reads_that_have_begun(
    database: Database,
) -> None:
    async with database.transaction():
        await Author.create(name="Ann")
        await Post.bulk_create([{"title": f"T{n}", "author_id": 1} for n in range(3)])
    async with database.transaction():
        post = await Post.create(title="new")
        found = await asyncio.gather(
            Post.get(1),
            Post.all().count(),
            Post.get(2),
            Post.where(id__lte=3).with_(Post.author),
            Post.all().values_list("title"),
            Post.all().exists(),
        )
        found[2].title = "changed"

    assert found[1] == 4
    assert [one.author.name for one in found[3]] == ["Ann"] * 3  # type: ignore[union-attr]
    assert found[2] is found[3][1]
    async with database.transaction():
        assert (await Post.get(2)).title == "changed"
        assert (await Post.get(post.id)).title == "new"
