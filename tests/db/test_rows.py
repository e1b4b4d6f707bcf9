"""Rows and units of work, the same on every database."""

from __future__ import annotations

import asyncio
import datetime
import decimal
import uuid

import pytest

from tests.db.models import Address, Author, Everything, Mood, Post, Tag, Vote
from trivet.db import Database, NotFound, NotLoadedError, OutsideUnitError, TooManyFound, and_, or_


async def test_what_was_created_is_read_back(database: Database) -> None:
    async with database.transaction():
        author = await Author.create(name="Ann", email="ann@example.org")
        post = await Post.create(title="One", author=author)
        assert (post.id, post.author_id, post.published) == (1, author.id, False)

    async with database.transaction():
        found = await Post.get(post.id)

    assert (found.title, found.body, found.views, found.author_id) == ("One", "", 0, author.id)
    assert found.created.tzinfo is datetime.UTC
    assert abs(datetime.datetime.now(datetime.UTC) - found.created) < datetime.timedelta(minutes=1)


async def test_every_kind_of_column_comes_back_as_it_went(database: Database) -> None:
    values = {
        "text": "ä" * 3000,
        "short": None,
        "number": 2**40,
        "real": 0.1,
        "price": decimal.Decimal("12.30"),
        "exact": decimal.Decimal("1.234567"),
        "flag": True,
        "day": datetime.date(2026, 2, 28),
        "moment": datetime.datetime(2026, 2, 28, 23, 59, 1, 123456, datetime.UTC),
        "raw": bytes(range(256)),
        "mood": Mood.bad,
        "free": {"a": [1, None, "x"]},
        "address": Address(street="High St", number=7),
    }
    async with database.transaction():
        made = await Everything.create(**values)
    async with database.transaction():
        by_key = await Everything.get(made.id)
    async with database.transaction():
        (by_query,) = await Everything.where(number=2**40)
    async with database.transaction() as unit:
        await unit.session()
        by_session = await Everything.get(made.id)

    assert isinstance(made.id, uuid.UUID)
    assert made.id.version == 7
    for found in (by_key, by_query, by_session):
        assert {name: getattr(found, name) for name in values} == values


async def test_what_is_not_there_is_not_found(database: Database) -> None:
    async with database.transaction():
        assert await Post.find(1) is None
        with pytest.raises(NotFound, match="no Post 1"):
            await Post.get(1)
        with pytest.raises(NotFound):
            await Post.where(title="x").one()
        assert await Post.where(title="x").first() is None
        assert not await Post.where(title="x").exists()


async def test_one_row_is_one_object_in_a_unit_of_work(database: Database) -> None:
    async with database.transaction():
        await Post.create(title="One")
    async with database.transaction():
        first = await Post.get(1)
        (again,) = await Post.where(title="One")
        first.title = "Two"
        await first.save()
        (later,) = await Post.where(title="Two")

        assert first is again is later


async def test_an_error_takes_everything_back(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction():
            await Post.create(title="One")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    async with database.transaction():
        assert await Post.all() == []


async def test_an_inner_transaction_is_a_savepoint(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction():
            await Post.create(title="lost")
            raise ZeroDivisionError

    async with database.transaction():
        await Post.create(title="kept")
        with pytest.raises(ZeroDivisionError):
            await fail()
        await Post.create(title="kept too")
    async with database.transaction():
        assert await Post.all().order_by("id").values_list("title") == ["kept", "kept too"]


async def test_what_a_savepoint_wanted_to_be_called_is_taken_back_with_it(
    database: Database,
) -> None:
    told: list[str] = []

    async def fail() -> None:
        async with database.transaction() as unit:
            unit.on_commit(lambda: told.append("lost"))
            raise ZeroDivisionError

    async with database.transaction() as unit:
        unit.on_commit(lambda: told.append("kept"))
        with pytest.raises(ZeroDivisionError):
            await fail()
        async with database.transaction():
            unit.on_commit(lambda: told.append("kept too"))

    assert told == ["kept", "kept too"]


async def test_functions_run_once_it_is_committed_and_only_then(database: Database) -> None:
    told: list[str] = []

    async def fail() -> None:
        async with database.transaction() as unit:
            await Post.create(title="One")
            unit.on_commit(lambda: told.append("lost"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.transaction() as unit:
        await Post.create(title="One")
        unit.on_commit(lambda: told.append("kept"))
        assert told == []
    assert told == ["kept"]


async def test_models_outside_a_unit_of_work_say_what_to_write(database: Database) -> None:
    with pytest.raises(OutsideUnitError, match=r"async with database\.transaction"):
        await Post.all()


async def test_changes_and_deletions_are_stored(database: Database) -> None:
    async with database.transaction():
        one, two = await Post.create(title="One"), await Post.create(title="Two")
        await Vote.create(post_id=one.id, voter="ann")
    async with database.transaction():
        post = await Post.get(one.id)
        await post.update(title="Uno", views=3)
        await (await Post.get(two.id)).delete()
    async with database.transaction():
        assert await Post.all().values_list("title", "views") == [("Uno", 3)]
        assert (await Vote.get((one.id, "ann"))).worth == 1
        with pytest.raises(TypeError, match="no attribute 'titel'"):
            await post.update(titel="x")


async def test_relations_are_loaded_when_asked_for_and_never_by_themselves(
    database: Database,
) -> None:
    async with database.transaction():
        ann = await Author.create(name="Ann")
        tags = [await Tag.create(name=name) for name in "abc"]
        await Post.create(title="One", author=ann, tags=tags)
    async with database.transaction():
        (bare,) = await Post.all()
        with pytest.raises(NotLoadedError, match=r"with_\(Post\.author\)"):
            _ = bare.author
        with pytest.raises(NotLoadedError, match=r"with_\(Post\.tags\)"):
            _ = bare.tags
    async with database.transaction():
        (full,) = await Post.all().with_(Post.author, Post.tags)
        assert full.author is not None
        assert (full.author.name, sorted(tag.name for tag in full.tags)) == ("Ann", ["a", "b", "c"])


async def test_what_was_changed_is_stored_whether_saved_or_not(database: Database) -> None:
    async with database.transaction():
        await Post.create(title="One")
    async with database.transaction():
        (await Post.get(1)).title = "Two"
        assert await Post.where(title="Two").count() == 1
    async with database.transaction():
        (await Post.get(1)).title = "Three"
    async with database.transaction():
        assert (await Post.get(1)).title == "Three"


async def test_one_row_stays_one_object_when_its_relations_are_loaded(database: Database) -> None:
    async with database.transaction():
        await Post.create(title="One", author=await Author.create(name="Ann"))
    async with database.transaction():
        bare = await Post.get(1)
        (full,) = await Post.all().with_(Post.author)
        author = await Author.get(1)

        assert bare is full
        assert bare.author is author


async def test_reads_run_side_by_side(database: Database) -> None:
    async with database.transaction():
        for number in range(20):
            await Post.create(title=str(number))
    async with database.transaction():
        found = await asyncio.gather(*[Post.get(key) for key in range(1, 21)])
        counts = await asyncio.gather(*[Post.where(id__lte=n).count() for n in range(20)])

    assert [post.title for post in found] == [str(number) for number in range(20)]
    assert counts == list(range(20))


async def test_many_writers_lose_nothing(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.transaction():
            await Post.create(title=str(number))

    await asyncio.gather(*[write(number) for number in range(30)])

    async with database.transaction():
        assert await Post.all().count() == 30


async def test_queries_are_parts_of_queries(database: Database) -> None:
    async with database.transaction():
        for number in range(10):
            await Post.create(title=f"T{number}", views=number, published=number % 2 == 0)
    async with database.transaction():
        shown = Post.where(published=True).order_by(-Post.views)
        titles = [post.title for post in await shown]
        assert titles == ["T8", "T6", "T4", "T2", "T0"]
        assert [post.title for post in await shown[1:3]] == ["T6", "T4"]
        assert [post.title for post in await shown[1:][1:2]] == ["T4"]
        assert await shown.where(Post.views > 3).count() == 3
        assert (
            await Post.where(or_(Post.views == 1, and_(Post.views > 7, Post.published))).count()
            == 2
        )
        assert await Post.all().exclude(published=True).count() == 5
        first = await shown.first()
        assert first is not None
        assert first.title == "T8"
        with pytest.raises(TooManyFound):
            await shown.one()
        assert await Post.where(id__in=Post.where(views__lt=2)).count() == 2


async def test_whole_queries_are_changed_and_deleted(database: Database) -> None:
    async with database.transaction():
        for number in range(6):
            await Post.create(title=str(number), views=number)
        assert await Post.where(views__gte=3).update(published=True) == 3
        assert await Post.where(published=True).order_by("-views").limit(1).delete() == 1
    async with database.transaction():
        assert await Post.where(published=True).order_by("id").values_list("title") == ["3", "4"]
