"""Who is there: by person, over all processes, without those of dead ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from tests.realtime.conftest import Maker, until
from tests.realtime.rooms import Rooms
from tests.realtime.talking import talking
from trivet.realtime import Member, presence
from trivet.realtime.backends.backend import Backend
from trivet.realtime.hub import Hub
from trivet.testing import LiveServer


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "_LINGER", 0.3)


class Watcher:
    """A process that has somebody at a topic, and what its clients are told."""

    def __init__(self, backend: Backend) -> None:
        self.hub = Hub(backend)
        self.told: list[tuple[str, str]] = []
        self.hub.presence._tell = self._note

    def _note(self, topic: str, kind: str, member: Member) -> None:
        self.told.append((kind, member.key))


@asynccontextmanager
async def watching(backend: Backend) -> AsyncIterator[Watcher]:
    watcher = Watcher(backend)
    await watcher.hub.open()
    try:
        yield watcher
    finally:
        await watcher.hub.close()


async def test_people_of_all_processes_are_known(make: Maker) -> None:
    async with watching(make()) as one, watching(make()) as other:
        await one.hub.presence.beat()
        await other.hub.presence.beat()
        await one.hub.presence.enter("rooms/7", Member("ann", {"age": 7}))
        await other.hub.presence.enter("rooms/7", Member("ben"))
        await until(lambda: ("joined", "ben") in one.told)

        found = await other.hub.presence.members("rooms/7")
        assert Member("ben") in found
        assert (await one.hub.presence.members("rooms/7"))[0] == Member("ann", {"age": 7})

        other.hub.presence.leave("rooms/7", "ben")
        await until(lambda: ("left", "ben") in one.told)
        assert one.told == [("joined", "ben"), ("left", "ben")]


async def test_somebody_is_there_once_and_until_the_last_connection_ends(make: Maker) -> None:
    async with watching(make()) as one:
        await one.hub.presence.beat()
        await one.hub.presence.enter("rooms/7", Member("eve"))
        for _ in range(3):
            await one.hub.presence.enter("rooms/7", Member("ann"))
        one.hub.presence.leave("rooms/7", "ann")
        one.hub.presence.leave("rooms/7", "ann")

        assert one.told == [("joined", "ann")]

        one.hub.presence.leave("rooms/7", "ann")
        await until(lambda: one.told == [("joined", "ann"), ("left", "ann")])


async def test_who_reloads_a_page_was_there_all_the_time() -> None:
    with LiveServer(Rooms().app) as server:
        async with talking(server.ws_url, "?name=eve") as eve:
            await eve.subscribe("rooms/7")
            async with talking(server.ws_url, "?name=ann") as ann:
                await ann.subscribe("rooms/7")
            async with talking(server.ws_url, "?name=ann") as ann:
                answer = await ann.subscribe("rooms/7")
                assert [one["key"] for one in answer["members"]] == ["ann", "eve"]
            kinds = [(await eve.next())["type"] for _ in range(2)]

        assert kinds == ["joined", "left"]


async def test_handlers_may_ask_who_is_there() -> None:
    with LiveServer(Rooms().app) as server:
        async with (
            talking(server.ws_url, "?name=ann") as ann,
            httpx2.AsyncClient(base_url=server.url) as http,
        ):
            await ann.subscribe("rooms/7")

            assert (await http.get("/rooms/7/members")).json() == ["ann"]


async def test_people_of_a_process_that_was_killed_leave(
    make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "LIFETIME", 1.0)
    async with watching(make()) as one:
        dead = Watcher(make())
        await dead.hub.open()
        await dead.hub.presence.beat()
        await dead.hub.presence.enter("rooms/7", Member("ghost"))
        await one.hub.presence.enter("rooms/7", Member("ann"))
        await until(lambda: "ghost" in one.hub.presence._topics["rooms/7"].everybody())
        for task in dead.hub._tasks:  # it says nothing any more, not even farewell
            task.cancel()

        async with asyncio.timeout(20):
            while ("left", "ghost") not in one.told:
                await one.hub.presence.beat()
                await asyncio.sleep(0.1)

        assert "ann" in one.hub.presence._topics["rooms/7"].everybody()
        await dead.hub._backend.close() if dead.hub._backend is not one.hub._backend else None
