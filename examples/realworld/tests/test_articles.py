"""Articles: written, listed, changed, deleted, and made a favorite."""

import re
from typing import Any

import pytest

from realworld.models import User
from realworld.tests.conftest import Api
from trivet.db import Database
from trivet.testing import assert_queries

DRAGON = {"title": "How to train", "description": "A dragon", "body": "Carefully", "tagList": []}
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


async def write(api: Api, by: User, **values: Any) -> Any:
    return (await api("POST /articles", by=by, status=201, article=DRAGON | values))["article"]


async def test_an_article_is_as_it_was_written(api: Api, ann: User) -> None:
    made = await write(api, ann, tagList=["training", "dragons", "training"])

    assert re.fullmatch(MOMENT, made["createdAt"])
    assert re.fullmatch(MOMENT, made["updatedAt"])
    assert made["tagList"] == ["training", "dragons"]
    assert made["slug"].startswith("how-to-train-")
    assert made["author"] == {"username": "Ann", "bio": None, "image": None, "following": False}
    assert await api(f"GET /articles/{made['slug']}") == {"article": made}
    assert await api("GET /tags") == {"tags": ["dragons", "training"]}


async def test_a_title_may_be_used_twice(api: Api, ann: User) -> None:
    assert (await write(api, ann))["slug"] != (await write(api, ann))["slug"]


@pytest.mark.parametrize("name", ["title", "description", "body"])
async def test_what_is_blank_is_refused(api: Api, ann: User, name: str) -> None:
    refused = await api("POST /articles", by=ann, status=422, article=DRAGON | {name: ""})

    assert refused == {"errors": {name: ["can't be blank"]}}


async def test_another_title_makes_another_slug(api: Api, ann: User) -> None:
    made = await write(api, ann, tagList=["a", "b"])

    same = await api(f"PUT /articles/{made['slug']}", by=ann, article={"body": "Slowly"})
    other = await api(
        f"PUT /articles/{made['slug']}", by=ann, article={"title": "Ride it", "tagList": ["b"]}
    )

    assert same["article"] == made | {
        "body": "Slowly",
        "updatedAt": same["article"]["updatedAt"],
    }
    assert other["article"]["slug"].startswith("ride-it-")
    assert other["article"]["tagList"] == ["b"]
    await api(f"GET /articles/{made['slug']}", status=404)


async def test_only_its_author_changes_an_article(api: Api, ann: User, bob: User) -> None:
    path = f"/articles/{(await write(api, ann))['slug']}"
    forbidden = {"errors": {"article": ["forbidden"]}}

    assert await api(f"PUT {path}", by=bob, status=403, article={"body": "x"}) == forbidden
    assert await api(f"DELETE {path}", by=bob, status=403) == forbidden
    await api(f"DELETE {path}", by=ann, status=204)
    assert await api(f"GET {path}", status=404) == {"errors": {"article": ["not found"]}}


async def test_a_favorite_counts_once(api: Api, ann: User, bob: User) -> None:
    path = f"/articles/{(await write(api, ann))['slug']}"

    for _ in range(2):
        liked = (await api(f"POST {path}/favorite", by=bob))["article"]
        assert (liked["favorited"], liked["favoritesCount"]) == (True, 1)
    seen = (await api(f"GET {path}", by=ann))["article"]
    assert (seen["favorited"], seen["favoritesCount"]) == (False, 1)
    gone = (await api(f"DELETE {path}/favorite", by=bob))["article"]
    assert (gone["favorited"], gone["favoritesCount"]) == (False, 0)


async def test_lists_are_newest_first_and_count_all(api: Api, ann: User, bob: User) -> None:
    slugs = [(await write(api, ann, title=f"No. {n}"))["slug"] for n in range(22)]

    first, last = await api("GET /articles"), await api("GET /articles?limit=5&offset=20")

    assert [one["slug"] for one in first["articles"]] == slugs[:1:-1]
    assert [one["slug"] for one in last["articles"]] == slugs[1::-1]
    assert first["articlesCount"] == last["articlesCount"] == 22
    assert "body" not in first["articles"][0]


async def test_lists_are_filtered(api: Api, ann: User, bob: User) -> None:
    dragons = await write(api, ann, tagList=["dragons", "fire"])
    boats = await write(api, bob, tagList=["boats"])
    await api(f"POST /articles/{boats['slug']}/favorite", by=ann)

    async def slugs(query: str, by: User | None = None) -> list[str]:
        found = await api(f"GET /articles{query}", by=by)
        assert found["articlesCount"] == len(found["articles"])
        return [one["slug"] for one in found["articles"]]

    assert await slugs("?tag=dragons") == [dragons["slug"]]
    assert await slugs("?author=Bob") == [boats["slug"]]
    assert await slugs("?favorited=ann") == [boats["slug"]]
    assert await slugs("?tag=dragons&author=Bob") == await slugs("?author=nobody") == []
    assert await slugs("/feed", by=ann) == []
    await api("POST /profiles/bob/follow", by=ann)
    assert await slugs("/feed", by=ann) == [boats["slug"]]


@pytest.mark.parametrize("path", ["/articles?tag=a&author=ann&favorited=bob", "/articles/feed"])
@pytest.mark.parametrize("count", [1, 7])
async def test_a_list_takes_four_queries_however_long_it_is(
    api: Api, db: Database, ann: User, bob: User, path: str, count: int
) -> None:
    await api("POST /profiles/ann/follow", by=bob)
    for _ in range(count):
        made = await write(api, ann, tagList=["a", "b"])
        await api(f"POST /articles/{made['slug']}/favorite", by=bob)

    with assert_queries(4, db):  # who asks, articles with their authors, tags, the count
        found = await api(f"GET {path}", by=bob)

    assert found["articlesCount"] == len(found["articles"]) == count
    assert all(one["author"]["following"] for one in found["articles"])
