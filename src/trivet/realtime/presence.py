"""Who is at which topic: each person once, however many sockets and processes there are.

A process says for each topic who of its clients is there, and every few seconds that it lives; what
a process said that died is forgotten with its last beat. Nobody is said to have left before
`_LINGER` seconds: who reloads a page or changes the network was there all the time.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trivet.realtime.backends.backend import Backend
from trivet.realtime.errors import BackendAway

__all__ = ["BEAT", "LIFETIME", "Member", "Presence"]

_LOG = logging.getLogger("trivet.realtime")
BEAT = 5.0  # seconds between two signs of life of a process
LIFETIME = 15.0  # seconds after which a process without them is dead
_LINGER = 2.0  # seconds between the end of somebody's last connection and their leaving
_GATHERED = 0.05  # seconds in which changes are gathered


@dataclass(frozen=True)
class Member:
    """Who is at a channel: give it from the function that says who may subscribe.

    Those with the same `key` are one; `info` is what all others there may know, as JSON values.
    """

    key: str
    info: Mapping[str, Any] = field(default_factory=dict)  # Any: JSON

    def as_dict(self) -> dict[str, Any]:
        """Give what clients are told."""
        return {"key": self.key, "info": dict(self.info)}


class _Here:
    """One topic's people: of this process, and of all."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}  # connections of this process, by key
        self.members: dict[str, Member] = {}  # of this process, those about to leave too
        self.of_others: dict[str, dict[str, Member]] = {}  # by process, this one among them
        self.timers: dict[str, asyncio.TimerHandle] = {}
        self.is_known = False
        self.saying: asyncio.Task[None] | None = None
        self.is_changed = False
        self.reading: asyncio.Task[None] | None = None
        self.is_stale = False

    def everybody(self) -> dict[str, Member]:
        found: dict[str, Member] = {}
        for members in self.of_others.values():
            found.update(members)
        return {**found, **self.members}


class Presence:
    """The people of all topics that somebody here is at.

    `tell(topic, kind, member)` is called when somebody has "joined" or "left".
    """

    def __init__(
        self, backend: Backend, process: str, tell: Callable[[str, str, Member], None]
    ) -> None:
        self._backend = backend
        self._process = process
        self._tell = tell
        self._topics: dict[str, _Here] = {}
        self._living: frozenset[str] = frozenset()

    # -- of this process -------------------------------------------------------------------------

    async def enter(self, topic: str, member: Member) -> dict[str, Member]:
        """Count a connection in; gives who is there, this one among them."""
        here = self._topics.setdefault(topic, _Here())
        here.counts[member.key] = here.counts.get(member.key, 0) + 1
        timer = here.timers.pop(member.key, None)
        if timer is not None:
            timer.cancel()
        is_new = member.key not in here.everybody()
        if here.members.get(member.key) != member:
            here.members[member.key] = member
            self._say(topic, here)
        if is_new and here.is_known:
            self._tell(topic, "joined", member)
        if not here.is_known:
            await self._read(topic, here)
        return here.everybody()

    def leave(self, topic: str, key: str) -> None:
        """Count a connection out; its person leaves a moment after the last one."""
        here = self._topics.get(topic)
        if here is None:  # all have left, as the application has ended
            return
        here.counts[key] -= 1
        if not here.counts[key]:
            del here.counts[key]
            loop = asyncio.get_running_loop()
            here.timers[key] = loop.call_later(_LINGER, self._left, topic, key)

    def _left(self, topic: str, key: str) -> None:
        here = self._topics[topic]
        del here.timers[key]
        member = here.members.pop(key)
        here.of_others.get(self._process, {}).pop(key, None)
        self._say(topic, here)
        if key not in here.everybody():
            self._tell(topic, "left", member)

    def _say(self, topic: str, here: _Here) -> None:
        here.is_changed = True
        if here.saying is None:
            here.saying = asyncio.create_task(self._said(topic, here))

    async def _said(self, topic: str, here: _Here) -> None:
        """Tell the back end who is here, until nothing has changed meanwhile."""
        try:
            while here.is_changed:
                here.is_changed = False
                said = [member.as_dict() for member in here.members.values()]
                try:
                    await self._backend.hold(
                        topic, self._process, json.dumps(said).encode() if said else None
                    )
                except BackendAway:
                    here.is_changed = True
                    await asyncio.sleep(1.0)
                await asyncio.sleep(_GATHERED)
        finally:
            here.saying = None
        if not here.members and not here.counts and self._topics.get(topic) is here:
            del self._topics[topic]

    # -- of all ----------------------------------------------------------------------------------

    def moved(self, topic: str) -> None:
        """Look at a topic again, if somebody here is at it."""
        here = self._topics.get(topic)
        if here is None:
            return
        here.is_stale = True
        if here.reading is None:
            here.reading = asyncio.create_task(self._look(topic, here))

    async def _look(self, topic: str, here: _Here) -> None:
        try:
            while here.is_stale:
                here.is_stale = False
                await self._read(topic, here)
                await asyncio.sleep(_GATHERED)
        except BackendAway as error:
            _LOG.debug("who is at %s is not known for now: %s", topic, error)
        finally:
            here.reading = None

    async def _read(self, topic: str, here: _Here) -> None:
        held = await self._backend.held(topic)
        before = here.everybody()
        here.of_others = {name: _members(said) for name, said in held.items()}
        # What it said of itself may be older than what it knows.
        here.of_others.pop(self._process, None)
        after = here.everybody()
        if here.is_known:
            for key in after.keys() - before.keys():
                self._tell(topic, "joined", after[key])
            for key in before.keys() - after.keys():
                self._tell(topic, "left", before[key])
        here.is_known = True

    async def members(self, topic: str) -> list[Member]:
        """Give who is at a topic, whether somebody here is at it or not."""
        found: dict[str, Member] = {}
        for said in (await self._backend.held(topic)).values():
            found.update(_members(said))
        here = self._topics.get(topic)
        if here is not None:
            found.update(here.members)
        return [found[key] for key in sorted(found)]

    async def beat(self) -> None:
        """Give a sign of life, and look again where a process was that gives none any more."""
        living = await self._backend.beat(self._process, LIFETIME)
        dead, self._living = self._living - living, living
        if dead:
            for topic, here in self._topics.items():
                if not dead.isdisjoint(here.of_others):
                    self.moved(topic)

    def look_again(self) -> None:
        """Say and read everything again: anything may have been missed."""
        for topic, here in self._topics.items():
            self._say(topic, here)
            self.moved(topic)

    async def close(self) -> None:
        """Stop saying who is here: they may come again to another process in a moment."""
        topics, self._topics = self._topics, {}
        tasks: list[asyncio.Task[None]] = []
        for here in topics.values():
            for timer in here.timers.values():
                timer.cancel()
            tasks += [task for task in (here.saying, here.reading) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if any(here.members for here in topics.values()):
            await self._backend.beat(self._process, _LINGER)


def _members(said: bytes) -> dict[str, Member]:
    found: Iterable[dict[str, Any]] = json.loads(said)
    return {one["key"]: Member(one["key"], one["info"]) for one in found}
