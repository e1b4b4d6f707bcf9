"""Comments on articles."""

from typing import Any

import pytest

from realworld.models import User
from realworld.tests.conftest import Api
from realworld.tests.test_articles import write
from trivet.db import Database
from trivet.testing import assert_queries


@pytest.fixture
async def path(api: Api, ann: User) -> str:
    return f"/articles/{(await write(api, ann))['slug']}/comments"


async def say(api: Api, path: str, by: User, text: str) -> Any:
    answer = await api(f"POST {path}", by=by, status=201, comment={"body": text})
    return answer["comment"]


async def test_comments_are_listed_newest_first(api: Api, path: str, bob: User) -> None:
    first, second = await say(api, path, bob, "One"), await say(api, path, bob, "Two")

    assert await api(f"GET {path}") == {"comments": [second, first]}
    assert first["body"] == "One"
    assert first["author"]["username"] == "Bob"


async def test_only_its_author_deletes_a_comment(api: Api, path: str, ann: User, bob: User) -> None:
    one = f"{path}/{(await say(api, path, bob, 'One'))['id']}"

    assert await api(f"DELETE {one}", by=ann, status=403) == {"errors": {"comment": ["forbidden"]}}
    await api(f"DELETE {one}", by=bob, status=204)
    assert await api(f"DELETE {one}", by=bob, status=404) == {"errors": {"comment": ["not found"]}}


async def test_a_comment_is_not_blank_and_belongs_to_an_article(
    api: Api, path: str, bob: User
) -> None:
    blank = await api(f"POST {path}", by=bob, status=422, comment={"body": ""})
    assert blank == {"errors": {"body": ["can't be blank"]}}
    await api("POST /articles/none/comments", by=bob, status=404, comment={"body": "x"})
    await api("GET /articles/none/comments", status=404)


@pytest.mark.parametrize("count", [1, 5])
async def test_a_list_takes_three_queries_however_long_it_is(
    api: Api, db: Database, path: str, ann: User, bob: User, count: int
) -> None:
    for _ in range(count):
        await say(api, path, ann, "Thanks")

    with assert_queries(3, db):  # who asks, the article, comments with their authors
        assert len((await api(f"GET {path}", by=bob))["comments"]) == count
