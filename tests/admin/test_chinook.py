"""The admin on a real database, which lies beside the project; without it, these are skipped."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.admin.reflected import deleted, opened, page, rows_in, save, walked

CHINOOK = Path(__file__).parents[3] / "shared" / "data" / "chinook.sqlite"

pytestmark = pytest.mark.skipif(not CHINOOK.exists(), reason="a database beside the project")


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    shutil.copy(CHINOOK, tmp_path / "chinook.sqlite")
    async with opened(f"sqlite:///{tmp_path}/chinook.sqlite") as found:
        yield found


async def test_all_eleven_tables_can_be_gone_through(client: httpx2.AsyncClient) -> None:
    found = await walked(client)

    assert len(found) == 11
    assert "/admin/playlist-track/1,1" in found["/admin/playlist-track/"]


async def test_an_invoice_is_called_by_its_number(client: httpx2.AsyncClient) -> None:
    assert "Invoice 1" in await page(client, "/admin/invoice/1")
    assert "Invoice 7" in await page(client, "/admin/invoice-line/?f.invoice=7")
    assert rows_in(await page(client, "/admin/invoice/?q=7"))


async def test_rows_are_edited_added_and_deleted(client: httpx2.AsyncClient) -> None:
    changed = await save(client, "/admin/artist/1", name="AC⚡DC")
    added = await save(client, "/admin/playlist-track/add", playlist="9", track="1")
    gone = await deleted(client, "/admin/playlist-track/9,1")
    freed = await save(client, "/admin/employee/2", reports_to_employee="")

    statuses = [one.status_code for one in (changed, added, gone, freed)]
    assert statuses == [303, 303, 303, 303]
    assert "AC⚡DC" in await page(client, "/admin/artist/?q=AC")
    assert (await client.get("/admin/playlist-track/9,1")).status_code == 404
