"""Who waits too long is told so, and who leaves gives back what he held."""

from __future__ import annotations

import asyncio

import httpx2
import pytest
from sqlalchemy import text

from tests.db.breaking import stall
from tests.db.breaking.conftest import opened, serving
from tests.db.breaking.servers import OwnServer
from trivet import App
from trivet.testing import async_client


async def test_whoever_waits_too_long_is_told_to_come_again(url: str) -> None:
    async with opened(url, pool_size=1, timeout=0.3) as database:
        app = App()
        app.use(database)
        app.include_router(stall.app.router)
        async with async_client(app) as client:
            holding = asyncio.create_task(client.post("/slow/first?seconds=1.2"))
            await asyncio.sleep(0.2)
            refused = await client.post("/orders/second")
            held = await holding
            then = await client.post("/orders/second")

    assert (held.status_code, then.status_code) == (201, 201)
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "1"
    assert "try again" in refused.json()["detail"]


@pytest.mark.slow
async def test_who_leaves_holds_no_connection_any_longer(server: OwnServer) -> None:
    with serving(server.url, _POOL="1") as stall_process:
        async with httpx2.AsyncClient(base_url=stall_process.url) as client:
            with pytest.raises(httpx2.ReadTimeout):
                await client.get("/dream", timeout=0.5)
            # The only connection is free again, or another one has taken its place.
            answers = [await client.get("/count", timeout=15) for _ in range(3)]
            assert [answer.status_code for answer in answers] == [200] * 3
            await _wait_until_nobody_sleeps(server)
    assert "Traceback" not in stall_process.log


async def _wait_until_nobody_sleeps(server: OwnServer) -> None:
    statement = (
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(%'"
        " AND pid <> pg_backend_pid()"
        if server.kind == "postgresql"
        else "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%sleep(30)%'"
        " AND id <> connection_id()"
    )
    async with opened(server.url) as database, asyncio.timeout(10):
        while True:
            async with database.engine.connect() as connection:
                if not (await connection.execute(text(statement))).scalar_one():
                    return
            await asyncio.sleep(0.1)
