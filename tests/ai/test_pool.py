"""At most so many calls at once, at most so many that wait, and the rest is told to come later."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
import httpx2
import pytest

from trivet import App, Depends, HTTPException
from trivet.ai import Busy, Pool
from trivet.ai.tokens import TokenStream, openai_stream
from trivet.errors import SetupError
from trivet.testing import async_client


class Model:
    """A model server that answers when it is told to."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.go = anyio.Event()
        self.most = 0
        self.order: list[int] = []

    async def call(self, number: int = 0) -> int:
        async with self.pool.slot():
            self.most = max(self.most, self.pool.in_flight)
            self.order.append(number)
            await self.go.wait()
        return number


async def _settled() -> None:
    for _ in range(5):
        await anyio.lowlevel.checkpoint()


async def test_no_more_than_the_limit_run_and_the_others_wait_in_their_order() -> None:
    model = Model(Pool(2, queue=10))

    async with anyio.create_task_group() as group:
        for number in range(6):
            group.start_soon(model.call, number)
        await _settled()
        assert (model.pool.in_flight, model.pool.waiting) == (2, 4)
        model.go.set()

    assert model.most == 2
    assert model.order == [0, 1, 2, 3, 4, 5]
    assert (model.pool.in_flight, model.pool.waiting) == (0, 0)


async def test_who_finds_no_room_is_told_when_to_come_again() -> None:
    model = Model(Pool(1, queue=1))

    async with anyio.create_task_group() as group:
        group.start_soon(model.call)
        group.start_soon(model.call)
        await _settled()
        with pytest.raises(Busy) as caught:
            await model.call()
        model.go.set()

    assert caught.value.status_code == 503
    assert caught.value.headers == {"Retry-After": str(caught.value.retry_after)}
    assert 1 <= caught.value.retry_after <= 60
    assert model.pool.refused == 1


async def test_who_waits_too_long_is_told_too_and_leaves_the_queue() -> None:
    model = Model(Pool(1, queue=5, wait=0.01, status=429))

    async with anyio.create_task_group() as group:
        group.start_soon(model.call)
        await _settled()
        with pytest.raises(Busy) as caught:
            await model.call()
        assert model.pool.waiting == 0
        model.go.set()

    assert caught.value.status_code == 429
    await model.call()


async def test_a_caller_who_leaves_the_queue_takes_nobodys_place() -> None:
    model = Model(Pool(1, queue=5))

    async with anyio.create_task_group() as group:
        group.start_soon(model.call, 0)
        await _settled()
        async with anyio.create_task_group() as leaving:
            leaving.start_soon(model.call, 1)
            await _settled()
            leaving.cancel_scope.cancel()
        group.start_soon(model.call, 2)
        await _settled()
        model.go.set()

    assert model.order == [0, 2]
    assert model.pool.in_flight == 0


async def test_a_call_that_lasts_too_long_is_ended() -> None:
    model = Model(Pool(1, deadline=0.01))

    with pytest.raises(HTTPException) as caught:
        await model.call()

    assert caught.value.status_code == 504
    assert model.pool.in_flight == 0


async def test_as_a_dependency_it_is_held_to_the_end_of_the_stream() -> None:
    pool = Pool(1)
    go, began = anyio.Event(), anyio.Event()
    app = App()

    async def words() -> AsyncIterator[str]:
        began.set()
        await go.wait()
        yield "word"

    @app.get("/", dependencies=[Depends(pool.held)])
    async def stream() -> TokenStream:
        return openai_stream(words(), model="alice")

    answers: list[httpx2.Response] = []
    async with async_client(app) as client, anyio.create_task_group() as group:

        async def ask() -> None:
            answers.append(await client.get("/"))

        group.start_soon(ask)
        await began.wait()
        assert pool.in_flight == 1
        await ask()
        go.set()

    assert [one.status_code for one in answers] == [503, 200]
    assert answers[0].headers["retry-after"]
    assert pool.in_flight == 0


async def test_a_deadline_ends_a_request_that_holds_a_place() -> None:
    pool = Pool(1, deadline=0.01)
    app = App()

    @app.get("/", dependencies=[Depends(pool.held)])
    async def slow() -> None:
        await anyio.sleep(60)

    async with async_client(app) as client:
        answer = await client.get("/")

    assert answer.status_code == 504
    assert pool.in_flight == 0


async def test_as_a_part_it_tells_its_numbers() -> None:
    app = App()
    pool = app.use(Pool(1, name="alice"))
    app.use(Pool(1, name="bob"))

    async with pool.slot():
        readings = {gauge.name: await gauge.read() for gauge in pool.gauges()}

    assert {name: one[0].value for name, one in readings.items()} == {
        "trivet_pool_in_flight": 1,
        "trivet_pool_waiting": 0,
        "trivet_pool_refused_total": 0,
    }
    assert readings["trivet_pool_in_flight"][0].labels == {"pool": "alice"}


def test_a_pool_without_places_is_refused() -> None:
    with pytest.raises(SetupError) as caught:
        Pool(0)
    assert caught.value.code == "ai.pool"
