"""What waits for one client: never more than its limits say, however slowly it reads.

A subscription has a queue of its own; the number and the size of what waits are counted for the
whole connection. Where they are reached, the channel whose message came says what becomes of it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from trivet.realtime.closing import SLOW, Close
from trivet.realtime.item import Item
from trivet.realtime.limits import Limits
from trivet.realtime.slow import Disconnect, Slow

__all__ = ["Subscription", "Taken", "Waiting"]

_TOO_SLOW = Close(SLOW, "too slow: messages came faster than they were read")


class Taken(NamedTuple):
    """What a subscription is told next; without an item, that messages are missing."""

    subscription: Subscription
    item: Item | None


class Subscription:
    """One topic, for one client."""

    __slots__ = (
        "_waiting", "end", "history", "is_missing", "items", "misses_history", "seen", "slow",
        "topic",
    )  # fmt: skip

    def __init__(self, waiting: Waiting, topic: str, slow: Slow) -> None:
        self.topic = topic
        self.slow = slow
        self.seen = 0
        self.history: deque[Item] = deque()  # what is replayed first; shared by all, so no burden
        self.misses_history = False
        self.items: deque[Item] = deque()
        self.is_missing = False
        self.end: Callable[[], Any] | None = None  # what ends the subscription
        self._waiting = waiting

    def take(self, item: Item) -> None:
        """Let one thing wait."""
        if item.number:
            if item.number <= self.seen:
                return
            self.seen = item.number
        waiting = self._waiting
        waiting.count += 1
        waiting.size += item.size
        self.items.append(item)
        if waiting.count > waiting.most or waiting.size > waiting.most_bytes:
            self._drop()
        waiting.wake(self)

    def miss(self) -> None:
        """Take note that messages are missing before the next one."""
        self.is_missing = True
        self._waiting.wake(self)

    def replay(self, items: Sequence[Item], *, after_gap: bool) -> None:
        """Take what is kept and was not seen, before anything else; no limit counts it."""
        self.history.extend(items)
        self.misses_history = after_gap
        if items or after_gap:
            self._waiting.wake(self)

    def _drop(self) -> None:
        waiting = self._waiting
        if isinstance(self.slow, Disconnect):
            waiting.end(_TOO_SLOW)
        # Whatever is dropped, the newest too, is this topic's own.
        while self.items and (waiting.count > waiting.most or waiting.size > waiting.most_bytes):
            waiting.size -= self.items.popleft().size
            waiting.count -= 1
            self.is_missing = True


class Waiting:
    """All that waits for one client, and whether its connection is to end."""

    def __init__(self, limits: Limits) -> None:
        self.most = limits.waiting
        self.most_bytes = limits.waiting_bytes
        self.count = 0
        self.size = 0
        self.closed: Close | None = None
        self._answers: deque[str] = deque()
        self._ready: dict[Subscription, None] = {}
        self._waiter: asyncio.Future[None] | None = None

    @property
    def is_too_slow(self) -> bool:
        """True where it ends because it was too slow."""
        return self.closed is _TOO_SLOW

    def wake(self, subscription: Subscription | None = None) -> None:
        """Wake who waits, for what a subscription has."""
        if subscription is not None:
            self._ready[subscription] = None
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def answer(self, frame: str) -> None:
        """Let an answer to the client wait; answers go first."""
        if len(self._answers) >= self.most:
            self.end(_TOO_SLOW)
            return
        self._answers.append(frame)
        self.wake()

    def end(self, close: Close) -> None:
        """Let the connection end; what waits is thrown away."""
        if self.closed is None:
            self.closed = close
        self.wake()

    def forget(self, subscription: Subscription) -> None:
        """Throw away what waits of a subscription that has ended."""
        self._ready.pop(subscription, None)
        self.count -= len(subscription.items)
        self.size -= sum(item.size for item in subscription.items)
        subscription.items.clear()
        subscription.history.clear()

    async def wait(self) -> None:
        """Wait until there is something to tell, or the end."""
        if self._ready or self._answers or self.closed is not None:
            return
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def answers(self) -> list[str]:
        """Take all answers that wait."""
        found = list(self._answers)
        self._answers.clear()
        return found

    def take(self, most_bytes: int) -> Iterator[Taken]:
        """Take what waits, up to some bytes and at least one thing."""
        taken = 0
        while self._ready and taken < most_bytes:
            subscription = next(iter(self._ready))
            if subscription.misses_history:
                subscription.misses_history = False
                yield Taken(subscription, None)
            history = subscription.history
            while history and taken < most_bytes:
                taken += history[0].size
                yield Taken(subscription, history.popleft())
            if history:
                return
            if subscription.is_missing:
                subscription.is_missing = False
                yield Taken(subscription, None)
            items = subscription.items
            while items and taken < most_bytes:
                item = items.popleft()
                taken += item.size
                self.count -= 1
                self.size -= item.size
                yield Taken(subscription, item)
            if not items:
                self._ready.pop(subscription, None)
