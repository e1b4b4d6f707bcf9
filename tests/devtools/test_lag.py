"""The event loop's delays: who keeps it is found, and the thread that looks ends."""

from __future__ import annotations

import asyncio
import threading
import time

from trivet.devtools.lag import Lag


def keep_the_loop() -> None:
    time.sleep(0.3)


def test_a_line_that_keeps_the_loop_is_found() -> None:
    lag = Lag()

    async def serve() -> None:
        with lag.watching():
            for _ in range(40):
                keep_the_loop()
                await asyncio.sleep(0.01)
                if any(block.place is not None for block in lag.blocks):
                    return

    asyncio.run(serve())

    places = [block.place for block in lag.blocks if block.place is not None]
    assert places[0].function == "keep_the_loop"
    assert places[0].file == __file__


def test_the_thread_ends_with_the_application() -> None:
    async def serve() -> None:
        with Lag().watching():
            pass

    asyncio.run(serve())

    for thread in threading.enumerate():
        if thread.name == "trivet-loop-watch":
            thread.join(10)
            assert not thread.is_alive()


def test_delays_are_kept_by_the_second_and_bounded() -> None:
    lag = Lag()

    for _ in range(1_000):
        lag.note(0.2)

    assert 1 <= len(lag.seconds) <= 300
    assert lag.seconds[-1].worst == 0.2
    assert len(lag.blocks) == 100
