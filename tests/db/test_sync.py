"""Plain sessions for handlers that do not await."""

from __future__ import annotations

import sys
from threading import get_ident
from typing import Annotated

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.db.models import Post
from trivet import App, Depends, HTTPException, JSONResponse
from trivet.db import Database, sync_session
from trivet.errors import MissingExtraError, SetupError
from trivet.testing import async_client

Plain = Annotated[Session, Depends(sync_session)]


def plain(database: Database) -> App:
    app = App()
    app.use(database)
    here = get_ident()

    @app.post("/posts/{title}")
    def write(title: str, session: Plain, status: int = 200) -> JSONResponse:
        assert get_ident() != here
        session.add(Post(title=title))
        session.flush()
        if status == 418:
            raise HTTPException(418)
        if status == 500:
            raise ZeroDivisionError
        return JSONResponse({}, status)

    @app.get("/titles")
    def titles(session: Plain) -> list[str]:
        return list(session.scalars(select(Post.title).order_by(Post.id)))

    @app.get("/posts/{id}")
    def read(id: int, session: Plain) -> Post | None:
        return session.get(Post, id)

    @app.post("/awaits")
    async def awaits() -> list[str]:
        await Post.create(title="awaited")
        return await Post.all().values_list("title")

    async def written() -> None:
        await Post.create(title="before")

    @app.post("/both", dependencies=[Depends(written)])
    def both(session: Plain) -> None:
        session.add(Post(title="plain"))

    return app


async def test_what_it_wrote_is_there_when_the_answer_is(database: Database) -> None:
    async with async_client(plain(database)) as client:
        for title in ("one", "two"):
            assert (await client.post(f"/posts/{title}")).status_code == 200
            assert title in (await client.get("/titles")).json()

        assert (await client.get("/posts/1")).json()["title"] == "one"
        assert (await client.post("/awaits")).json() == ["one", "two", "awaited"]
        assert (await client.get("/titles")).json() == ["one", "two", "awaited"]


@pytest.mark.parametrize("status", [409, 418, 500])
async def test_what_failed_is_rolled_back(database: Database, status: int) -> None:
    async with async_client(plain(database), raise_app_exceptions=False) as client:
        assert (await client.post(f"/posts/lost?status={status}")).status_code == status
        assert (await client.get("/titles")).json() == []
        assert database.plain_engine().pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_both_kinds_in_one_request_are_two_transactions(
    database: Database, kind: str
) -> None:
    async with async_client(plain(database)) as client:
        if kind == "sqlite":  # which would wait for itself
            with pytest.raises(SetupError, match=r"\[db\.sync-inside\]"):
                await client.post("/both")
            assert (await client.get("/titles")).json() == []
        else:
            assert (await client.post("/both")).status_code == 200
            assert set((await client.get("/titles")).json()) == {"before", "plain"}


async def test_without_its_driver_it_says_what_to_install(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, database.driver.sync_library, None)

    async with database.transaction() as unit:
        with pytest.raises(MissingExtraError, match=r"trivet\[sync\]"):
            unit.sync_session()
