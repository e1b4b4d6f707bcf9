"""Transactions that meet: run again where that was asked for, and otherwise a clear refusal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.db.breaking import stall
from tests.db.breaking.conftest import opened
from tests.db.breaking.servers import OwnServer
from trivet import App
from trivet.db import Database, LostRace
from trivet.testing import async_client


@pytest.fixture
async def database(server: OwnServer) -> AsyncIterator[Database]:
    async with opened(server.url) as found:
        yield found


class Crossing:
    """Two who change the same two rows, each the other's first: one of both has to give way."""

    def __init__(self) -> None:
        self._met = asyncio.Barrier(2)
        self.tries = 0

    async def change(self, first: int, second: int) -> None:
        self.tries += 1
        one = await stall.StallOrder.get(first)
        await one.update(note=f"{one.note}{first}")
        if self.tries <= 2:
            await self._met.wait()
        other = await stall.StallOrder.get(second)
        await other.update(note=f"{other.note}{second}")


async def two_orders(database: Database) -> list[int]:
    async with database.transaction():
        return [(await stall.StallOrder.create(number=n)).id for n in "ab"]


async def test_who_has_to_give_way_is_run_again_and_counted(database: Database) -> None:
    one, two = await two_orders(database)
    crossing = Crossing()
    change = database.retrying(isolation="serializable")(crossing.change)

    await asyncio.gather(change(one, two), change(two, one))

    assert crossing.tries == 3
    assert database.retries == 1
    async with database.transaction():
        notes = [order.note for order in await stall.StallOrder.all().order_by("id")]
    assert notes == [str(one) * 2, str(two) * 2]


async def test_without_that_a_request_gets_a_409(database: Database) -> None:
    one, two = await two_orders(database)
    crossing = Crossing()
    app = App()
    app.use(database)
    app.post("/cross/{first}/{second}")(crossing.change)

    async with async_client(app) as client:
        answers = await asyncio.gather(
            client.post(f"/cross/{one}/{two}"), client.post(f"/cross/{two}/{one}")
        )

    lost, won = sorted(answers, key=lambda answer: -answer.status_code)
    assert (won.status_code, lost.status_code) == (200, 409)
    assert lost.json() == {
        "detail": "Somebody else changed this meanwhile; read it again, and decide anew."
    }


async def test_code_is_told_how_to_run_it_again(database: Database) -> None:
    one, two = await two_orders(database)
    crossing = Crossing()

    async def change(first: int, second: int) -> None:
        async with database.own_transaction():
            await crossing.change(first, second)

    done = await asyncio.gather(change(one, two), change(two, one), return_exceptions=True)

    (lost,) = [error for error in done if error is not None]
    assert isinstance(lost, LostRace)
    assert "@database.retrying()" in str(lost)
