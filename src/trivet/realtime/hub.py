"""All topics that somebody in this process is subscribed to, and the one listener to the back end.

Knows nothing of clients, permissions or types: topics by name, messages as JSON.
"""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import suppress

from trivet.realtime.backends.backend import Backend, Entry, Keep
from trivet.realtime.errors import BackendAway
from trivet.realtime.item import Item
from trivet.realtime.position import new_epoch
from trivet.realtime.presence import BEAT, Member, Presence
from trivet.realtime.tail import Subscriber, Tail

__all__ = ["Hub"]

_LOG = logging.getLogger("trivet.realtime")
_LINGER = 30.0  # seconds that a topic is listened to behind its last subscriber
_RETRY = (0.1, 0.3, 1.0, 2.0)  # seconds between two attempts to look, the last repeats


class Hub:
    """What is heard here; it listens while it is open."""

    def __init__(self, backend: Backend) -> None:
        self.process = new_epoch()
        self.is_open = False
        self.presence = Presence(backend, self.process, self._tell_of)
        self._backend = backend
        self._tails: dict[str, Tail] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._missed = asyncio.Event()

    async def open(self) -> None:
        """Begin to listen; a back end that is away is waited for in the background."""
        if self.is_open:
            return
        self.is_open = True
        self._missed = asyncio.Event()
        await self._backend.open(self)
        self._tasks = [
            asyncio.create_task(self._look()),
            asyncio.create_task(self._beat()),
            asyncio.create_task(self._sweep()),
        ]

    async def close(self) -> None:
        """Stop listening, and close the back end."""
        self.is_open = False
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(BackendAway, TimeoutError):
            async with asyncio.timeout(2.0):
                await self.presence.close()
        for tail in self._tails.values():
            await tail.close()
        self._tails.clear()
        await self._backend.close()

    # -- subscribing -----------------------------------------------------------------------------

    async def tail(self, topic: str, keep: Keep | None) -> Tail:
        """Give the tail of a topic, which is listened to; raises `BackendAway`."""
        while True:
            found = self._tails.get(topic)
            if found is None:
                kept = keep or self._backend.least
                found = Tail(self._backend, topic, kept, is_replayed=keep is not None)
                self._tails[topic] = found
            found.left_at = asyncio.get_running_loop().time()
            await found.ready()
            if self._tails.get(topic) is found:  # otherwise it was let go of meanwhile
                return found

    def leave(self, tail: Tail, subscriber: Subscriber) -> None:
        """End a subscription."""
        tail.leave(subscriber)
        if not tail.subscribers:
            tail.left_at = asyncio.get_running_loop().time()

    def tell(self, topic: str, item: Item) -> None:
        """Tell those who are subscribed here."""
        tail = self._tails.get(topic)
        if tail is not None:
            tail.tell(item)

    def _tell_of(self, topic: str, kind: str, member: Member) -> None:
        self.tell(topic, Item.news(kind, topic, member=member.as_dict()))

    # -- what the back end tells -----------------------------------------------------------------

    def passed(self, topic: str, data: bytes) -> None:
        """Take a message that is not kept."""
        tail = self._tails.get(topic)
        if tail is not None:
            tail.passed(data)

    def added(self, topic: str, epoch: str, entry: Entry) -> None:
        """Take a message that is kept."""
        tail = self._tails.get(topic)
        if tail is not None:
            tail.added(epoch, entry)

    def hinted(self, topic: str) -> None:
        """Read what is new in a topic."""
        tail = self._tails.get(topic)
        if tail is not None:
            tail.catch_up()

    def moved(self, topic: str) -> None:
        """Look who is at a topic."""
        self.presence.moved(topic)

    def missed(self) -> None:
        """Look at everything."""
        self._missed.set()

    # -- in the background -----------------------------------------------------------------------

    async def _look(self) -> None:
        """Look how far all topics are: now and then, and when something may have been missed."""
        failures = 0
        while True:
            with suppress(TimeoutError):
                pause = self._backend.poll
                if failures:
                    pause = _RETRY[min(failures, len(_RETRY)) - 1] * random.uniform(0.7, 1.3)
                async with asyncio.timeout(pause):
                    await self._missed.wait()
            was_missed = self._missed.is_set() or bool(failures)
            self._missed.clear()
            try:
                await self._compare()
                if was_missed:
                    await self.presence.beat()
                    self.presence.look_again()
                if failures:
                    _LOG.info("the back end of the channels is there again")
                failures = 0
            except BackendAway as error:
                if not failures:
                    _LOG.warning("%s; it is tried again until it does", error)
                failures += 1
                await asyncio.sleep(_RETRY[0])
            except Exception:
                _LOG.exception("the channels could not be looked at")
                failures += 1

    async def _compare(self) -> None:
        kept = {name: tail.keep for name, tail in self._tails.items() if tail.keep is not None}
        latest = await self._backend.latest(kept) if kept else {}
        for name, position in latest.items():
            tail = self._tails.get(name)
            if tail is not None and tail.is_behind(position):
                tail.catch_up()

    async def _beat(self) -> None:
        while True:
            try:
                await self.presence.beat()
            except BackendAway as error:
                _LOG.debug("no sign of life could be given: %s", error)
            except Exception:
                _LOG.exception("no sign of life could be given")
            await asyncio.sleep(BEAT)

    async def _sweep(self) -> None:
        """Stop listening to topics that nobody here is subscribed to any more."""
        while True:
            await asyncio.sleep(_LINGER / 3)
            oldest = asyncio.get_running_loop().time() - _LINGER
            for topic, tail in list(self._tails.items()):
                if tail.subscribers or tail.left_at >= oldest:
                    continue
                with suppress(BackendAway):
                    if await tail.rest():
                        del self._tails[topic]
                        await tail.close()
