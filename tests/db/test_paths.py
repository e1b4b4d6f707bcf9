"""The direct read path gives what SQLAlchemy's own gives, for whatever query."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect

from tests.databases import clean_database
from tests.db.conftest import address, tables_of
from tests.db.models import Address, Author, Everything, Mood, Post, Tag
from trivet.db import Database, and_, not_, or_

Step = Callable[[Any], Any]
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)

words = st.sampled_from(["", "a", "A", "%", "_", "\\", "é", "zz", "*", "[", "?"])
numbers = st.integers(-2, 6)
moments = st.datetimes(datetime.datetime(2026, 1, 1), datetime.datetime(2026, 1, 3)).map(
    lambda moment: moment.replace(tzinfo=datetime.UTC)
)

expressions = st.recursive(
    st.one_of(
        numbers.map(lambda n: Post.views == n),
        numbers.map(lambda n: Post.views > n),
        words.map(lambda w: Post.title.contains(w, autoescape=True)),
        st.booleans().map(lambda flag: Post.published == flag),
        st.lists(numbers, max_size=3).map(Post.views.in_),
        st.just(Post.author_id.is_(None)),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: and_(*pair)),
        st.tuples(inner, inner).map(lambda pair: or_(*pair)),
        inner.map(not_),
    ),
    max_leaves=4,
)
lookups = st.one_of(
    st.tuples(st.sampled_from(["views", "views__gt", "views__lte", "id__gte", "pk__lt"]), numbers),
    st.tuples(
        st.sampled_from(
            ["title", "title__contains", "title__icontains", "title__startswith", "title__endswith"]
        ),
        words,
    ),
    st.tuples(st.sampled_from(["created__lt", "created__gte", "created"]), moments),
    st.tuples(st.just("views__in"), st.lists(numbers, max_size=3)),
    st.tuples(st.just("views__range"), st.tuples(numbers, numbers)),
    st.tuples(st.sampled_from(["author__isnull", "tags__isnull", "published"]), st.booleans()),
    st.tuples(st.sampled_from(["author__name", "tags__name"]), st.sampled_from(["a", "b", "c"])),
    st.tuples(st.just("author"), st.none()),
)
steps = st.one_of(
    expressions.map(lambda e: lambda query: query.where(e)),
    lookups.map(lambda pair: lambda query: query.where(**{pair[0]: pair[1]})),
    lookups.map(lambda pair: lambda query: query.exclude(**{pair[0]: pair[1]})),
    st.sampled_from([("id",), ("-views", "id"), ("title", "-id")]).map(
        lambda names: lambda query: query.order_by(*names)
    ),
    st.just(lambda query: query.order_by(-Post.views, Post.id)),
    st.tuples(st.integers(0, 4), st.integers(0, 6)).map(
        lambda pair: lambda query: query[pair[0] : pair[0] + pair[1]]
    ),
    st.just(lambda query: query.distinct()),
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def journal(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Database]]:
    with asyncio.Runner() as runner:
        context = clean_database(address(request.param), tables_of("tests.db."))
        database = runner.run(context.__aenter__())
        runner.run(_fill(database))
        yield runner, database
        runner.run(context.__aexit__(None, None, None))


async def _fill(database: Database) -> None:
    async with database.transaction():
        authors = [await Author.create(name=name) for name in "ab"]
        tags = [await Tag.create(name=name) for name in "abc"]
        for number, title in enumerate(["", "a", "Ab", "a%b", "A_", "é\\", "zz*", "[a]", "a?"]):
            await Post.create(
                title=title,
                views=number // 2,
                published=number % 3 == 0,
                author=[*authors, None][number % 3],
                tags=tags[: number % 4],
                created=START + datetime.timedelta(hours=5 * number, microseconds=number),
            )


def _seen(posts: list[Post]) -> list[dict[str, Any]]:
    names = [prop.key for prop in inspect(Post).column_attrs]
    return [{name: getattr(post, name) for name in names} for post in posts]


@settings(deadline=None, max_examples=150)
@given(st.lists(steps, max_size=5))
def test_both_paths_give_the_same(journal: tuple[Any, Database], chosen: list[Step]) -> None:
    runner, database = journal

    async def read() -> tuple[list[Post], list[Post], int]:
        query: Any = Post.all().order_by("id")
        for step in chosen:
            query = step(query)
        async with database.transaction():
            direct = await query
            count = await query.count()
        async with database.transaction() as unit:
            ordinary = await unit.all(query.statement())
        return direct, ordinary, count

    direct, ordinary, count = runner.run(read())
    assert _seen(direct) == _seen(ordinary)
    assert count == len(direct)


# What every one of the databases can keep: no NUL, no half of a surrogate pair, years of four
# digits; numbers in JSON that each of them reads back as the same.
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
free = st.dictionaries(
    texts,
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), texts),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner)),
        max_leaves=5,
    ),
    max_size=3,
)
rows = st.fixed_dictionaries(
    {
        "text": texts,
        "short": st.none() | texts.map(lambda text: text[:20]),
        "number": st.integers(-(2**63), 2**63 - 1),
        "real": st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False),
        "price": st.decimals(-(10**9), 10**9, places=2),
        "exact": st.decimals(-(10**9), 10**9, places=6),
        "flag": st.booleans(),
        "day": st.dates(datetime.date(1000, 1, 1)),
        "moment": st.datetimes(
            datetime.datetime(1000, 1, 2),
            datetime.datetime(9999, 12, 30),
            timezones=st.just(datetime.UTC),
        ),
        "raw": st.binary(),
        "mood": st.sampled_from(Mood),
        "free": free,
        "address": st.builds(Address, street=texts, number=st.integers(-(2**53), 2**53)),
    }
)


@settings(deadline=None)
@given(rows)
def test_both_paths_give_back_what_was_stored(
    journal: tuple[Any, Database], values: dict[str, Any]
) -> None:
    runner, database = journal

    async def read() -> list[Everything]:
        async with database.transaction():
            made = await Everything.create(**values)
        async with database.transaction():
            direct = await Everything.get(made.id)
        async with database.transaction():
            (queried,) = await Everything.where(id=made.id)
        async with database.transaction() as unit:
            await unit.session()
            ordinary = await Everything.get(made.id)
        return [direct, queried, ordinary]

    for found in runner.run(read()):
        assert {name: getattr(found, name) for name in values} == values
        assert {name: type(getattr(found, name)) for name in values} == {
            name: type(value) for name, value in values.items()
        }
