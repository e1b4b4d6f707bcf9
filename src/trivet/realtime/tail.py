"""The end of one topic in this process: what is kept of it, and who is told of what is new.

Messages reach subscribers in the order of their numbers, each once. A message that does not follow
on the last one is not told but read, with all between; so are those after an outage. What is kept
is in memory here too, so that a thousand clients who come again ask the back end once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from trivet.realtime.backends.backend import Backend, Entry, History, Keep
from trivet.realtime.errors import BackendAway
from trivet.realtime.item import Item
from trivet.realtime.position import Position

__all__ = ["Subscriber", "Tail"]

_LOG = logging.getLogger("trivet.realtime")
_MOST_BYTES = 16 * 1024 * 1024  # of a topic's history in memory; older messages are a gap
# Many subscribers are told of what gathers in a moment, so that each has fewer frames to send: with
# 2,000 of them a delivery costs 4 to 15 µs, and 22 otherwise (benchmarks: realtime).
_MANY = 100
_GATHERED = 0.02  # seconds


class Subscriber(Protocol):
    """Who is told. `seen` is the number of the last message; those up to it are not told again."""

    seen: int

    def take(self, item: Item) -> None:
        """Take one thing; must neither wait nor raise."""

    def miss(self) -> None:
        """Take note that messages are missing before the next one."""

    def replay(self, items: Sequence[Item], *, after_gap: bool) -> None:
        """Take what is kept and was not seen, before anything else."""


class Tail:
    """One topic that somebody here is subscribed to.

    `keep` is None where nothing is kept; `is_replayed` says whether clients may ask for it.
    """

    def __init__(
        self, backend: Backend, topic: str, keep: Keep | None, *, is_replayed: bool
    ) -> None:
        self.topic = topic
        self.keep = keep
        self.is_replayed = is_replayed
        self.subscribers: set[Subscriber] = set()
        self.position: Position | None = None
        self.left_at = 0.0  # when the last subscriber left, in seconds of the loop
        self._backend = backend
        self._floor = 0
        self._kept: deque[tuple[float, Item]] = deque()
        self._bytes = 0
        self._reading: asyncio.Task[None] | None = None
        self._again = False
        self._starting = asyncio.Lock()
        self._untold: list[Item] = []
        self._timer: asyncio.TimerHandle | None = None
        self._is_watched = False

    # -- subscribers -----------------------------------------------------------------------------

    def join(self, one: Subscriber, after: Position | None, last: int) -> Position | None:
        """Tell a subscriber what came `after` a position, or the `last` messages, and what comes.

        Gives the position from which it is told.
        """
        self._trim()
        if not self.is_replayed or self.position is None:
            if after is not None:
                one.miss()
            if self.position is not None:
                one.seen = self.position.number
            self.subscribers.add(one)
            return None
        kept = [item for _, item in self._kept]
        after_gap = False
        if after is None:
            before = len(kept) - min(last, len(kept))
            start = kept[before - 1].number if last and before else self._floor
            start = start if last else self.position.number
        else:
            # It may be ahead: told by another process, of which this one is to hear yet.
            after_gap = after.epoch != self.position.epoch or after.number < self._floor
            start = self._floor if after_gap else after.number
        one.replay([item for item in kept if item.number > start], after_gap=after_gap)
        one.seen = max(start, self.position.number)
        self.subscribers.add(one)
        return Position(self.position.epoch, start)

    def leave(self, one: Subscriber) -> None:
        """Tell a subscriber nothing more."""
        self.subscribers.discard(one)

    def tell(self, item: Item) -> None:
        """Tell everybody, in a moment where they are many."""
        if len(self.subscribers) < _MANY and not self._untold:
            for one in list(self.subscribers):
                one.take(item)
            return
        self._untold.append(item)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_GATHERED, self._tell_gathered)

    def _tell_gathered(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        items, self._untold = self._untold, []
        for one in list(self.subscribers):
            for item in items:
                one.take(item)

    # -- what the back end tells -----------------------------------------------------------------

    def passed(self, data: bytes) -> None:
        """Take a message that is not kept."""
        self.tell(Item.message(self.topic, data))

    def added(self, epoch: str, entry: Entry) -> None:
        """Take a message that is kept, if it follows on the last one; otherwise read."""
        position = self.position
        if position is None or position.epoch != epoch or entry.previous > position.number:
            self.catch_up()
        elif entry.number > position.number and self._reading is None:
            self._take(epoch, entry)
        elif self._reading is not None:
            self._again = True

    def is_behind(self, position: Position) -> bool:
        """Tell whether the topic is further than what was read."""
        mine = self.position
        return mine is None or mine.epoch != position.epoch or mine.number < position.number

    def catch_up(self) -> None:
        """Read what is new, now or once the present reading is done."""
        if self._reading is None and self.keep is not None:
            self._reading = asyncio.create_task(self._read())
        else:
            self._again = True

    async def ready(self) -> None:
        """Wait until the topic is listened to and was read once; raises `BackendAway`."""
        if self._is_ready:
            return
        async with self._starting:
            if self._is_ready:
                return
            if not self._is_watched:  # before reading: what comes between the two is heard
                await self._backend.watch(self.topic, self.keep)
                self._is_watched = True
            if self.keep is None:
                return
            self.catch_up()
            assert self._reading is not None, "it has just begun"
            await asyncio.shield(self._reading)
            if self.position is None:
                raise BackendAway("what carries the messages")

    async def rest(self) -> bool:
        """Listen no more where nobody is subscribed; tells whether that is so."""
        async with self._starting:
            if self.subscribers:
                return False
            self._is_watched = False
            self.position = None  # who comes now reads anew
            await self._backend.unwatch(self.topic)
        return not (self._is_watched or self.subscribers)

    @property
    def _is_ready(self) -> bool:
        return self._is_watched and (self.keep is None or self.position is not None)

    async def close(self) -> None:
        """End a reading that is under way, and tell what is still to be told."""
        self._tell_gathered()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        """Read until nothing is new; what fails is tried again by whoever looks next."""
        assert self.keep is not None, "see `catch_up`"
        try:
            while True:
                self._again = False
                self._take_history(await self._backend.read(self.topic, self.keep, self.position))
                if not self._again:
                    break
        except BackendAway as error:
            _LOG.debug("%s is not read for now: %s", self.topic, error)
        except Exception:
            _LOG.exception("%s could not be read", self.topic)
        finally:
            self._reading = None

    def _take_history(self, history: History) -> None:
        was, now = self.position, history.position
        if was is None or was.epoch != now.epoch or history.floor > was.number:
            self._tell_gathered()  # it comes before the gap
        if was is None or was.epoch != now.epoch:
            self._kept.clear()
            self._bytes = 0
            self._floor = history.floor
            for one in self.subscribers:
                one.seen = 0
            if was is not None:
                self._miss()
        elif history.floor > was.number:
            self._kept.clear()
            self._bytes = 0
            self._floor = history.floor
            self._miss()
        for entry in history.entries:
            if self.is_behind(Position(now.epoch, entry.number)):
                self._take(now.epoch, entry)
        if self.is_behind(now):
            self.position = now

    def _miss(self) -> None:
        for one in list(self.subscribers):
            one.miss()

    def _take(self, epoch: str, entry: Entry) -> None:
        self.position = Position(epoch, entry.number)
        item = Item.message(
            self.topic,
            entry.data,
            number=entry.number,
            position=self.position if self.is_replayed else None,
        )
        self._kept.append((entry.at, item))
        self._bytes += item.size
        self._trim()
        self.tell(item)

    def _trim(self) -> None:
        """Let go of what is too old, and of what is too much."""
        if self.keep is None:
            return
        kept, oldest = self._kept, time.time() - self.keep.seconds
        while kept and (
            len(kept) > self.keep.count or kept[0][0] < oldest or self._bytes > _MOST_BYTES
        ):
            _, item = kept.popleft()
            self._bytes -= item.size
            self._floor = item.number

    @property
    def kept(self) -> Sequence[Item]:
        """What is kept, oldest first."""
        self._trim()
        return [item for _, item in self._kept]
