"""Rows of several models by one statement, and rows with the number of all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from tests.db.models import Author, Post, Tag
from trivet.db import Database, Query
from trivet.db.estimates import Estimate
from trivet.db.few import Few
from trivet.db.present import unit_now
from trivet.db.together import Together, read_together
from trivet.testing import assert_queries

ONCE = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
async def written(database: Database) -> Database:
    async with database.transaction():
        for number in range(1, 4):
            author = await Author.create(name=f"Author {number}", email=None)
            for post in range(number):
                await Post.create(  # type: ignore[call-arg]  # moments are filled in
                    title=f"{number}.{post}", author_id=author.id
                )
        await Tag.create(name="a")
        await Tag.create(name="b")
    return database


async def keys(query: Query[Any]) -> list[int]:
    return [row.id for row in await query.order_by("id")]


async def test_nothing_is_asked_for_nothing(written: Database) -> None:
    async with written.transaction():
        with assert_queries(0):
            assert await read_together(unit_now(Author), [], {}) == Together()


async def test_rows_of_several_models_and_values_come_by_one_statement(written: Database) -> None:
    longest = select(func.max(Post.title))
    async with written.transaction():
        await Author.all()  # which are known already
        queries: list[Query[Any]] = [
            Author.where(name__in=["Author 1", "Author 3"]),
            Tag.all(),
            Post.where(id=0),
        ]
        with assert_queries(1):
            found = await read_together(
                unit_now(Author), queries, {"longest": longest, "none": longest.where(Post.id == 0)}
            )

    assert sorted(row.name for row in found.rows[Author]) == ["Author 1", "Author 3"]
    assert sorted(row.name for row in found.rows[Tag]) == ["a", "b"]
    assert found.rows[Post] == []
    assert found.values == {"longest": "3.2", "none": None}


async def test_values_alone_come_too_also_of_the_table_that_is_read(written: Database) -> None:
    count = {"count": select(func.count(Author.id))}
    async with written.transaction():
        alone = await read_together(unit_now(Author), [], count)
        beside = await read_together(unit_now(Author), [Author.where(name="Author 2")], count)

    assert alone.values == beside.values == {"count": 3}
    assert [row.name for row in beside.rows[Author]] == ["Author 2"]


@ONCE
@given(authors=st.sets(st.integers(1, 5)), tags=st.sets(st.integers(1, 4)))
async def test_as_many_rows_are_found_as_by_a_query_each(
    written: Database, authors: Iterable[int], tags: Iterable[int]
) -> None:
    async with written.transaction():
        wanted, words = Author.where(id__in=list(authors)), Tag.where(id__in=list(tags))
        found = await read_together(unit_now(Author), [wanted, words], {})

        assert sorted(row.id for row in found.rows[Author]) == await keys(wanted)
        assert sorted(row.id for row in found.rows[Tag]) == await keys(words)


async def test_few_rows_tell_how_many_all_are(written: Database) -> None:
    query = Post.where(title__gt="2")
    async with written.transaction():
        few = Few(query, {"last": ("max", Post.title), "of": ("count", Post.id)})
        rows = few.query.order_by("-title").with_(joinedload(Post.author))[1:3]
        with assert_queries(1):
            found = await rows.annotate(**few.columns)

    assert [(post.title, post.author.name) for post, *_ in found] == [
        ("3.1", "Author 3"),
        ("3.0", "Author 3"),
    ]
    told = few.estimate(dict(found[0]._mapping))
    assert told == Estimate(5, exact=True, sums={"last": "3.2", "of": 5})


async def test_few_rows_of_a_query_with_a_limit_are_those_of_the_query(written: Database) -> None:
    async with written.transaction():
        few = Few(Post.all().order_by("title")[1:4], {})
        found = await few.query.order_by("-title").annotate(**few.columns)

    assert len(found) == 3
    assert few.estimate(dict(found[0]._mapping)) == Estimate(3, exact=True)


async def test_more_rows_than_are_counted_are_not_few(
    written: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("estimates", "few"):
        monkeypatch.setattr(f"trivet.db.{module}.EXACT_UP_TO", 5)
    async with written.transaction():
        few = Few(Post.all(), {})
        found = await few.query.annotate(**few.columns)

    assert few.estimate(dict(found[0]._mapping)) == Estimate(6, exact=False)
