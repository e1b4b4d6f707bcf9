"""The contract of all back ends: order, numbers, what is kept, who is there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from tests.realtime.conftest import Maker, until
from tests.realtime.contract import Ear, data_of
from trivet.realtime import Backend
from trivet.realtime.backends.backend import Keep
from trivet.realtime.position import Position

KEEP = Keep("rooms/{room}", 10, 60.0)


@pytest.fixture
async def backend(make: Maker) -> AsyncIterator[Backend]:
    found = make()
    yield found
    await found.close()


async def test_what_was_published_is_read_in_its_order(backend: Backend) -> None:
    for number in range(5):
        await backend.publish("rooms/7", b"%d" % number, KEEP)

    history = await backend.read("rooms/7", KEEP, None)

    assert data_of(history.entries) == [b"0", b"1", b"2", b"3", b"4"]
    numbers = [entry.number for entry in history.entries]
    assert numbers == sorted(set(numbers))
    assert history.position.number == numbers[-1]


async def test_reading_goes_on_from_a_position(backend: Backend) -> None:
    places = [await backend.publish("rooms/7", b"%d" % number, KEEP) for number in range(5)]

    history = await backend.read("rooms/7", KEEP, places[2])

    assert data_of(history.entries) == [b"3", b"4"]
    assert places[2] is not None
    assert history.floor <= places[2].number


async def test_an_end_has_nothing_after_it(backend: Backend) -> None:
    place = await backend.publish("rooms/7", b"only", KEEP)

    history = await backend.read("rooms/7", KEEP, place)

    assert not history.entries
    assert history.position == place
    assert place is not None
    assert history.floor <= place.number


async def test_an_empty_topic_has_a_position_to_go_on_from(backend: Backend) -> None:
    start = (await backend.read("rooms/7", KEEP, None)).position
    await backend.publish("rooms/7", b"first", KEEP)

    history = await backend.read("rooms/7", KEEP, start)

    assert data_of(history.entries) == [b"first"]
    assert history.position.epoch == start.epoch
    assert history.floor <= start.number


async def test_only_so_many_are_kept_and_the_floor_tells(backend: Backend) -> None:
    places = [await backend.publish("rooms/7", b"%d" % number, KEEP) for number in range(15)]

    history = await backend.read("rooms/7", KEEP, places[0])

    assert data_of(history.entries) == [b"%d" % number for number in range(5, 15)]
    assert places[0] is not None
    assert history.floor > places[0].number


async def test_a_position_of_another_epoch_reads_everything(backend: Backend) -> None:
    await backend.publish("rooms/7", b"one", KEEP)

    history = await backend.read("rooms/7", KEEP, Position("another", 99))

    assert data_of(history.entries) == [b"one"]
    assert history.position.epoch != "another"


async def test_what_is_too_old_is_not_read(backend: Backend) -> None:
    brief = Keep("brief/{room}", 10, 0.2)
    place = await backend.publish("brief/7", b"old", brief)
    assert place is not None

    async with asyncio.timeout(20):
        while (history := await backend.read("brief/7", brief, None)).entries:
            await asyncio.to_thread(time.sleep, 0.05)

    assert history.floor >= place.number
    assert history.position.number >= place.number


async def test_topics_are_apart(backend: Backend) -> None:
    await backend.publish("rooms/7", b"seven", KEEP)
    await backend.publish("rooms/8.a%2E", b"eight", KEEP)

    history = await backend.read("rooms/8.a%2E", KEEP, None)

    assert data_of(history.entries) == [b"eight"]


async def test_how_far_topics_are_is_told(backend: Backend) -> None:
    place = await backend.publish("rooms/7", b"one", KEEP)

    latest = await backend.latest({"rooms/7": KEEP, "rooms/8": KEEP})

    assert latest["rooms/7"] == place
    assert latest.get("rooms/8") is None or latest["rooms/8"].number <= 1


async def test_many_at_once_get_different_numbers(make: Maker) -> None:
    backends = [make() for _ in range(3)]

    async def publish(number: int) -> None:
        await backends[number % 3].publish("rooms/7", b"%d" % number, Keep("r", 100, 60.0))

    await asyncio.gather(*[publish(number) for number in range(60)])
    history = await backends[0].read("rooms/7", Keep("r", 100, 60.0), None)

    assert sorted(data_of(history.entries)) == sorted(b"%d" % number for number in range(60))
    assert len({entry.number for entry in history.entries}) == 60
    for one in backends:
        await one.close()


async def test_who_watches_hears_of_what_others_publish(make: Maker) -> None:
    listener, publisher, ear = make(), make(), Ear()
    await listener.open(ear)
    await listener.watch("rooms/7", KEEP)
    if listener.poll is not None:
        await until(lambda: ear.misses)

    await publisher.publish("rooms/7", b"news", KEEP)

    await until(lambda: ear.has_heard_of("rooms/7"))
    for _, epoch, entry in ear.added_on:
        history = await listener.read("rooms/7", KEEP, Position(epoch, entry.previous))
        assert history.position.epoch == epoch
        assert data_of(history.entries) == [entry.data] == [b"news"]
    await listener.close()
    await publisher.close()


async def test_what_is_not_kept_is_passed_on(make: Maker) -> None:
    listener, publisher, ear = make(), make(), Ear()
    keep = listener.least
    await listener.open(ear)
    await listener.watch("typing/7", keep)
    if listener.poll is not None:
        await until(lambda: ear.misses)

    assert await publisher.publish("typing/7", b"ann", None) is None

    await until(lambda: ear.passed_on or ear.has_heard_of("typing/7"))
    if keep is None:
        assert ear.passed_on == [("typing/7", b"ann")]
    else:
        assert data_of((await listener.read("typing/7", keep, None)).entries) == [b"ann"]
    await listener.close()
    await publisher.close()


async def test_those_are_there_whose_process_lives(make: Maker) -> None:
    one, other, ear = make(), make(), Ear()
    await one.open(ear)
    await one.beat("first", 30.0)
    assert {"first", "second"} <= await other.beat("second", 30.0)
    await one.hold("rooms/7", "first", b'["ann"]')
    await other.hold("rooms/7", "second", b'["ben"]')
    await other.hold("rooms/7", "dead", b'["eve"]')

    assert await one.held("rooms/7") == {"first": b'["ann"]', "second": b'["ben"]'}
    await until(lambda: "rooms/7" in ear.moves)

    await other.hold("rooms/7", "second", None)
    assert await one.held("rooms/7") == {"first": b'["ann"]'}
    await one.close()
    await other.close()


async def test_a_process_without_a_sign_of_life_is_dead(backend: Backend) -> None:
    await backend.beat("lives", 30.0)
    await backend.beat("dies", 0.5) if not _is_nats(backend) else None
    await backend.hold("rooms/7", "dies", b'["eve"]')

    async with asyncio.timeout(20):
        while "dies" in await backend.beat("lives", 30.0):
            await asyncio.to_thread(time.sleep, 0.05)

    assert await backend.held("rooms/7") == {}


def _is_nats(backend: Backend) -> bool:
    # There, all processes live equally long: as long as the stream keeps their signs.
    return type(backend).__name__ == "NatsBackend"
