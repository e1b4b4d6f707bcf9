"""Values that a database cannot keep or compare are answered with 422, never with 500."""

from __future__ import annotations

import pytest

from tests.db.models import Tag
from trivet import App
from trivet.db import Database, UnfitValue
from trivet.testing import async_client

HUGE = 10**30


def _site(database: Database) -> App:
    app = App()
    app.use(database)

    @app.get("/tags/{id}")
    async def read(id: int) -> bool:
        return await Tag.find(id) is not None

    @app.get("/tags")
    async def find(name: str) -> int:
        return await Tag.where(name=name).count()

    @app.post("/tags")
    async def make(name: str) -> int:
        return (await Tag.create(name=name)).id

    return app


async def test_an_integer_of_too_many_digits_is_no_key(database: Database) -> None:
    async with async_client(_site(database)) as client:
        answers = [await client.get(f"/tags/{number}") for number in (HUGE, -HUGE)]
    assert [answer.status_code for answer in answers] == [422, 422]
    message = "A value here is too large, too long, or no text."
    assert answers[0].json() == {"detail": [{"type": "unfit", "loc": [], "msg": message}]}


async def test_a_nul_in_a_text_is_kept_or_refused(database: Database) -> None:
    async with async_client(_site(database)) as client:
        found = await client.get("/tags", params={"name": "a\0b"})
        made = await client.post("/tags", params={"name": "a\0b"})
    wanted = 422 if database.is_postgres else 200
    assert (found.status_code, made.status_code) == (wanted, wanted)


async def test_a_script_is_told_what_to_write(database: Database) -> None:
    async with database.transaction():
        with pytest.raises(UnfitValue, match="say in the type of the parameter"):
            await Tag.find(HUGE)
