"""What handlers return becomes an answer: queries, objects, and what is shown of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel, ConfigDict, model_validator
from sqlalchemy.orm import foreign

from tests.db.models import Author, Post, Tag
from trivet import App
from trivet.db import (
    Database,
    Mapped,
    Model,
    NotLoadedError,
    Page,
    Query,
    field,
    func,
    relationship,
    schema,
)
from trivet.db.lookups import LookupError as UnknownName
from trivet.testing import async_client


class Label(Model):
    code: Mapped[str] = field(max_length=20)


class Sticker(Model):
    """Finds its label whatever the case of the code."""

    code: Mapped[str] = field(max_length=20)
    label: Mapped[Label | None] = relationship(
        primaryjoin=lambda: foreign(Sticker.code) == func.lower(Label.code), viewonly=True
    )


class TagRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str


class AuthorRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str
    email: str | None


class PostRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    author: AuthorRead | None
    tags: list[TagRead]


class Shouted(BaseModel):
    """Looks at the object itself, so that no dictionary will do."""

    model_config = ConfigDict(from_attributes=True)

    title: str
    tags: list[TagRead]

    @model_validator(mode="before")
    @classmethod
    def shout(cls, post: Any) -> Any:
        return {"title": post.title.upper(), "tags": post.tags}


class Writer(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str
    posts: list[PostRead]


AuthorWithPosts = schema(Author, nested={"posts": PostRead}, name="AuthorWithPosts")


def journal(database: Database) -> App:
    app = App()
    app.use(database)

    @app.get("/query")
    async def query() -> Query[Post]:
        return Post.all().order_by(Post.id)

    @app.get("/rows", response_model=list[PostRead])
    async def rows() -> Any:
        return Post.all().order_by(Post.id)

    @app.get("/plain", response_model=list[PostRead])
    def plain() -> Any:
        return Post.all().order_by(Post.id)

    @app.get("/objects")
    async def objects() -> list[PostRead]:
        return await Post.all().order_by(Post.id)  # type: ignore[return-value]

    @app.get("/shouted", response_model=list[Shouted])
    async def shouted() -> Any:
        return Post.all().order_by(Post.id)

    @app.get("/writers", response_model=list[Writer])
    async def writers() -> Any:
        return Author.all().order_by(Author.id)

    @app.get("/nested", response_model=list[AuthorWithPosts])
    async def nested() -> Any:
        return Author.all().order_by(Author.id)

    @app.get("/page")
    async def page() -> Page[PostRead]:
        return await Post.all().order_by(Post.id).page(1, 2)  # type: ignore[return-value]

    @app.get("/one/{id}", response_model=PostRead)
    async def one(id: int) -> Any:
        return Post.where(id=id)

    @app.get("/newest", response_model=PostRead)
    async def newest() -> Any:
        return Post.all().order_by(-Post.id).limit(1)

    @app.get("/object/{id}", response_model=PostRead)
    async def object_(id: int) -> Any:
        return await Post.get(id)

    @app.post("/posts", status_code=201, response_model=PostRead)
    async def write(title: str) -> Any:
        return await Post.create(title=title, author_id=1)

    @app.get("/changed", response_model=list[PostRead])
    async def changed() -> Any:
        post = await Post.get(1)
        post.title = "Changed"
        return Post.all().order_by(Post.id)

    return app


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    async with database.transaction():
        ann = await Author.create(name="Ann", email="ann@example.org")
        bob = await Author.create(name="Bob")
        red, blue = await Tag.create(name="red"), await Tag.create(name="blue")
        await Post.create(title="One", author=ann, tags=[red, blue])
        await Post.create(title="Two", author=bob, tags=[])
        await Post.create(title="Three", author=ann, tags=[blue])
        await Post.create(title="Four", author=None, tags=[red])
    async with async_client(journal(database)) as found:
        yield found


ANN = {"name": "Ann", "email": "ann@example.org"}
BOB = {"name": "Bob", "email": None}
POSTS = [
    {"id": 1, "title": "One", "author": ANN, "tags": [{"name": "red"}, {"name": "blue"}]},
    {"id": 2, "title": "Two", "author": BOB, "tags": []},
    {"id": 3, "title": "Three", "author": ANN, "tags": [{"name": "blue"}]},
    {"id": 4, "title": "Four", "author": None, "tags": [{"name": "red"}]},
]


def by_name(answer: Any) -> Any:
    """Order the tags, which no database promises to."""
    for post in answer:
        post["tags"] = sorted(post["tags"], key=lambda tag: str(tag["name"]), reverse=True)
    return answer


async def test_a_query_is_answered_by_its_rows(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/query")

    assert [post["title"] for post in answer.json()] == ["One", "Two", "Three", "Four"]
    assert list(answer.json()[0]) == [
        *("id", "title", "body", "views", "published", "created", "updated", "author_id")
    ]


@pytest.mark.parametrize("path", ["/rows", "/plain", "/objects"])
async def test_relations_that_the_answer_shows_are_loaded(
    client: httpx2.AsyncClient, path: str
) -> None:
    answer = await client.get(path)

    assert by_name(answer.json()) == POSTS


@pytest.mark.parametrize("path", ["/writers", "/nested"])
async def test_relations_below_relations_are_loaded(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    ann, bob = answer.json()
    assert (ann["name"], bob["name"]) == ("Ann", "Bob")
    shown = sorted(ann["posts"], key=lambda post: int(post["id"]))
    assert by_name(shown) == [POSTS[0], POSTS[2]]
    assert by_name(bob["posts"]) == [POSTS[1]]


async def test_a_model_that_looks_at_objects_is_given_objects(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/shouted")

    assert [post["title"] for post in answer.json()] == ["ONE", "TWO", "THREE", "FOUR"]
    assert answer.json()[2]["tags"] == [{"name": "blue"}]


async def test_objects_inside_a_page_are_completed(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/page")

    assert by_name(answer.json()["items"]) == POSTS[:2]
    assert answer.json()["total"] == 4


async def test_one_row_is_given_or_is_a_404(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/one/2")).json() == POSTS[1]
    assert (await client.get("/object/2")).json() == POSTS[1]
    assert (await client.get("/one/5")).status_code == 404
    assert (await client.get("/newest")).json() == POSTS[3]


async def test_what_was_just_written_is_shown_with_its_relations(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.post("/posts", params={"title": "New"})

    assert answer.json() == {"id": 5, "title": "New", "author": ANN, "tags": []}


async def test_changes_that_nobody_saved_are_seen_by_a_query(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/changed")

    assert [post["title"] for post in answer.json()] == ["Changed", "Two", "Three", "Four"]


async def test_an_answer_takes_a_fixed_number_of_queries(
    client: httpx2.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not database.driver.reads_directly:
        pytest.skip("SQLAlchemy reads here, and counts otherwise")
    asked: list[str] = []
    rows = database.driver.rows

    async def counted(sql: str, values: Any) -> Any:
        asked.append(sql)
        return await rows(sql, values)

    monkeypatch.setattr(database.driver, "rows", counted)

    for path, count in {"/query": 1, "/rows": 3, "/objects": 3, "/writers": 4, "/one/1": 3}.items():
        asked.clear()
        assert (await client.get(path)).status_code == 200
        assert len(asked) == count, (path, asked)


async def test_relations_below_others_are_loaded_by_name_or_by_column(database: Database) -> None:
    async with database.transaction():
        ann = await Author.create(name="Ann")
        await Post.create(title="One", author=ann, tags=[await Tag.create(name="red")])
    for steps in (("posts__tags",), (Author.posts, Post.tags), ("posts", Post.tags)):
        async with database.transaction():
            (author,) = await Author.all().with_(*steps)
            assert [tag.name for tag in author.posts[0].tags] == ["red"]
            with pytest.raises(NotLoadedError):
                _ = author.posts[0].author


async def test_a_name_that_is_no_relation_is_told_with_the_nearest(database: Database) -> None:
    with pytest.raises(UnknownName, match=r"no relation 'autor' .* Did you mean 'author'\?"):
        Post.all().with_("autor")
    with pytest.raises(UnknownName, match="no relation that is loaded of Tag leads"):
        Tag.all().with_(Post.author)
    with pytest.raises(UnknownName, match=r"selectinload\(Post\.tags\.and_"):
        Post.all().with_(Post.tags.and_(Tag.name == "red"))


async def test_a_relation_by_an_expression_is_followed_by_it(database: Database) -> None:
    async with database.transaction():
        await Label.create(code="ABC")
        await Sticker.create(code="abc")
    async with database.transaction():
        (sticker,) = await Sticker.all().with_(Sticker.label)

    assert sticker.label is not None
    assert sticker.label.code == "ABC"


async def test_the_same_rows_come_with_their_relations_on_both_paths(database: Database) -> None:
    async with database.transaction():
        for number in range(7):
            author = await Author.create(name=f"A{number}")
            tags = [await Tag.create(name=f"T{number}{n}") for n in range(number % 3)]
            await Post.create(title=f"P{number}", author=author if number % 2 else None, tags=tags)

    def shown(posts: list[Post]) -> Any:
        return [
            (post.id, post.author and post.author.name, sorted(tag.name for tag in post.tags))
            for post in posts
        ]

    query = Post.all().order_by(Post.id).with_(Post.author, Post.tags)
    async with database.transaction():
        direct = shown(await query)
    async with database.transaction() as unit:
        await unit.session()
        ordinary = shown(await query)

    assert direct == ordinary
