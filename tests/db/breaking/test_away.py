"""A database that is killed, a process that is stopped: who asks is told, nothing is lost."""

from __future__ import annotations

import asyncio
import time

import httpx2
import pytest

from tests.db.breaking.conftest import serving
from tests.db.breaking.load import stored, under_load
from tests.db.breaking.servers import OwnServer


@pytest.mark.slow
async def test_a_killed_database_costs_only_those_who_were_asking(server: OwnServer) -> None:
    with serving(server.url) as stall:
        async with under_load([stall.url]) as load:
            await load.until_answered(201, 20)
            await asyncio.to_thread(server.kill)
            away = time.monotonic()
            await load.until_answered(503, 10)
            started = time.monotonic()
            await asyncio.to_thread(server.start)
            back = time.monotonic()
            await load.until_answered(201, 20)
            await load.until_answered(200, 10)

    assert load.statuses() == {200, 201, 503}, stall.log
    assert load.statuses(since=away, until=started) == {503}
    assert load.statuses(since=back) == {200, 201}
    for refused in load.of(503):
        assert refused.answer is not None
        assert refused.answer.headers["retry-after"] == "1"
        assert "database" in refused.answer.json()["detail"]
    assert "does not answer, or ended the connection" in stall.log

    orders = await stored(server.url)
    promised = {asked.what for asked in load.of(201)}
    assert len(orders) == len(set(orders))
    assert promised <= set(orders)
    assert set(orders) - promised <= {asked.what for asked in load.of(503)}


@pytest.mark.slow
async def test_a_process_that_is_stopped_answers_what_was_begun(server: OwnServer) -> None:
    with serving(server.url) as stall:
        async with (
            under_load([stall.url], patience=3) as load,
            httpx2.AsyncClient(timeout=15) as client,
        ):
            slow = [
                asyncio.create_task(client.post(f"{stall.url}/slow/s{i}?seconds=0.5"))
                for i in range(3)
            ]
            await load.until_answered(201, 10)
            assert stall.process is not None
            stall.process.terminate()
            answers = await asyncio.gather(*slow)
            await asyncio.to_thread(stall.process.wait, 20)
    lost = await _lost_connections(server)

    assert [answer.status_code for answer in answers] == [201] * 3
    assert load.statuses() <= {200, 201, 0}  # 0: nobody listens any more
    assert not lost


async def _lost_connections(server: OwnServer) -> list[str]:
    """Give the lines in which the server tells of clients that left without a word."""
    words = ("unexpected EOF on client", "Connection reset by peer", "Aborted connection")
    await asyncio.sleep(0.2)
    return [line for line in server.log.splitlines() if any(word in line for word in words)]
