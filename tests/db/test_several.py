"""Several databases in one application: one unit of work on each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.databases import clean_database
from tests.db.apart import Analytics, Orphan, Visit
from tests.db.conftest import address
from tests.db.models import Model, Post
from trivet import App, Depends, HTTPException, JSONResponse
from trivet.cli import main
from trivet.db import (
    Database,
    ForeignKey,
    Mapped,
    OutsideUnitError,
    UnitOverError,
    field,
    func,
    relationship,
    session,
)
from trivet.errors import SetupError
from trivet.testing import async_client


@pytest.fixture
async def analytics(kind: str) -> AsyncIterator[Database]:
    async with clean_database(address(kind), Analytics.metadata, models=Analytics) as found:
        yield found


def watched(database: Database, analytics: Database) -> App:
    """Give an application that notes each post as a visit, in another database."""
    app = App()
    assert app.use(database) is database
    assert app.use(analytics) is analytics

    @app.post("/posts/{title}")
    async def write(title: str, status: int = 200) -> JSONResponse:
        await Post.create(title=title)
        await Visit.create(path=f"/{title}")
        if status == 418:
            raise HTTPException(418)
        return JSONResponse({}, status)

    @app.post("/unsaved")
    async def unsaved() -> None:
        await Post.create(title="unsaved")
        one = (await Visit.all())[0]
        two = await Visit.create(path="/two")
        two.path = one.path  # refused when it is written, which is before anything is committed

    @app.get("/posts", response_model=list[Post])
    async def posts() -> Any:
        return Post.all()

    @app.get("/visits", response_model=list[Visit])
    async def visits() -> Any:
        return Visit.all()

    @app.get("/counts")
    async def counts() -> list[int]:
        return list(await asyncio.gather(Post.all().count(), Visit.all().count()))

    @app.get("/sessions")
    async def sessions(
        first: Annotated[AsyncSession, Depends(session)],
        second: AsyncSession = Depends(analytics.session),  # noqa: B008  # a local name, which a text would not find
    ) -> list[int]:
        assert await session() is first
        found = [await first.scalar(func.count(Post.id)), await second.scalar(func.count(Visit.id))]
        return [one or 0 for one in found]

    return app


async def test_each_model_finds_its_database(database: Database, analytics: Database) -> None:
    async with async_client(watched(database, analytics)) as client:
        assert (await client.post("/posts/one")).status_code == 200

        assert (await client.get("/counts")).json() == [1, 1]
        assert (await client.get("/sessions")).json() == [1, 1]
        assert (await client.get("/visits")).json() == [{"id": 1, "path": "/one"}]
        assert [post["title"] for post in (await client.get("/posts")).json()] == ["one"]
    async with database.transaction(), analytics.transaction():
        assert await Post.all().values_list("title") == ["one"]
        assert (await Visit.get(1)).path == "/one"
        assert await analytics.sql("select path from visit").scalar() == "/one"
        assert await database.sql("select title from post").scalar() == "one"


@pytest.mark.parametrize("status", [409, 418, 500])
async def test_an_error_rolls_all_of_them_back(
    database: Database, analytics: Database, status: int
) -> None:
    async with async_client(watched(database, analytics)) as client:
        answer = await client.post("/posts/lost", params={"status": status})

        assert answer.status_code == status
        assert (await client.get("/counts")).json() == [0, 0]


async def test_what_one_refuses_is_written_in_none(database: Database, analytics: Database) -> None:
    async with async_client(watched(database, analytics)) as client:
        assert (await client.post("/posts/one")).status_code == 200

        assert (await client.post("/unsaved")).status_code == 409

        assert (await client.get("/counts")).json() == [1, 1]


async def test_the_last_one_used_is_committed_first(
    database: Database, analytics: Database
) -> None:
    app, order = App(), []
    app.use(database)
    app.use(analytics)

    @app.post("/")
    async def write() -> None:
        await Post.create(title="one")
        await Visit.create(path="/one")
        database.unit.on_commit(lambda: order.append("posts"))
        analytics.unit.on_commit(lambda: order.append("visits"))

    async with async_client(app) as client:
        assert (await client.post("/")).status_code == 200

    assert order == ["visits", "posts"]


async def test_savepoints_are_those_of_their_own_database(
    database: Database, analytics: Database
) -> None:
    async with database.transaction(), analytics.transaction():
        await Visit.create(path="/kept")
        with suppress(ZeroDivisionError):
            async with database.transaction():
                await Post.create(title="lost")
                raise ZeroDivisionError
        await Post.create(title="kept")

    async with database.transaction(), analytics.transaction():
        assert await Post.all().values_list("title") == ["kept"]
        assert await Visit.all().values_list("path") == ["/kept"]


async def test_a_model_without_a_database_says_what_to_write(
    database: Database, analytics: Database
) -> None:
    async with database.transaction():
        with pytest.raises(SetupError, match=r"(?s)Visit belongs to none.*models=Analytics"):
            await Visit.get(1)
        async with analytics.transaction():
            for read in (Orphan.find(1), Orphan.all().count(), Orphan.create(name="x")):
                with pytest.raises(SetupError, match=r"\[db\.no-database\]"):
                    await read
    with pytest.raises(OutsideUnitError):
        _ = analytics.unit


def test_two_databases_may_have_models_of_one_name() -> None:
    class Elsewhere(Model, apart=True):
        """A third database."""

    class Tag(Elsewhere):
        name: Mapped[str]

    class Label(Elsewhere):
        tag_id: Mapped[int] = field(ForeignKey(Tag.id))
        tag: Mapped["Tag"] = relationship("Tag")  # noqa: UP037  # the name is what is tested

    assert Label(tag=Tag()).tag.__class__ is Tag
    assert Post.tags.property.mapper.class_.__module__ == "tests.db.models"


def test_databases_that_cannot_be_told_apart_are_refused() -> None:
    app = App()
    app.use(Database("sqlite://"))

    with pytest.raises(SetupError, match=r"\[db\.same-models\]"):
        app.use(Database("sqlite://", name="second"))
    app = App()
    app.use(Database("sqlite://"))
    with pytest.raises(SetupError, match=r"\[db\.same-name\]"):
        app.use(Database("sqlite://", models=Analytics, name="database"))


async def test_a_task_that_outlives_its_request_is_told(database: Database) -> None:
    app, tasks, done = App(), [], asyncio.Event()
    app.use(database)

    async def later() -> None:
        await done.wait()
        assert await Post.all().count() == 0  # a read needs nobody who commits
        async with database.transaction():
            await Post.create(title="kept")
        await Post.create(title="lost")

    @app.post("/")
    async def begin() -> None:
        await Post.all().count()
        tasks.append(asyncio.create_task(later()))

    async with async_client(app) as client:
        await client.post("/")
    done.set()

    with pytest.raises(UnitOverError, match=r"(?s)database\.transaction.*db\.unit-over"):
        await tasks[0]
    async with database.transaction():
        assert await Post.all().values_list("title") == ["kept"]


async def test_reads_side_by_side_see_what_was_written(database: Database) -> None:
    async with database.transaction():
        await Post.create(title="one")

        found = await asyncio.gather(
            Post.all().count(), Post.get(1), Post.where(title="one"), Post.all().values_list("id")
        )

    assert found[0] == 1
    assert found[2] == [found[1]]


TWO = """
from tests.db.apart import Analytics
from trivet import App
from trivet.db import Database, Mapped, Model

app = App()
app.use(Database("sqlite:///main.db"))
app.use(Database("sqlite:///visits.db", models=Analytics))

class Scribe(Model):
    name: Mapped[str]
"""


def test_commands_are_told_which_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "two_databases.py").write_text(TWO)
    monkeypatch.chdir(tmp_path)

    def trivet(*words: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["--app", "two_databases:app", *words])
        out, err = capsys.readouterr()
        return f"{ended.value.code} {out}{err}"

    assert "make table visit" in trivet("makemigrations", "--database", "analytics")
    assert "0001_initial" in trivet("migrate", "--database", "analytics")
    assert "[x] 0001_initial" in trivet("migrations", "--database", "analytics")
    assert "No migrations" in trivet("migrations")
    assert (tmp_path / "migrations_analytics" / "0001_initial.py").is_file()
    assert "[db.unknown-database]" in trivet("migrate", "--database", "analitics")
    assert "analytics" in trivet("migrate", "--help")
