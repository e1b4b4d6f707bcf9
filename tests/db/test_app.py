"""The database as a part of an application, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.db.models import Author, Post
from trivet import App, BackgroundTasks, HTTPException, JSONResponse
from trivet.db import Database, schema
from trivet.testing import async_client

NewPost = schema(Post, "create", include=["title", "views"])


def journal(database: Database) -> App:
    app = App()
    app.use(database)

    @app.get("/posts/{id}")
    async def read(id: int) -> Post:
        return await Post.get(id)

    @app.get("/posts")
    async def several(title: str = "") -> list[Post]:
        return await Post.where(title__icontains=title).order_by(Post.id)

    @app.post("/posts", status_code=201)
    async def write(post: NewPost) -> Post:  # type: ignore[valid-type]  # made at run time
        return await Post.create(**post.model_dump(exclude_unset=True))  # type: ignore[attr-defined]

    @app.post("/raises")
    async def raises() -> None:
        await Post.create(title="lost")
        raise HTTPException(418)

    @app.post("/tells")
    async def tells() -> JSONResponse:
        await Post.create(title="lost")
        return JSONResponse({"detail": "no"}, 409)

    @app.post("/later")
    async def later(tasks: BackgroundTasks) -> None:
        tasks.add_task(Post.create, title="later")

    @app.exception_handler(ZeroDivisionError)
    async def noted(request: object, error: Exception) -> JSONResponse:
        await Post.create(title="noted")
        return JSONResponse({}, 422)

    @app.post("/divides")
    async def divides() -> None:
        await Post.create(title="lost")
        raise ZeroDivisionError

    @app.get("/unloaded")
    async def unloaded() -> str:
        return (await Post.get(1)).author.name  # type: ignore[union-attr]

    return app


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    async with async_client(journal(database)) as found:
        yield found


async def test_rows_are_written_and_read(client: httpx2.AsyncClient) -> None:
    made = await client.post("/posts", json={"title": "One"})
    assert made.status_code == 201, made.text
    assert made.json()["title"] == "One"
    assert made.json()["author_id"] is None

    assert (await client.get("/posts/1")).json() == made.json()
    assert (await client.get("/posts", params={"title": "ONE"})).json() == [made.json()]


async def test_what_is_not_there_is_a_404(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/posts/1")

    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


async def test_what_does_not_fit_is_a_422(client: httpx2.AsyncClient) -> None:
    for body in ({"title": "x" * 201}, {"titel": "x"}, {"title": "x", "views": "many"}, {}):
        assert (await client.post("/posts", json=body)).status_code == 422


@pytest.mark.parametrize(("path", "status"), [("/raises", 418), ("/tells", 409)])
async def test_nothing_stays_of_a_request_that_failed(
    client: httpx2.AsyncClient, path: str, status: int
) -> None:
    assert (await client.post(path)).status_code == status
    assert (await client.get("/posts")).json() == []


async def test_handlers_of_errors_have_a_unit_of_their_own(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/divides")).status_code == 422
    assert [post["title"] for post in (await client.get("/posts")).json()] == ["noted"]


async def test_tasks_behind_the_answer_are_committed_too(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/later")).status_code == 200
    assert [post["title"] for post in (await client.get("/posts")).json()] == ["later"]


async def test_the_document_shows_the_models_columns(client: httpx2.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()

    shown = document["components"]["schemas"]["Post"]
    assert list(shown["properties"])[:3] == ["id", "title", "body"]
    assert shown["properties"]["title"]["description"] == "What it is called"
    assert shown["description"] == "Something that was written."


async def test_authors_are_made_with_their_posts(database: Database) -> None:
    async with database.transaction():
        await Author.create(name="Ann", posts=[Post(title="One"), Post(title="Two")])
    async with database.transaction():
        assert await Post.where(author__name="Ann").count() == 2
