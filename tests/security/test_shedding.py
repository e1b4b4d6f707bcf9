from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import httpx2
import pytest

from trivet import App, StreamingResponse
from trivet.errors import SetupError
from trivet.security.shedding import LoadShedding
from trivet.testing import async_client
from trivet.testing.live import LiveServer


class Busy:
    """An application whose handlers run until they are let go."""

    def __init__(self, **options: Any) -> None:
        self.app = App()
        self.shedding = self.app.use(LoadShedding(**options))
        self.may_end = asyncio.Event()
        self.ran = 0

        @self.app.get("/work")
        async def work() -> str:
            self.ran += 1
            await self.may_end.wait()
            return "done"

        @self.app.get("/health")
        async def health() -> str:
            await asyncio.sleep(0)
            return "well"

        @self.app.get("/instant")
        async def instant() -> str:
            return "at once"

        @self.app.get("/broken")
        async def broken() -> None:
            await asyncio.sleep(0)
            raise LookupError("on purpose")

        @self.app.get("/stream")
        async def stream() -> StreamingResponse:
            async def pieces() -> Any:
                yield b"a"
                await self.may_end.wait()
                yield b"b"

            await asyncio.sleep(0)
            return StreamingResponse(pieces())

    async def until(self, running: int, waiting: int) -> None:
        async with asyncio.timeout(20):
            while (self.shedding.running, self.shedding.waiting) != (running, waiting):  # noqa: ASYNC110
                await asyncio.sleep(0.001)


async def test_who_finds_no_place_hears_so_at_once_and_the_others_are_served() -> None:
    busy = Busy(max_running=2, max_waiting=1, max_wait=60, retry_after=9)
    async with async_client(busy.app) as client:
        served = [asyncio.create_task(client.get("/work")) for _ in range(3)]
        await busy.until(2, 1)

        refused = [await client.get("/work") for _ in range(5)]
        busy.may_end.set()
        answers = await asyncio.gather(*served)

    assert {answer.status_code for answer in refused} == {503}
    assert refused[0].headers["retry-after"] == "9"
    assert refused[0].json() == {"detail": "The server is busy: try again in a moment"}
    assert [answer.json() for answer in answers] == ["done"] * 3
    assert (busy.ran, busy.shedding.shed) == (3, 5)
    await busy.until(0, 0)


async def test_health_checks_and_what_never_waits_are_answered_by_a_full_server() -> None:
    busy = Busy(max_running=1, max_waiting=0)
    async with async_client(busy.app) as client:
        served = asyncio.create_task(client.get("/work"))
        await busy.until(1, 0)

        assert (await client.get("/health")).json() == "well"
        assert (await client.get("/instant")).json() == "at once"
        assert (await client.get("/work")).status_code == 503

        busy.may_end.set()
        await served


async def test_who_waits_too_long_for_a_place_is_refused() -> None:
    busy = Busy(max_running=1, max_waiting=1, max_wait=0.05)
    async with async_client(busy.app) as client:
        served = asyncio.create_task(client.get("/work"))
        await busy.until(1, 0)

        assert (await client.get("/work")).status_code == 503

        busy.may_end.set()
        assert (await served).json() == "done"
        assert (await client.get("/work")).json() == "done"
    await busy.until(0, 0)


async def test_who_leaves_the_queue_takes_no_place_with_them() -> None:
    busy = Busy(max_running=1, max_waiting=2, max_wait=60)
    async with async_client(busy.app) as client:
        first, gone, last = [asyncio.create_task(client.get("/work")) for _ in range(3)]
        await busy.until(1, 2)

        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        await busy.until(1, 1)
        busy.may_end.set()

        assert [answer.json() for answer in await asyncio.gather(first, last)] == ["done"] * 2
    await busy.until(0, 0)


async def test_a_handler_that_fails_gives_its_place_back() -> None:
    busy = Busy(max_running=1, max_waiting=0)
    async with async_client(busy.app) as client:
        for _ in range(3):
            with pytest.raises(LookupError):
                await client.get("/broken")

    await busy.until(0, 0)


async def test_a_stream_has_its_place_until_its_end() -> None:
    busy = Busy(max_running=1, max_waiting=0)
    async with async_client(busy.app) as client:
        streamed = asyncio.create_task(client.get("/stream"))
        await busy.until(1, 0)

        assert (await client.get("/work")).status_code == 503
        busy.may_end.set()
        assert (await streamed).text == "ab"
    await busy.until(0, 0)


def test_many_real_connections_get_their_answer_or_a_refusal_and_no_one_hangs() -> None:
    """A hundred at once: ten run, twenty wait, the rest hear so while those still run."""
    app = App()
    shedding = app.use(LoadShedding(max_running=10, max_waiting=20, max_wait=60))
    at_once = 0
    most = 0

    @app.get("/work")
    async def work() -> str:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        # The first ones run until the rest of the load has been refused.
        async with asyncio.timeout(45):
            while shedding.shed < 70:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        at_once -= 1
        return "done"

    @app.get("/health")
    async def health() -> int:
        await asyncio.sleep(0)
        return shedding.running

    async def load(url: str) -> tuple[Counter[int], int]:
        limits = httpx2.Limits(max_connections=400, max_keepalive_connections=400)
        async with httpx2.AsyncClient(base_url=url, limits=limits, timeout=60) as client:
            asked = [asyncio.create_task(client.get("/work")) for _ in range(100)]
            well = await client.get("/health")
            answers = await asyncio.gather(*asked)
            assert all(a.headers["retry-after"] for a in answers if a.status_code == 503)
            return Counter(answer.status_code for answer in answers), well.status_code

    with LiveServer(app) as server:
        counted, health_status = asyncio.run(load(server.url))

    assert counted == {200: 30, 503: 70}
    assert health_status == 200
    assert most == 10
    assert (shedding.running, shedding.waiting) == (0, 0)


@pytest.mark.parametrize(
    "options",
    [{"max_running": 0}, {"max_running": 1, "max_waiting": -1}, {"max_running": 1, "max_wait": 0},
     {"max_running": 1, "exempt": "/health"}, {"max_running": 1, "exempt": ["health"]}],
)  # fmt: skip
def test_numbers_that_let_nobody_in_are_a_mistake(options: dict[str, Any]) -> None:
    with pytest.raises(SetupError) as caught:
        LoadShedding(**options)

    assert caught.value.code == "security.shedding"
