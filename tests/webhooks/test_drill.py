"""What goes wrong in earnest: the receiver is away, the process dies; nothing is lost."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from standardwebhooks.webhooks import Webhook

from tests.webhooks.running import Order, Site, receiving, site_on, status, until
from trivet.db import Database
from trivet.webhooks import State


@contextmanager
def dying(database: Database, what: str) -> Iterator[subprocess.Popen[str]]:
    """Run the process that is killed; it has committed when this gives it."""
    url = database.engine.url.render_as_string(hide_password=False)
    line = [sys.executable, "-m", "tests.webhooks.dying", url, what]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "committed\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def delivered(site: Site, endpoint_id: int, count: int) -> bool:
    async with site.database.own_transaction():
        found = await site.webhooks.deliveries.of(endpoint_id, state=State.DELIVERED)
    return len(found) == count


async def test_while_the_receiver_is_away_nothing_is_lost(database: Database) -> None:
    site = site_on(database, pauses=(0.05,) * 200)
    async with receiving() as away:
        pass
    async with database.transaction():
        endpoint = await site.webhooks.endpoints.add(away.url)

    async with site.working():
        for number in range(5):
            async with database.transaction():
                await Order.create(text=f"order {number}")
                await site.webhooks.send("order.placed", {"number": number})

        async def is_failing() -> bool:
            async with database.own_transaction():
                found = await site.webhooks.deliveries.of(endpoint.id)
            return len(found) == 5 and all(one.attempts >= 2 for one in found)

        await until(is_failing)
        async with receiving(port=away.port) as back:
            await back.wait_for(5)
            await until(lambda: delivered(site, endpoint.id, 5))

    assert sorted(got.json()["data"]["number"] for got in back.got) == [0, 1, 2, 3, 4]
    for got in back.got:
        Webhook(endpoint.secret).verify(got.body, got.headers)


async def test_many_at_once_to_one_receiver_that_fails_now_and_then_all_arrive(
    database: Database,
) -> None:
    site = site_on(database, pauses=(0.01,) * 50)
    async with receiving(*[status(500), status(204)] * 40) as receiver:
        async with database.transaction():
            endpoint = await site.webhooks.endpoints.add(receiver.url)

        async def place(number: int) -> None:
            async with database.transaction():
                await Order.create(text=f"order {number}")
                await site.webhooks.send("order.placed", {"number": number})

        async with site.working(concurrency=20):
            await asyncio.gather(*[place(number) for number in range(40)])
            await until(lambda: delivered(site, endpoint.id, 40))
            async with database.transaction():
                assert (await site.webhooks.endpoints.get(endpoint.id)).disabled is None

    assert {got.json()["data"]["number"] for got in receiver.got} == set(range(40))
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 40


async def test_a_process_killed_after_the_commit_has_lost_nothing(database: Database) -> None:
    site = site_on(database)
    async with receiving() as receiver:
        async with database.transaction():
            endpoint = await site.webhooks.endpoints.add(receiver.url)
        with dying(database, "only commits") as process:
            process.send_signal(signal.SIGKILL)
            process.wait()

        assert receiver.got == []
        async with site.working():
            await until(lambda: delivered(site, endpoint.id, 1))

    assert len(receiver.got) == 1


@pytest.mark.slow
async def test_a_process_killed_while_it_delivers_is_followed_by_another(
    database: Database,
) -> None:
    site = site_on(database)
    async with receiving(stalls=True) as receiver:
        async with database.transaction():
            endpoint = await site.webhooks.endpoints.add(receiver.url)
        with dying(database, "works") as process:
            await receiver.wait_for(1)
            process.send_signal(signal.SIGKILL)
            process.wait()

        receiver.stalls = False
        async with site.working(lease=1.0):
            await until(lambda: delivered(site, endpoint.id, 1))

    first, second = receiver.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
