"""Django's look-ups find what they find there; what is not there is told."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.db.models import Author, Post, Tag
from trivet.db import Database
from trivet.db.lookups import LookupError


@pytest.fixture
async def journal(database: Database) -> AsyncIterator[Database]:
    async with database.transaction():
        ann = await Author.create(name="Ann", email="ann@example.org")
        bob = await Author.create(name="bob")
        red = await Tag.create(name="red")
        moment = datetime.datetime(2026, 3, 1, 14, 30, 5, tzinfo=datetime.UTC)
        await Post.create(title="100% Apple_pie", views=1, author=ann, tags=[red], created=moment)
        other = datetime.datetime(2025, 2, 3, 9, tzinfo=datetime.UTC)
        await Post.create(title="apple", views=2, author=ann, created=other)
        await Post.create(title="Pear", views=3, author=bob, created=other)
        await Post.create(title="\\ nobody's", views=4, created=other)
    async with database.transaction():
        yield database


@pytest.mark.parametrize(
    ("lookups", "views"),
    [
        ({"title": "apple"}, [2]),
        ({"title__exact": "apple"}, [2]),
        ({"title__iexact": "APPLE"}, [2]),
        ({"title__icontains": "apple"}, [1, 2]),
        ({"title__contains": "%"}, [1]),
        ({"title__contains": "_"}, [1]),
        ({"title__contains": "\\"}, [4]),
        ({"title__istartswith": "APP"}, [2]),
        ({"title__iendswith": "PIE"}, [1]),
        ({"title__startswith": "Pe"}, [3]),
        ({"title__endswith": "ar"}, [3]),
        ({"title__regex": "^P"}, [3]),
        ({"views__in": [1, 3, 9]}, [1, 3]),
        ({"views__in": []}, []),
        ({"views__gt": 3}, [4]),
        ({"views__gte": 3}, [3, 4]),
        ({"views__lt": 2}, [1]),
        ({"views__lte": 2}, [1, 2]),
        ({"views__range": (2, 3)}, [2, 3]),
        ({"author__isnull": True}, [4]),
        ({"author": None}, [4]),
        ({"author_id__isnull": False}, [1, 2, 3]),
        ({"author__name": "Ann"}, [1, 2]),
        ({"author__name__istartswith": "b"}, [3]),
        ({"author__email__isnull": True}, [3]),
        ({"tags__name": "red"}, [1]),
        ({"tags__isnull": True}, [2, 3, 4]),
        ({"pk__in": [1, 2]}, [1, 2]),
        ({"created__year": 2026, "created__month": 3, "created__day": 1}, [1]),
        ({"created__hour": 14, "created__minute": 30, "created__second": 5}, [1]),
        ({"created__date": datetime.date(2026, 3, 1)}, [1]),
        ({"created__year__lt": 2027, "created__month__gte": 3, "created__hour": 14}, [1]),
        ({"created__week_day": 1, "views": 1}, [1]),
    ],
    ids=lambda value: next(iter(value), None) if isinstance(value, dict) else None,
)
async def test_lookups(journal: Database, lookups: dict[str, Any], views: list[int]) -> None:
    assert await Post.where(**lookups).order_by(Post.views).values_list("views") == views
    found = [post.views for post in await Post.where(**lookups).order_by(Post.views)]
    assert found == views


def test_a_field_that_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(LookupError, match=r"Post has no field 'titel'.*Did you mean 'title'"):
        Post.where(titel="x")
    with pytest.raises(LookupError, match=r"Author has no field 'nam'.*'author__nam'"):
        Post.where(author__nam="x")


def test_a_lookup_that_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(LookupError, match=r"Did you mean 'icontains'"):
        Post.where(title__incontains="x")
