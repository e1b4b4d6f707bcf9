"""Who blocks the event loop is found, and named."""

from __future__ import annotations

import asyncio
import linecache
import logging
import sys
import threading
import time
from pathlib import Path

import httpx2
import pytest

from trivet import App
from trivet.errors import SetupError
from trivet.observe import Observe
from trivet.observe.blocking import UNKNOWN, place_in
from trivet.observe.loop import LoopWatch, Watch
from trivet.testing import LiveServer, async_client

HERE = str(Path(__file__))


def watched(limit: float = 0.02) -> tuple[App, LoopWatch]:
    app = App()
    watch = app.use(LoopWatch(limit))

    @app.get("/slow/{name}")
    async def slow(name: str) -> None:
        await asyncio.sleep(0)
        compute()

    @app.get("/at-once")
    async def at_once() -> None:
        compute()

    @app.get("/thread")
    def on_thread() -> None:
        compute()

    return app, watch


def compute() -> None:
    """Hold the thread for long enough to be seen, whatever the machine does meanwhile."""
    time.sleep(0.3)


async def until_noted(watch: LoopWatch) -> None:
    while not watch.blocks:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("path", "work"), [("/slow/ann", "GET /slow/{name}"), ("/at-once", "GET /at-once")]
)
async def test_line_and_route_are_named(
    caplog: pytest.LogCaptureFixture, path: str, work: str
) -> None:
    app, watch = watched()

    async with async_client(app) as client:
        await client.get(path)
        await until_noted(watch)

    named = [one for one in watch.blocks if one.place != UNKNOWN]
    assert [one.work for one in named] == [work]
    place = named[0].place
    assert (place.file, place.function) == (HERE, "compute")
    assert "time.sleep(0.3)" in linecache.getline(HERE, place.line)
    assert named[0].longest >= 0.02
    (told,) = [one for one in caplog.messages if " in compute" in one]
    assert place.text in told
    assert work in told
    assert "ann" not in told


async def test_place_is_told_once_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    app, watch = watched()

    async with async_client(app) as client:
        for times in (1, 2, 3):
            await client.get("/at-once")
            while sum(one.count for one in watch.blocks if one.work) < times:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    (block,) = [one for one in watch.blocks if one.work]
    assert block.count == 3
    assert block.total >= block.longest > 0
    assert len([one for one in caplog.messages if " in compute" in one]) == 1


async def test_worker_threads_block_nobody() -> None:
    app, watch = watched(limit=0.25)

    async with async_client(app) as client:
        await client.get("/thread")

    assert [one for one in watch.blocks if one.place.function == "compute"] == []


async def test_gauges_say_how_late_it_was() -> None:
    app, watch = watched()
    lag, count = watch.gauges()
    assert list(await lag.read()) == []

    async with async_client(app) as client:
        await client.get("/at-once")
        await until_noted(watch)
        (late,) = await lag.read()
        (often,) = await count.read()

    assert late.value >= 0.02
    assert often.value >= 1
    assert (lag.name, count.counts) == ("trivet_loop_lag_seconds", True)


async def test_block_that_does_not_end_is_told_before_it_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("trivet.observe.loop._PATIENCE", 0.05)
    watch = Watch(0.02)
    heard = threading.Event()
    told: list[str] = []

    class Hearing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno == logging.ERROR:
                told.append(record.getMessage())
                heard.set()

    handler = Hearing()
    logging.getLogger("trivet.observe.loop").addHandler(handler)
    try:
        heard.wait(30)  # blocks the loop until it was told
    finally:
        logging.getLogger("trivet.observe.loop").removeHandler(handler)
        watch.stop()

    assert "is blocked for" in told[0]
    assert "so far" in told[0]


def test_innermost_line_of_ones_own_is_named_with_what_it_called() -> None:
    event, entered = threading.Event(), threading.Event()

    def mine() -> None:
        entered.set()
        event.wait(30)

    thread = threading.Thread(target=mine)
    thread.start()
    entered.wait(30)
    while True:
        place, work = place_in(sys._current_frames()[thread.ident or 0])
        if place.within:
            break
    event.set()
    thread.join()

    assert place.file == HERE
    assert place.function.endswith("mine")
    assert "wait" in place.within
    assert work is None


def test_stack_that_is_gone_is_unknown() -> None:
    assert place_in(None) == (UNKNOWN, None)


def test_server_is_watched_on_its_socket() -> None:
    app, watch = watched()

    with LiveServer(app) as server:
        httpx2.get(server.url + "/slow/ann")
        while not watch.blocks:
            time.sleep(0.01)

    assert "GET /slow/{name}" in [one.work for one in watch.blocks]


@pytest.mark.parametrize(("debug", "loop", "is_there"), [
    (True, None, True), (False, None, False), (False, True, True), (True, False, False),
])  # fmt: skip
def test_observe_watches_it_in_debug(debug: bool, loop: bool | None, is_there: bool) -> None:
    app = App(debug=debug)

    app.use(Observe(loop=loop))

    assert (LoopWatch in app.parts) is is_there


def test_limit_that_is_too_short_is_refused() -> None:
    with pytest.raises(SetupError) as caught:
        LoopWatch(0)

    assert caught.value.code == "observe.loop-limit"
