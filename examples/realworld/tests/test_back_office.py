"""What staff may do in the admin."""

import httpx2

from realworld.models import User
from realworld.parts import auth
from realworld.tests.conftest import Api
from realworld.tests.test_articles import write
from trivet.db import Database

BOSS = {"log_in": "boss@example.org", "password": "seven green ladders"}


async def test_staff_see_and_change_articles(
    api: Api, async_client: httpx2.AsyncClient, db: Database, ann: User
) -> None:
    made = await write(api, ann, tagList=["dragons"])
    async with db.transaction():
        await auth.accounts.make(email=BOSS["log_in"], password=BOSS["password"], is_superuser=True)
    async_client.headers["origin"] = "http://testserver"
    await async_client.post("/api/auth/sign-in", json=BOSS)

    for page in ("", "article/", "article/?q=train&f.author=" + str(ann.id), "user/", "comment/"):
        assert (await async_client.get(f"/admin/{page}")).status_code == 200, page
    shown = (await async_client.get("/admin/article/?q=train")).text
    assert made["title"] in shown


async def test_nobody_else_enters(async_client: httpx2.AsyncClient, db: Database) -> None:
    assert (await async_client.get("/admin/article/")).status_code in (303, 401, 403)
