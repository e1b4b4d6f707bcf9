"""What a query can be asked: rows that are computed, parts of rows, pages, locks, streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func

from tests.databases import clean_database
from tests.db.archive import Line
from tests.db.conftest import URLS, address, tables_of
from tests.db.models import Author, Post, Tag
from trivet.db import (
    BadCursor,
    Database,
    NotFound,
    NotLoadedError,
    RowLocked,
    Window,
    related,
)
from trivet.errors import SetupError


@pytest.fixture
async def journal(database: Database) -> AsyncIterator[Database]:
    async with database.transaction():
        ann, bob = await Author.create(name="Ann"), await Author.create(name="Bob")
        red = await Tag.create(name="red")
        for number in range(6):
            await Post.create(
                title=f"T{number}",
                views=number // 2,
                published=number % 2 == 0,
                author=ann if number < 4 else None,
                tags=[red] if number in (1, 5) else [],
            )
        await Author.create(name="Cid")
        assert bob.id == 2
    async with database.transaction():
        yield database


async def test_values_are_computed_beside_objects(journal: Database) -> None:
    authors = Author.all().annotate(
        posts=related(Author.posts),
        views=related(Author.posts, func.coalesce(func.sum(Post.views), 0), Post.published),
    )

    found = [
        (author.name, posts, views)
        for author, posts, views in await authors.order_by("-posts", "id")
    ]
    assert found == [("Ann", 4, 1), ("Bob", 0, 0), ("Cid", 0, 0)]
    assert [row.posts async for row in authors.where(name="Ann")] == [4]


async def test_related_rows_are_counted_across_a_table_between(journal: Database) -> None:
    posts = Post.all().annotate(tags=related(Post.tags)).order_by("-tags", "-id")

    assert [(post.id, tags) for post, tags in await posts.limit(3)] == [(6, 1), (2, 1), (5, 0)]


async def test_groups_are_counted_and_chosen(journal: Database) -> None:
    groups = Post.all().group_by(Post.views).annotate(n=func.count(), last=func.max(Post.id))

    assert await groups.order_by("-views").values() == [
        {"views": 2, "n": 2, "last": 6},
        {"views": 1, "n": 2, "last": 4},
        {"views": 0, "n": 2, "last": 2},
    ]
    by_author = Post.all().group_by("author_id").annotate(n=func.count())
    assert [tuple(row) for row in await by_author.having(func.count() > 2)] == [(1, 4)]
    first = await groups.where(published=True).order_by("last").first()
    assert first is not None
    assert (first.views, first.n) == (0, 1)


async def test_all_rows_are_aggregated(journal: Database) -> None:
    shown = Post.where(published=True)

    assert await shown.aggregate(n=func.count(), views=func.max(Post.views)) == {"n": 3, "views": 2}
    assert await Post.all().order_by("id")[:2].aggregate(n=func.count()) == {"n": 2}


async def test_columns_that_are_left_out_say_what_to_write(journal: Database) -> None:
    first = await Post.all().only(Post.title).order_by("id").first()
    assert first is not None
    assert first.title == "T0"
    with pytest.raises(NotLoadedError, match=r"Post\.body was left out"):
        _ = first.body

    (second,) = await Post.where(id=2).defer("body", "title")
    assert second.views == 0
    with pytest.raises(NotLoadedError, match=r"Post\.title"):
        _ = second.title
    assert (await Post.get(2)).title == "T1"
    await Post.create(title="now within a transaction")
    (third,) = await Post.where(id=3).only("title")
    with pytest.raises(NotLoadedError):
        _ = third.views
    assert (await Post.get(3)).views == 1


async def test_orders_are_turned_round(journal: Database) -> None:
    async def titles(query: object) -> list[int]:
        return [post.id for post in await query]  # type: ignore[attr-defined]

    by_views = Post.all().order_by("-views", Post.id)
    assert await titles(by_views) == [5, 6, 3, 4, 1, 2]
    assert await titles(by_views.reverse()) == [2, 1, 4, 3, 6, 5]
    assert await titles(by_views.reverse().reverse()) == [5, 6, 3, 4, 1, 2]
    assert await titles(Post.all().order_by(-Post.id).reverse()) == [1, 2, 3, 4, 5, 6]
    last = await Post.all().last()
    assert last is not None
    assert last.id == 6
    assert await Post.where(id=99).last() is None


async def test_queries_are_sets(journal: Database) -> None:
    low, shown = Post.where(views__lt=2), Post.where(published=True)

    async def ids(query: object) -> list[int]:
        return await query.order_by("id").values_list("id")  # type: ignore[attr-defined,no-any-return]

    assert await ids(low.union(shown)) == [1, 2, 3, 4, 5]
    assert await ids(low.intersect(shown)) == [1, 3]
    assert await ids(low.except_(shown)) == [2, 4]
    assert await ids(low.order_by("-id")[:1].union(shown.order_by("id")[:1])) == [1, 4]
    assert await low.union(shown).count() == 5
    assert [post.id for post in await low.except_(shown).order_by("-id")] == [4, 2]


async def test_rows_are_found_by_many_keys(journal: Database) -> None:
    found = await Post.where(views__gt=0).in_bulk([3, 1, 99, 4])

    assert {key: post.title for key, post in found.items()} == {3: "T2", 4: "T3"}
    assert await Post.all().in_bulk([]) == {}
    assert (await Post.where(published=True).get(3)).title == "T2"
    with pytest.raises(NotFound, match="no Post 2"):
        await Post.where(published=True).get(2)


async def test_keys_of_several_columns_are_found_and_cut(database: Database) -> None:
    async with database.transaction():
        for number in range(6):
            await Line.create(order_no=number // 3, place=number % 3, price=10)
    async with database.transaction():
        found = await Line.all().in_bulk([(0, 1), (1, 2), (9, 9)])
        assert sorted(found) == [(0, 1), (1, 2)]
        assert (await Line.all().get((0, 2))).total == 10
        lines = Line.all().order_by("-place", "order_no")
        assert await lines[1:3].aggregate(n=func.count()) == {"n": 2}
        assert await lines.limit(2).delete() == 2
        last = await Line.all().last()
        assert last is not None
        assert (last.order_no, last.place) == (1, 1)


async def test_pages_are_numbered(journal: Database) -> None:
    page = await Post.all().order_by("-id").page(2, size=4)

    assert [post.id for post in page.items] == [2, 1]
    assert (page.total, page.pages, page.number, page.has_next, page.has_previous) == (
        6, 2, 2, False, True,
    )  # fmt: skip
    assert (await Post.all().page(9)).items == []
    assert (await Post.where(id=0).page()).pages == 1
    with pytest.raises(ValueError, match="from 1 on"):
        await Post.all().page(0)


@pytest.fixture(scope="module", params=list(URLS))
def walk(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Database]]:
    async def fill(database: Database) -> None:
        async with database.transaction():
            await Author.bulk_create([{"name": "a"}, {"name": "b"}])
            authors = [1, None, 2]
            await Post.bulk_create(
                {"title": f"t{n % 5}", "views": n // 3, "author_id": authors[n % 3]}
                for n in range(12)
            )

    with asyncio.Runner() as runner:
        context = clean_database(address(request.param), tables_of("tests.db."))
        database = runner.run(context.__aenter__())
        runner.run(fill(database))
        yield runner, database
        runner.run(context.__aexit__(None, None, None))


@settings(deadline=None, max_examples=15, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.sampled_from(["views", "-views", "author_id", "-author_id", "-id", "-title"])),
    st.integers(1, 7),
)
def test_cursors_lead_through_all_rows_once(
    walk: tuple[Any, Database], orders: list[str], size: int
) -> None:
    runner, database = walk

    async def through() -> tuple[list[int], list[int]]:
        async with database.transaction():
            query = Post.all().order_by(*orders)
            whole = (await query.cursor_page(size=100)).items
            seen: list[int] = []
            after = None
            for _ in range(20):
                page = await query.cursor_page(after, size)
                seen += [post.id for post in page.items]
                after = page.next
                if after is None:
                    break
            return [post.id for post in whole], seen

    whole, seen = runner.run(through())

    assert seen == whole
    assert sorted(seen) == list(range(1, 13))


@settings(deadline=None, max_examples=15, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.sampled_from(["views", "-views", "author_id", "-author_id", "-id", "-title"])),
    st.integers(1, 7),
)
def test_windows_go_back_by_the_way_they_came(
    walk: tuple[Any, Database], orders: list[str], size: int
) -> None:
    runner, database = walk

    async def through() -> tuple[list[list[int]], list[list[int]]]:
        async with database.transaction():
            query = Post.all().order_by(*orders)
            there, back = [await Window(query, size=size).rows()], []
            while there[-1].has_next:
                there.append(await Window(query, after=there[-1].last, size=size).rows())
            at = there[-1]
            while at.has_previous:
                at = await Window(query, before=at.first, size=size).rows()
                back.append([post.id for post in at.items])
                if not at.items:
                    break
            return [[post.id for post in one.items] for one in there], back

    there, back = runner.run(through())

    assert back == there[-2::-1]


@pytest.mark.parametrize(
    "cursor", ["", "!", "e30", "W10", "W1siaWQiXSxbIngiXV0", "W1siaWQiXSxbMWU5OTld", "ä"]
)
async def test_cursors_of_others_are_refused(journal: Database, cursor: str) -> None:
    with pytest.raises(BadCursor):
        await Post.all().cursor_page(cursor)


async def test_a_cursor_belongs_to_its_order(journal: Database) -> None:
    cursor = (await Post.all().order_by("-id").cursor_page(size=1)).next

    with pytest.raises(BadCursor, match="another order"):
        await Post.all().order_by("id").cursor_page(cursor)
    with pytest.raises(SetupError, match=r"\[db\.cursor-order\]"):
        await Post.all().order_by(func.lower(Post.title)).cursor_page()


async def test_the_plan_is_told(journal: Database) -> None:
    plan = await Post.where(id=3).explain()

    assert "post" in plan.lower()
    assert await Post.where(title="x").explain(analyze=True) != ""


@pytest.mark.parametrize("is_writing", [False, True])
async def test_many_rows_come_in_chunks(database: Database, is_writing: bool) -> None:
    async with database.transaction():
        await Post.bulk_create([{"title": str(number)} for number in range(250)])
    async with database.transaction() as unit:
        if is_writing:
            await Post.create(title="250")
        titles = []
        async for post in Post.where(id__gt=5).order_by("id").iterate(chunk=40):
            titles.append(post.title)
            if post.id == 100:
                assert await Post.all().count() == 250 + is_writing
        assert titles == [str(number) for number in range(5, 250 + is_writing)]
        assert unit.is_writing is is_writing
        async with aclosing(Post.all().order_by("id").iterate(chunk=10)) as rows:
            assert (await anext(rows)).id == 1


async def test_rows_are_held_and_passed_over(database: Database, kind: str) -> None:
    async with database.transaction():
        await Post.bulk_create([{"title": "a"}, {"title": "b"}])
    if kind == "sqlite":  # one writer at a time: there is nobody to pass over
        async with database.transaction():
            assert len(await Post.all().for_update(skip_locked=True)) == 2
        return
    async with database.transaction():
        (held,) = await Post.where(id=1).for_update()
        assert held.title == "a"

        async def other() -> tuple[list[int], bool]:
            async with database.own_transaction():
                free = [post.id for post in await Post.all().for_update(skip_locked=True)]
            try:
                async with database.own_transaction():
                    await Post.where(id=1).for_update(nowait=True)
            except RowLocked:
                return free, True
            return free, False

        assert await asyncio.create_task(other()) == ([2], True)


async def test_what_is_locked_is_read_as_it_is_now(database: Database) -> None:
    async with database.transaction():
        await Post.create(title="old")
    async with database.transaction():
        post = await Post.get(1)

        async def other() -> None:
            async with database.own_transaction():
                await Post.where(id=1).update(title="new")

        await asyncio.create_task(other())
        (held,) = await Post.where(id=1).for_update()
        assert held is post
        assert post.title == "new"
