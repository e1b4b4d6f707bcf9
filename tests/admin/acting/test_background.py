"""Actions that go on alone: as jobs, with the rights that the account has when they run."""

from __future__ import annotations

import pytest

from tests.admin.acting.store import AdxGood, goods, hidden, rows_of
from tests.admin.acting.test_actions import LIST, ids, lists, opened
from tests.admin.shop import Shop
from trivet.db import Database
from trivet.jobs import Jobs
from trivet.jobs.tables import board_in


@pytest.fixture
async def jobs(store: Shop, database: Database) -> Jobs:
    found = store.app.use(Jobs(database, in_server=False))
    board = board_in(database.metadata)
    tables = [table for table in vars(board).values() if hasattr(table, "columns")]
    async with database.engine.begin() as connection:
        await connection.run_sync(database.metadata.create_all, tables=tables)
    store.admin.check()
    return found


async def test_what_is_slow_is_a_job_and_has_a_page(store: Shop, jobs: Jobs) -> None:
    await goods(store.database, 3)
    client = await store.root()
    keys = await ids(store.database, "c00001", "c00002")

    answer = await client.post(LIST, data={"action": "slowly", "key": keys})
    url = answer.headers["location"]
    page = await client.get(url)
    assert await opened(store.database) == []
    assert "<progress" in page.text
    assert (await client.get(f"{url}&as=json")).json()["over"] is False
    await jobs.run_pending()

    assert await opened(store.database) == ["c00001", "c00002"]
    assert (await client.get(f"{url}&as=json")).json()["over"] is True
    over = await client.get(url)
    assert over.status_code == 303
    assert "slowly 2" in (await client.get(over.headers["location"])).text


async def test_a_job_is_another_persons_secret(store: Shop, jobs: Jobs) -> None:
    await goods(store.database, 3)
    client = await store.root()
    other = await store.staff("adx_good.*")
    keys = await ids(store.database, "c00001")

    url = (await client.post(LIST, data={"action": "slowly", "key": keys})).headers["location"]

    assert (await other.get(url)).status_code == 404


async def test_who_may_no_longer_has_it_not_done(store: Shop, jobs: Jobs) -> None:
    await goods(store.database, 3)
    client = await store.staff("adx_good.view", "adx_good.slowly")
    keys = await ids(store.database, "c00001")
    url = (await client.post(LIST, data={"action": "slowly", "key": keys})).headers["location"]
    async with store.database.own_transaction():
        user = await store.auth.accounts.by_email("ann@example.org")
        assert user is not None
        await user.update(permissions=["adx_good.view"])

    await jobs.run_pending()

    assert await opened(store.database) == []
    over = await client.get(url)
    assert "has failed" in (await client.get(over.headers["location"])).text


async def test_many_rows_are_a_job(
    store: Shop, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trivet.admin.pages.action.MOST_AT_ONCE", 3)
    await goods(store.database, 8)
    client = await store.root()
    said = {"action": "delete", "all": "1", "kept-f.stock__gte": "2"}

    asked = await client.post(LIST, data=said)
    data = lists([*hidden(asked.text), ("confirmed", "yes")])
    answer = await client.post(LIST, data=data)
    assert "/progress?" in answer.headers["location"]
    await jobs.run_pending()

    assert [one.stock for one in await rows_of(store.database, AdxGood.all())] == [0, 1]


async def test_without_jobs_it_is_done_at_once_up_to_a_limit(
    store: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trivet.admin.pages.action.MOST_AT_ONCE", 3)
    await goods(store.database, 8)
    client = await store.root()
    said = {"action": "open", "all": "1", "confirmed": "yes"}

    assert (await client.post(LIST, data=said)).status_code == 303
    assert len(await opened(store.database)) == 8
    monkeypatch.setattr("trivet.admin.pages.action._MOST_WITHOUT_JOBS", 5)
    refused = await client.post(LIST, data=said)
    assert refused.status_code == 413
    assert "Jobs" in refused.text
