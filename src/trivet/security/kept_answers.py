"""Where the answers to requests with idempotency keys are kept."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from trivet.errors import TrivetError

__all__ = ["AnswerStore", "AnswersAway", "KeptAnswer", "LostClaim", "MemoryAnswers"]


class AnswersAway(TrivetError):
    """A store that cannot be asked at this moment."""


class LostClaim(TrivetError):
    """A claim that has ended, and that somebody else has now."""


class KeptAnswer(NamedTuple):
    """What a store has under a key."""

    fingerprint: str
    """Of the request that was first."""
    answer: bytes | None
    """None while that is running."""


class AnswerStore(Protocol):
    """What `Idempotency` asks of a store; times are in seconds. All may raise AnswersAway."""

    async def claim(
        self, key: str, fingerprint: str, token: str, lease: float, ttl: float
    ) -> KeptAnswer | None:
        """Take a key that nobody has, or whose time is over, for `lease` seconds: gives None.

        Otherwise gives what is there.
        """

    async def keep(self, key: str, token: str, answer: bytes, ttl: float) -> None:
        """Keep the answer for whoever has this token; nothing happens where another one has."""

    async def keep_within(
        self, key: str, token: str, answer: bytes, ttl: float, kept: Callable[[], None]
    ) -> None:
        """Keep the answer within the transaction in which the handler has written, if it has.

        `kept` is called once that is committed; never where nothing was written. Raises LostClaim
        where another one has the key, so that the transaction is rolled back.
        """

    async def release(self, key: str, token: str) -> None:
        """Forget a claim, so that the next request is the first again."""


@dataclass(slots=True)
class _Entry:
    fingerprint: str
    token: str
    answer: bytes | None
    until: float


class MemoryAnswers:
    """Keep answers in this process alone: another process does the same request once more.

    At most `max_entries`; beyond it the oldest is forgotten.
    """

    def __init__(
        self, *, max_entries: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_entries = max_entries
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    async def claim(
        self, key: str, fingerprint: str, token: str, lease: float, ttl: float
    ) -> KeptAnswer | None:
        """Take a key that nobody has; otherwise give what is there."""
        now = self._clock()
        found = self._entries.get(key)
        if found is not None and found.until > now:
            return KeptAnswer(found.fingerprint, found.answer)
        self._entries[key] = _Entry(fingerprint, token, None, now + lease)
        self._entries.move_to_end(key)
        if len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)
        return None

    async def keep(self, key: str, token: str, answer: bytes, ttl: float) -> None:
        """Keep the answer for whoever has this token."""
        found = self._entries.get(key)
        if found is not None and found.token == token:
            found.answer, found.until = answer, self._clock() + ttl

    async def keep_within(
        self, key: str, token: str, answer: bytes, ttl: float, kept: Callable[[], None]
    ) -> None:
        """Do nothing: no transaction is known here."""

    async def release(self, key: str, token: str) -> None:
        """Forget a claim."""
        found = self._entries.get(key)
        if found is not None and found.token == token and found.answer is None:
            del self._entries[key]
