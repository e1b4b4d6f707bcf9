"""A rate, and what a store of rates has to do.

The algorithm is GCRA (the "generic cell rate algorithm" of ATM, ITU-T I.371), in whole
microseconds. Of each key one moment is kept: when all that was taken will have flowed back. So
`limit` may be taken at once, and then one more each `seconds / limit`: at most twice the limit in
any `seconds` that are looked at, and on the average never more than the limit. There are no windows
whose borders somebody could wait for.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple, Protocol

from trivet.errors import SetupError, TrivetError

__all__ = ["MemoryRates", "Rate", "RateStore", "RatesAway", "Taken"]

_TEXT = re.compile(r"([0-9]+)\s*/\s*([0-9]+)?\s*(second|minute|hour|day)s?")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_MOST_PER_SECOND = 1_000_000


class RatesAway(TrivetError):
    """A store that cannot be asked at this moment."""


class Taken(NamedTuple):
    """What became of one attempt; times in seconds from now."""

    allowed: bool
    remaining: int
    """How many more may come at once."""
    retry_after: float
    """When the next may come; 0 where this one could."""
    reset_after: float
    """When all of the limit is there again."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so many seconds; `limit` of them may come at once."""

    limit: int
    seconds: int

    def __post_init__(self) -> None:
        if self.limit < 1 or self.seconds < 1 or self.limit > self.seconds * _MOST_PER_SECOND:
            raise _wrong(f"Rate({self.limit}, {self.seconds})")

    @classmethod
    def read(cls, text: str) -> Rate:
        """Read ``"10/minute"`` or ``"5/15 minutes"``; raises SetupError for anything else."""
        match = _TEXT.fullmatch(text.strip())
        if match is None:
            raise _wrong(text)
        limit, count, unit = match.groups()
        return cls(int(limit), int(count or 1) * _SECONDS[unit])

    @property
    def interval(self) -> int:
        """Microseconds in which one flows back."""
        return self.seconds * 1_000_000 // self.limit

    @property
    def tolerance(self) -> int:
        """Microseconds in which all of them flow back: a whole number of intervals."""
        return self.interval * self.limit


class RateStore(Protocol):
    """Where it is kept how much was taken; every step is one that others cannot come between."""

    async def take(self, key: str, rate: Rate) -> Taken:
        """Take one of `key`, if there is one; raises RatesAway where that cannot be known."""


class MemoryRates:
    """Keep rates in this process alone: several processes allow as many times the limit.

    Of at most `max_keys` keys (about 200 bytes each); beyond it the one that was not seen for the
    longest time is forgotten, and may take its whole limit anew. `clock` gives seconds that only
    grow. Safe to call from any thread.
    """

    def __init__(
        self, *, max_keys: int = 100_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if max_keys < 1:
            raise ValueError("max_keys is a number above 0")
        self.max_keys = max_keys
        self.forgotten = 0  # keys that had to go before their time
        self._clock = clock
        self._lock = Lock()
        self._full_at: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    async def take(self, key: str, rate: Rate) -> Taken:
        """Take one of `key`, if there is one."""
        now = int(self._clock() * 1_000_000)
        with self._lock:
            # A key whose rate was made smaller waits no longer than the new one can ask for.
            full_at = min(max(self._full_at.get(key, now), now), now + rate.tolerance)
            next_full = full_at + rate.interval
            early = next_full - rate.tolerance - now
            self._full_at[key] = full_at if early > 0 else next_full
            self._full_at.move_to_end(key)
            if len(self._full_at) > self.max_keys:
                _, lost = self._full_at.popitem(last=False)
                self.forgotten += lost > now
        if early > 0:
            return Taken(False, 0, early / 1_000_000, (full_at - now) / 1_000_000)
        remaining = (now + rate.tolerance - next_full) // rate.interval
        return Taken(True, remaining, 0, (next_full - now) / 1_000_000)


def _wrong(given: str) -> SetupError:
    return SetupError(
        f"{given!r} is no rate",
        code="security.rate",
        mend="write how many in what time, at most a million a second: '10/minute', '5/15 minutes'",
    )
