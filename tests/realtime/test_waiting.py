"""What waits for a client is bounded, and nothing is told twice or out of order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivet.realtime import Disconnect, DropOldest, Limits, hub
from trivet.realtime.backends.backend import Entry, History, Keep
from trivet.realtime.backends.memory import MemoryBackend
from trivet.realtime.hub import Hub
from trivet.realtime.item import Item
from trivet.realtime.position import Position
from trivet.realtime.tail import Tail
from trivet.realtime.waiting import Subscription, Waiting


def numbered(number: int) -> Item:
    return Item.message("t", b"%d" % number, number=number)


def taken(waiting: Waiting, most: int = 10**9) -> list[int | None]:
    return [None if item is None else item.number for _, item in waiting.take(most)]


@given(
    most=st.integers(1, 20),
    steps=st.lists(st.one_of(st.integers(0, 2), st.just("read")), max_size=200),
)
def test_a_slow_client_never_holds_more_than_its_limit(
    most: int, steps: Sequence[int | str]
) -> None:
    """Of each topic what arrives grows, and wherever something is left out, a gap says so."""
    waiting = Waiting(Limits(waiting=most))
    topics = [Subscription(waiting, str(number), DropOldest()) for number in range(3)]
    sent = [0, 0, 0]
    seen: dict[str, int] = {one.topic: 0 for one in topics}
    has_gap: set[str] = set()

    for step in [*steps, "read"]:
        if step == "read":
            for subscription, item in waiting.take(10**9):
                if item is None:
                    has_gap.add(subscription.topic)
                    continue
                skipped = item.number - seen[subscription.topic] - 1
                assert skipped >= 0
                assert not skipped or subscription.topic in has_gap
                seen[subscription.topic] = item.number
                has_gap.discard(subscription.topic)
            assert (waiting.count, waiting.size) == (0, 0)
        else:
            sent[int(step)] += 1
            topics[int(step)].take(numbered(sent[int(step)]))
        assert waiting.count <= most
        assert waiting.count == sum(len(one.items) for one in topics)


def test_bytes_are_bounded_too() -> None:
    waiting = Waiting(Limits(waiting_bytes=500))
    subscription = Subscription(waiting, "t", DropOldest())

    for number in range(1, 100):
        subscription.take(Item.message("t", b"x" * 100, number=number))

    assert waiting.size <= 500
    found = taken(waiting)
    assert found[0] is None
    assert found[-1] == 99


def test_a_strict_channel_ends_the_connection() -> None:
    waiting = Waiting(Limits(waiting=2))
    subscription = Subscription(waiting, "t", Disconnect())

    for number in range(1, 4):
        subscription.take(numbered(number))

    assert waiting.closed is not None
    assert waiting.closed.code == 1013


def test_what_was_seen_is_not_taken_again() -> None:
    waiting = Waiting(Limits())
    subscription = Subscription(waiting, "t", DropOldest())
    subscription.seen = 3

    for number in (2, 3, 4, 4, 5):
        subscription.take(numbered(number))

    assert taken(waiting) == [4, 5]


def test_a_long_history_is_replayed_whole_to_whoever_comes_again() -> None:
    waiting = Waiting(Limits(waiting=5))
    subscription = Subscription(waiting, "t", Disconnect())
    subscription.replay([numbered(number) for number in range(1, 101)], after_gap=False)
    subscription.seen = 100
    subscription.take(numbered(101))

    found = taken(waiting, 3000)
    while waiting._ready:
        found += taken(waiting, 3000)

    assert found == list(range(1, 102))
    assert waiting.closed is None


def test_nothing_is_left_of_a_subscription_that_ended() -> None:
    waiting = Waiting(Limits())
    one, other = (Subscription(waiting, name, DropOldest()) for name in "ab")
    one.take(numbered(1))
    other.take(numbered(2))

    waiting.forget(one)

    assert taken(waiting) == [2]
    assert (waiting.count, waiting.size) == (0, 0)


class Script(MemoryBackend):
    """A back end whose messages are in a list, and whose telling is in the test's hands."""

    def __init__(self) -> None:
        super().__init__()
        self.stored: list[Entry] = []

    async def read(self, topic: str, keep: Keep, after: Position | None) -> History:
        start = 0 if after is None else after.number
        found = [one for one in self.stored if one.number > start]
        return History(Position("e", len(self.stored)), found, 0)


@given(st.lists(st.sampled_from(["store", "tell", "tell old", "hint", "lose"]), max_size=60))
async def test_messages_are_told_once_and_in_order_however_they_are_heard_of(
    steps: Sequence[str],
) -> None:
    backend = Script()
    tail = Tail(backend, "t", Keep("t", 1000, 1e9), is_replayed=True)
    await tail.ready()
    waiting = Waiting(Limits(waiting=10_000))
    tail.join(Subscription(waiting, "t", DropOldest()), None, 0)

    for step in steps:
        number = len(backend.stored) + 1
        if step in ("store", "tell", "lose"):
            backend.stored.append(Entry(number, number - 1, b"%d" % number, 2e9))
        if step == "tell":
            tail.added("e", backend.stored[-1])
        elif step == "tell old" and backend.stored:
            tail.added("e", backend.stored[len(backend.stored) // 2])
        elif step == "hint":
            tail.catch_up()
    tail.catch_up()
    while tail._reading is not None:
        await tail._reading

    assert taken(waiting) == list(range(1, len(backend.stored) + 1))


async def test_a_tail_forgets_what_its_channel_does_not_keep() -> None:
    backend = MemoryBackend()
    keep = Keep("t", 3, 60.0)
    tail = Tail(backend, "t", keep, is_replayed=True)
    await backend.open(Heard(tail))
    await tail.ready()
    for number in range(5):
        await backend.publish("t", b"%d" % number, keep)

    assert [item.data for item in tail.kept] == [b"2", b"3", b"4"]
    assert tail.position is not None
    late = Subscription(waiting := Waiting(Limits()), "t", DropOldest())
    tail.join(late, Position(tail.position.epoch, 1), 0)
    assert taken(waiting) == [None, 3, 4, 5]


async def test_many_subscribers_are_told_the_same_in_a_moment() -> None:
    backend = MemoryBackend()
    keep = Keep("t", 100, 60.0)
    tail = Tail(backend, "t", keep, is_replayed=True)
    await backend.open(Heard(tail))
    await tail.ready()
    early = [Waiting(Limits()) for _ in range(150)]
    for waiting in early:
        tail.join(Subscription(waiting, "t", DropOldest()), None, 0)
    for number in range(3):
        await backend.publish("t", b"%d" % number, keep)
    late = Waiting(Limits())  # who joins before they are told has them from the history
    tail.join(Subscription(late, "t", DropOldest()), None, 10)
    await backend.publish("t", b"3", keep)

    await asyncio.wait_for(asyncio.gather(*[one.wait() for one in early]), 20)

    assert all(taken(one) == [1, 2, 3, 4] for one in early)
    assert taken(late) == [1, 2, 3, 4]


async def test_a_topic_that_nobody_wants_is_let_go_of_and_taken_up_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub, "_LINGER", 0.03)
    backend = MemoryBackend()
    keep = Keep("t", 100, 60.0)
    channels = Hub(backend)
    await channels.open()
    first = await channels.tail("t", keep)
    reader = Subscription(waiting := Waiting(Limits()), "t", DropOldest())
    place = first.join(reader, None, 0)

    async with asyncio.timeout(20):
        channels.leave(first, reader)
        while "t" in channels._tails:
            await asyncio.to_thread(time.sleep, 0.01)
        await backend.publish("t", b"unheard", keep)
        tails = await asyncio.gather(*[channels.tail("t", keep) for _ in range(5)])

    assert set(tails) == {channels._tails["t"]}
    tails[0].join(reader, place, 0)
    assert taken(waiting) == [1]
    await channels.close()


class Heard:
    """Passes what a back end tells on to one tail."""

    def __init__(self, tail: Tail) -> None:
        self._tail = tail

    def passed(self, topic: str, data: bytes) -> None:
        self._tail.passed(data)

    def added(self, topic: str, epoch: str, entry: Entry) -> None:
        self._tail.added(epoch, entry)

    def hinted(self, topic: str) -> None:
        self._tail.catch_up()

    def moved(self, topic: str) -> None: ...

    def missed(self) -> None: ...
