"""Who may listen to the changes of a list, and who is told who else has a row open."""

from __future__ import annotations

import httpx2
import pytest

from tests.admin.shop import AdmRecord, Shop, filled, usual_shop
from trivet.db import Database
from trivet.realtime import Realtime

EVENTS = "/realtime/events"
LIST = "admin-admin/adm-record"


@pytest.fixture
async def live_shop(database: Database) -> Shop:
    shop = usual_shop(database)
    shop.app.use(Realtime())
    shop.admin.check()  # as the start does
    await filled(shop.database, 3)
    return shop


async def key(live_shop: Shop, title: str) -> int:
    async with live_shop.database.own_transaction():
        (found,) = await AdmRecord.where(title=title)
        return found.id


async def refused(client: httpx2.AsyncClient, *channels: str) -> dict[str, int]:
    """Give how channels are answered that are refused: what is not would be an endless stream."""
    found: dict[str, int] = {}
    for channel in channels:
        found[channel] = (await client.get(EVENTS, params={"channel": channel})).status_code
    return found


async def test_nobody_listens_who_may_not_see(live_shop: Shop) -> None:
    nobody = live_shop.client()
    someone = await live_shop.signed_in("eve@example.org")
    staff = await live_shop.staff("adm_artist.view")

    row = f"{LIST}/{await key(live_shop, 'Record 000')}"
    for client in (nobody, someone, staff):
        assert await refused(client, LIST, row) == {LIST: 403, row: 403}


async def test_a_row_that_one_may_not_see_has_no_channel_either(live_shop: Shop) -> None:
    live_shop.auth.rules.allow("view", AdmRecord)(lambda user: AdmRecord.year > 1970)
    staff = await live_shop.staff()

    hidden, seen = [await key(live_shop, f"Record 00{number}") for number in (0, 1)]
    names = [f"{LIST}/{one}" for one in (hidden, 99, "x", "1,2", "%2500")]

    assert await refused(staff, *names) == dict.fromkeys(names, 403)
    assert "data-presence" in (await staff.get(f"/admin/adm-record/{seen}")).text


async def test_a_page_names_its_channel_where_there_are_channels(live_shop: Shop) -> None:
    root, number = await live_shop.root(), await key(live_shop, "Record 000")

    row, new = (
        (await root.get(f"/admin/adm-record/{number}")).text,
        (await root.get("/admin/adm-record/add")).text,
    )

    assert f'data-presence="{LIST}/{number}" data-client="/realtime/client.js"' in row
    assert (
        f'data-live="{LIST}" data-client="/realtime/client.js"'
        in (await root.get("/admin/adm-record/")).text
    )
    assert "data-presence" not in new
    assert (await root.get("/realtime/client.js")).status_code == 200


async def test_a_page_names_none_without_them(shop: Shop) -> None:
    await filled(shop.database, 1)
    root = await shop.root()

    page = await root.get(f"/admin/adm-record/{await key(shop, 'Record 000')}")
    assert page.status_code == 200
    assert "data-presence" not in page.text
    assert "data-live" not in (await root.get("/admin/adm-record/")).text
