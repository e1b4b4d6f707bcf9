"""Several processes that write to one file of SQLite's: each waits for its turn."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from tests.db.breaking.conftest import emptied, opened, serving
from tests.db.breaking.load import stored, under_load
from tests.db.breaking.stall import StallOrder


@pytest.mark.slow
async def test_writers_of_two_processes_take_turns(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'stall.db'}"
    await emptied(url)

    with serving(url) as one, serving(url) as other:
        async with under_load([one.url, other.url], writers=8, readers=4) as load:
            await load.until_answered(201, 150)

    assert load.statuses() == {200, 201}
    orders = await stored(url)
    assert len(orders) == len(set(orders)) == len(load.of(201))


@pytest.mark.slow
async def test_who_waits_too_long_for_another_process_gets_a_503(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'stall.db'}"
    await emptied(url)

    with serving(url, _TIMEOUT="0.3") as stall:
        async with opened(url) as database, httpx2.AsyncClient(base_url=stall.url) as client:
            async with database.transaction():
                await StallOrder.create(number="held")
                refused = await client.post("/orders/waits")
                shown = await client.get("/count")
            stored_now = await client.post("/orders/waits")

    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "1"
    assert (shown.status_code, shown.json()) == (200, 0)
    assert stored_now.status_code == 201
    assert "is held by others" in stall.log
