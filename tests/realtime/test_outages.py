"""A back end that is killed: who publishes is told, who is subscribed gets everything, in order."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import httpx2
import pytest

from tests.realtime.conftest import Breakable, until
from tests.realtime.talking import Talker, talking
from trivet.realtime import BackendAway, Limits
from trivet.realtime.backends.backend import Keep
from trivet.realtime.channel import joined
from trivet.realtime.hub import Hub
from trivet.realtime.position import Position
from trivet.realtime.sending import Sending
from trivet.realtime.slow import DropOldest
from trivet.realtime.waiting import Subscription, Waiting
from trivet.testing import LiveProcess

KEEP = Keep("rooms/{room}", 1000, 300.0)
REPOSITORY = Path(__file__).parents[2]


class Reader:
    """Somebody who is subscribed in this process."""

    def __init__(self) -> None:
        self._waiting = Waiting(Limits())
        self.subscription = Subscription(self._waiting, "rooms/7", DropOldest())
        self._read: list[str] = []

    @property
    def read(self) -> list[str]:
        """What was read so far, gaps too."""
        for _, item in self._waiting.take(10_000_000):
            data = item.data if item is not None else None
            self._read.append("gap" if data is None else data.decode())
        return self._read


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_subscribers_get_everything_once_and_in_order(breakable: Breakable) -> None:
    hub, publisher, reader = Hub(breakable.backend()), breakable.backend(), Reader()
    await hub.open()
    tail = await hub.tail("rooms/7", KEEP)
    joined(tail, reader.subscription, None, 0)
    taken: list[str] = []

    async def publish(count: int) -> None:
        for _ in range(count):
            text = str(len(taken))
            async with asyncio.timeout(60):
                while True:
                    try:
                        await publisher.publish("rooms/7", text.encode(), KEEP)
                    except BackendAway:
                        await asyncio.sleep(0.1)
                    else:
                        break
            taken.append(text)

    await publish(20)
    await until(lambda: reader.read == taken)
    await asyncio.to_thread(breakable.server.kill)
    with pytest.raises(BackendAway):
        await publisher.publish("rooms/7", b"unheard", KEEP)
    publishing = asyncio.create_task(publish(20))
    await asyncio.to_thread(breakable.server.start)
    await publishing

    # One that was refused may have been taken all the same, when its answer was lost.
    await until(lambda: [one for one in reader.read if one != "unheard"] == taken, 60)
    await hub.close()
    await publisher.close()


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_what_was_committed_is_sent_when_it_can_be(breakable: Breakable) -> None:
    backend = breakable.backend()
    sending = Sending(backend)
    await sending.after_commit("rooms/7", b"before", KEEP)
    await asyncio.to_thread(breakable.server.kill)

    await sending.after_commit("rooms/7", b"one", KEEP)
    await sending.after_commit("rooms/7", b"two", KEEP)
    await asyncio.to_thread(breakable.server.start)
    await sending.close(60)

    history = await backend.read("rooms/7", KEEP, None)
    found = list(dict.fromkeys(entry.data for entry in history.entries))
    assert found == [b"before", b"one", b"two"]
    await backend.close()


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_a_topic_goes_on_where_it_was_after_a_restart(breakable: Breakable) -> None:
    backend = breakable.backend()
    place = await backend.publish("rooms/7", b"before", KEEP)
    await asyncio.to_thread(breakable.server.kill)
    await asyncio.to_thread(breakable.server.start)

    async with asyncio.timeout(60):
        while True:
            try:
                await backend.publish("rooms/7", b"after", KEEP)
            except BackendAway:
                await asyncio.sleep(0.1)
            else:
                break

    history = await backend.read("rooms/7", KEEP, place)
    assert [entry.data for entry in history.entries] == [b"after"]
    assert isinstance(place, Position)
    assert history.floor <= place.number
    await backend.close()


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_two_hundred_subscribers_of_two_servers_get_what_they_missed(
    breakable: Breakable,
) -> None:
    """The back end is killed under them, and one of the two servers too."""
    if breakable.backend().__class__.__name__ != "PostgresBackend":
        pytest.skip("once is enough")
    environment = {
        "BENCH_BACKEND": breakable.server.url,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    words = ["benchmarks/realtime_app.py", "--no-access-log", "--log-level", "error"]

    def serving() -> LiveProcess:
        return LiveProcess(words, folder=REPOSITORY, environment=environment, patience=60)

    count = 60
    with serving() as one:
        with serving() as other:
            readers = [Coming(other.ws_url if number % 2 else one.ws_url) for number in range(200)]
            tasks = [asyncio.create_task(reader.run(count)) for reader in readers]
            await until(lambda: all(reader.place for reader in readers), 60)
            async with httpx2.AsyncClient(base_url=one.url, timeout=90) as http:
                wanted = {"first": 0, "rate": 20, "seconds": count / 20}
                publishing = asyncio.create_task(http.post("/publish", params=wanted))
                await until(lambda: all(reader.numbers for reader in readers), 60)
                await asyncio.to_thread(breakable.server.kill)
                await asyncio.to_thread(breakable.server.start)
                for reader in readers:
                    reader.url = one.ws_url
                assert other.process is not None
                other.process.kill()
                answer = (await publishing).json()
        await asyncio.wait_for(asyncio.gather(*tasks), 90)

    assert answer["next"] == count
    assert all(reader.numbers == list(range(count)) for reader in readers)


class Coming:
    """A subscriber that comes again whenever its connection ends."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.place: str | None = None
        self.numbers: list[int] = []

    async def run(self, count: int) -> None:
        while len(self.numbers) < count:
            try:
                async with talking(self.url) as talker:
                    await self._read(talker, count)
            except (OSError, EOFError, TimeoutError):
                await asyncio.sleep(0.2)
            except Exception as error:
                if type(error).__module__.partition(".")[0] != "websockets":
                    raise
                await asyncio.sleep(0.2)

    async def _read(self, talker: Talker, count: int) -> None:
        wish = {} if self.place is None else {"after": self.place}
        await talker.send(type="subscribe", channel="ticks", **wish)
        while len(self.numbers) < count:
            frame = await talker.next()
            if frame["type"] == "error":
                await asyncio.sleep(0.2)
                return
            assert frame["type"] != "gap", json.dumps(frame)
            self.place = frame.get("id", self.place)
            if frame["type"] == "message":
                self.numbers.append(frame["data"]["number"])
