"""In the process: for one worker, for development and for tests."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping

from trivet.realtime.backends.backend import Backend, Entry, Heard, History, Keep
from trivet.realtime.position import Position, new_epoch

__all__ = ["MemoryBackend"]

_IDLE = 1000  # topics beyond which those are forgotten of which nothing is kept any more


class MemoryBackend(Backend):
    """Messages stay in the process, and what is kept goes with it."""

    reaches_others = False

    def __init__(self) -> None:
        self._heard: list[Heard] = []
        self._topics: dict[str, _Topic] = {}
        self._watched: set[str] = set()
        self._members: dict[str, dict[str, bytes]] = {}
        self._alive: dict[str, float] = {}

    async def open(self, heard: Heard) -> None:
        self._heard.append(heard)

    async def close(self) -> None:
        self._heard.clear()

    async def watch(self, topic: str, keep: Keep | None) -> None:
        self._watched.add(topic)

    async def unwatch(self, topic: str) -> None:
        self._watched.discard(topic)

    async def publish(self, topic: str, data: bytes, keep: Keep | None) -> Position | None:
        if keep is None:
            for one in self._heard:
                one.passed(topic, data)
            return None
        found = self._topic(topic, keep)
        entry = found.add(data)
        for one in self._heard:
            one.added(topic, found.epoch, entry)
        return Position(found.epoch, entry.number)

    def _topic(self, name: str, keep: Keep) -> _Topic:
        found = self._topics.get(name)
        if found is None:
            if len(self._topics) > _IDLE:
                for other in [one for one in self._topics if one not in self._watched]:
                    if not self._topics[other].kept():
                        del self._topics[other]
            found = self._topics[name] = _Topic(keep)
        return found

    async def read(self, topic: str, keep: Keep, after: Position | None) -> History:
        found = self._topic(topic, keep)
        entries = found.kept()
        floor = entries[0].previous if entries else found.number
        if after is not None and after.epoch == found.epoch:
            entries = [entry for entry in entries if entry.number > after.number]
        return History(Position(found.epoch, found.number), entries, floor)

    async def latest(self, topics: Mapping[str, Keep]) -> Mapping[str, Position]:
        known = {name: self._topics[name] for name in topics if name in self._topics}
        return {name: Position(one.epoch, one.number) for name, one in known.items()}

    async def hold(self, topic: str, process: str, members: bytes | None) -> None:
        if members is None:
            self._members.get(topic, {}).pop(process, None)
            if not self._members.get(topic, True):
                del self._members[topic]
        else:
            self._members.setdefault(topic, {})[process] = members
        for one in self._heard:
            one.moved(topic)

    async def held(self, topic: str) -> Mapping[str, bytes]:
        now = asyncio.get_running_loop().time()
        found = self._members.get(topic, {})
        return {name: said for name, said in found.items() if self._alive.get(name, 0.0) > now}

    async def beat(self, process: str, seconds: float) -> frozenset[str]:
        now = asyncio.get_running_loop().time()
        self._alive[process] = now + seconds
        self._alive = {name: until for name, until in self._alive.items() if until > now}
        return frozenset(self._alive)


class _Topic:
    def __init__(self, keep: Keep) -> None:
        self.epoch = new_epoch()
        self.number = 0
        self._seconds = keep.seconds
        self._entries: deque[Entry] = deque(maxlen=keep.count)

    def add(self, data: bytes) -> Entry:
        self.number += 1
        entry = Entry(self.number, self.number - 1, data, time.time())
        self._entries.append(entry)
        return entry

    def kept(self) -> list[Entry]:
        oldest = time.time() - self._seconds
        while self._entries and self._entries[0].at < oldest:
            self._entries.popleft()
        return list(self._entries)
