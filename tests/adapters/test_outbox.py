"""Writes of one turn of the loop leave together, in order, and nothing is lost or late."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivet.adapters import outbox as module
from trivet.adapters.outbox import Outbox


class Paper(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closing = False

    def write(self, data: Any) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return self.closing


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(module, "monotonic", found)
    return found


def new() -> Outbox:
    return Outbox(asyncio.get_running_loop(), contextvars.copy_context())


async def test_a_write_after_a_pause_leaves_at_once(clock: Clock) -> None:
    paper, outbox = Paper(), new()
    outbox.post(paper, b"a")
    assert paper.written == [b"a"]

    clock.now += 1
    outbox.post(paper, b"b")
    assert paper.written == [b"a", b"b"]


async def test_writes_close_together_leave_at_the_end_of_the_turn(clock: Clock) -> None:
    one, two, outbox = Paper(), Paper(), new()
    for letter in (b"a", b"b", b"c"):
        outbox.post(one, letter)
        outbox.post(two, letter)
    assert (one.written, two.written) == ([b"a"], [])

    await asyncio.sleep(0)
    assert one.written == two.written == [b"a", b"b", b"c"]


async def test_no_write_waits_long_for_later_ones(clock: Clock) -> None:
    paper, outbox = Paper(), new()
    outbox.post(paper, b"a")
    outbox.post(paper, b"b")
    clock.now += 0.01
    outbox.post(paper, b"c")
    assert paper.written == [b"a", b"b", b"c"]


async def test_little_is_kept_in_memory(clock: Clock) -> None:
    paper, outbox = Paper(), new()
    outbox.post(paper, b"a")
    for _ in range(8):
        outbox.post(paper, b"x" * 10_000)
    assert sum(map(len, paper.written)) > 64 * 1024


async def test_a_connection_that_is_gone_gets_nothing(clock: Clock) -> None:
    gone, here, outbox = Paper(), Paper(), new()
    outbox.post(here, b"a")
    outbox.post(gone, b"b")
    outbox.post(here, b"c")
    gone.closing = True
    outbox.flush()
    assert (gone.written, here.written) == ([], [b"a", b"c"])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20_000), st.floats(0, 0.002))))
def test_whatever_the_pace_every_connection_gets_its_bytes_in_order(
    letters: list[tuple[int, int, float]],
) -> None:
    async def run() -> None:
        clock = Clock()
        papers, outbox = [Paper() for _ in range(4)], new()
        expected: list[list[bytes]] = [[] for _ in papers]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "monotonic", clock)
            for number, (to, size, pause) in enumerate(letters):
                clock.now += pause
                data = b"%d:" % number + bytes(size)
                expected[to].append(data)
                outbox.post(papers[to], data)
        await asyncio.sleep(0)
        assert [paper.written for paper in papers] == expected

    asyncio.run(run())
