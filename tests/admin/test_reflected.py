"""An admin on a database that was there before it: all of its tables can be worked with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.admin.reflected import deleted, make_shop, opened, page, rows_in, save, walked
from tests.db.conftest import URLS, address, own_database
from trivet.db import Database


@pytest.fixture(params=list(URLS), scope="module")
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
async def url(kind: str, worker_id: str, tmp_path: object) -> AsyncIterator[str]:
    if kind == "sqlite":
        database = Database(f"sqlite:///{tmp_path}/shop.db")
        await make_shop(database.engine)
        await database.close()
        yield f"sqlite:///{tmp_path}/shop.db"
        return
    async with own_database(address(kind), worker_id) as database:
        await make_shop(database.engine)
        yield database.engine.url.render_as_string(hide_password=False)


@pytest.fixture
async def client(url: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with opened(url) as found:
        yield found


async def test_every_table_is_listed_sorted_searched_filtered_and_opened(
    client: httpx2.AsyncClient,
) -> None:
    found = await walked(client)

    assert sorted(found) == [
        "/admin/adr-bill/",
        "/admin/adr-mix-song/",
        "/admin/adr-mix/",
        "/admin/adr-song/",
        "/admin/adr-staff/",
    ]
    assert sorted(found["/admin/adr-mix-song/"])[0] == "/admin/adr-mix-song/1,1"


async def test_a_bill_is_called_by_its_number_and_found_by_it(client: httpx2.AsyncClient) -> None:
    text = await page(client, "/admin/adr-bill/1")
    assert "AdrBill 1" in text

    found = await page(client, "/admin/adr-bill/?q=2")
    assert rows_in(found) == ["/admin/adr-bill/2"]


async def test_search_filters_and_order_are_derived(client: httpx2.AsyncClient) -> None:
    assert rows_in(await page(client, "/admin/adr-song/?q=thr")) == ["/admin/adr-song/3"]
    assert rows_in(await page(client, "/admin/adr-song/")) == [
        f"/admin/adr-song/{key}" for key in (3, 2, 1)
    ]
    pairs = rows_in(await page(client, "/admin/adr-mix-song/"))
    assert pairs == [f"/admin/adr-mix-song/{key}" for key in ("1,1", "1,2", "2,3")]
    assert rows_in(await page(client, "/admin/adr-mix-song/?f.song=3")) == [pairs[2]]
    assert rows_in(await page(client, "/admin/adr-mix/?f.made=2026")) == ["/admin/adr-mix/1"]


async def test_a_row_is_edited_added_and_deleted(client: httpx2.AsyncClient) -> None:
    changed = await save(client, "/admin/adr-song/1", title="First")
    added = await save(client, "/admin/adr-song/add", id="9", title="Nine", price="9.50")
    (nine,) = rows_in(await page(client, "/admin/adr-song/?q=nine"))
    gone = await deleted(client, nine)

    assert (changed.status_code, added.status_code, gone.status_code) == (303, 303, 303)
    assert "First" in await page(client, "/admin/adr-song/")
    assert (await client.get(nine)).status_code == 404


async def test_a_row_with_two_keys_is_added_and_deleted(client: httpx2.AsyncClient) -> None:
    added = await save(client, "/admin/adr-mix-song/add", mix="2", song="1")
    assert added.status_code == 303, added.text[:2000]
    await page(client, "/admin/adr-mix-song/2,1")

    gone = await deleted(client, "/admin/adr-mix-song/2,1")

    assert gone.status_code == 303
    assert (await client.get("/admin/adr-mix-song/2,1")).status_code == 404


async def test_a_row_that_leads_to_its_own_table_is_changed(client: httpx2.AsyncClient) -> None:
    text = await page(client, "/admin/adr-staff/2")
    assert "Andrew Adams" in text

    cleared = await save(client, "/admin/adr-staff/2", reports_to_staff="")

    assert cleared.status_code == 303, cleared.text[:2000]


async def test_who_only_reads_changes_nothing(url: str) -> None:
    async with opened(url, writes=False) as client:
        await page(client, "/admin/adr-song/1")

        answers = [
            await client.post("/admin/adr-song/1", data={"title": "Mine"}),
            await client.post("/admin/adr-song/add", data={"title": "Mine", "price": "1"}),
            await client.post("/admin/adr-song/1/delete"),
        ]

        assert [one.status_code for one in answers] == [403, 403, 403]
        assert "Mine" not in await page(client, "/admin/adr-song/")


async def test_who_comes_without_the_key_is_told_where_it_is(client: httpx2.AsyncClient) -> None:
    again = await client.get("/")
    client.cookies.clear()

    without = await client.get("/admin/")
    wrong = await client.get("/?key=guessed")

    assert (again.status_code, again.headers["location"]) == (303, "/admin/")
    assert (without.status_code, wrong.status_code) == (401, 401)
    assert "Open the address that `trivet admin` printed" in without.text
    assert "Open the address that `trivet admin` printed" in wrong.text
