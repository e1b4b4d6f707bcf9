"""A store whose failures are misses: nothing that happens to it reaches who asks.

After some failures in a row it is left alone for a moment (nobody waits for a server that is away),
then one call tries it again. What was to be deleted meanwhile is owed: it counts as missing here,
and is deleted before anything else is written, so that old values do not come back with the server.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from trivet.cache.store import Lease, Store, StoreAway, StoreBusy, StoreError

__all__ = ["Breaker", "Guard", "Tallies"]

logger = logging.getLogger("trivet.cache")

Result = TypeVar("Result")
_MOST_OWED = 10_000


@dataclass(frozen=True, slots=True)
class Breaker:
    """When a store that fails is left alone: after `failures` in a row, for `pause` seconds."""

    failures: int = 3
    pause: float = 2.0


@dataclass(slots=True)
class Tallies:
    """What is counted: steps of a store, and what came of reading."""

    hits: int = 0
    stale: int = 0
    misses: int = 0
    writes: int = 0
    errors: int = 0
    skipped: int = 0


class Guard:
    """Stands before a store and never raises `StoreError`."""

    def __init__(self, store: Store, breaker: Breaker, tallies: Tallies, root: str) -> None:
        self.store = store
        self._breaker = breaker
        self._tallies = tallies
        self._root = root  # the prefix of all keys, which is cleared where too many are owed
        self._failures = 0
        self._open_until = 0.0
        self._is_probing = False
        self._owed: set[str] = set()
        self._owed_prefixes: set[str] = set()
        self._paying: asyncio.Task[None] | None = None
        self._is_told = False

    @property
    def is_open(self) -> bool:
        """True while the store is left alone."""
        return self._failures >= self._breaker.failures

    @property
    def owed(self) -> int:
        """How many deletions the store still has to be told."""
        return len(self._owed) + len(self._owed_prefixes)

    async def close(self) -> None:
        """Try once more what is owed, and close the store."""
        paying, self._paying = self._paying, None
        if paying is not None:
            paying.cancel()
            with suppress(asyncio.CancelledError):
                await paying
        if self.owed:
            await self._paid()
        await self.store.close()

    # -- the steps -------------------------------------------------------------------------------

    def at_once(self, keys: Sequence[str]) -> list[bytes | None] | None:
        """Give the values where nothing has to be awaited, else None."""
        return None if self.owed else self.store.at_once(keys)

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None] | None:
        """Give the values; None where nobody can tell."""
        found = await self._tried(lambda: self.store.get_many(keys), pays=False)
        if found is None or not self.owed:
            return found
        return [
            None if self._is_owed(key) else value for key, value in zip(keys, found, strict=True)
        ]

    async def set_many(
        self, items: Mapping[str, bytes], ttl: float | None, lease: Lease | None = None
    ) -> bool:
        """Write, where that can be done."""
        self._tallies.writes += len(items)
        return bool(await self._tried(lambda: self.store.set_many(items, ttl, lease)))

    async def add(self, key: str, value: bytes, ttl: float | None) -> bool | None:
        """Write where nothing is; None where nobody can tell."""
        return await self._tried(lambda: self.store.add(key, value, ttl))

    async def delete_many(self, keys: Sequence[str]) -> None:
        """Delete now, or as soon as the store can be told."""
        self._owed.update(keys)
        if len(self._owed) > _MOST_OWED:
            self._owed.clear()
            self._owed_prefixes.add(self._root)
        await self._pay_or_owe()

    async def clear(self, prefix: str) -> None:
        """Delete all keys with this beginning, now or as soon as the store can be told."""
        self._owed_prefixes.add(prefix)
        await self._pay_or_owe()

    async def release(self, lease: Lease) -> None:
        """End a lease; where that fails, it ends by its own time."""
        await self._tried(lambda: self.store.release(lease), pays=False)

    async def increment(self, key: str, by: int, ttl: float | None) -> int | None:
        """Add to a number; None where nobody counted. Raises `NotANumberError`."""
        return await self._tried(lambda: self.store.increment(key, by, ttl))

    async def touch_many(self, keys: Sequence[str], ttl: float | None) -> int:
        """Prolong what is there; gives how many were."""
        return await self._tried(lambda: self.store.touch_many(keys, ttl)) or 0

    # -- failing ---------------------------------------------------------------------------------

    async def _tried(
        self, step: Callable[[], Awaitable[Result]], *, pays: bool = True
    ) -> Result | None:
        """Do one step; None where it could not be done."""
        if pays and self.owed and not await self._paid():
            return None
        is_probe = False
        if self.is_open:
            if self._is_probing or time.monotonic() < self._open_until:
                self._tallies.skipped += 1
                return None
            is_probe = self._is_probing = True
        try:
            result = await step()
        except StoreAway as error:
            self._failed(error)
            return None
        except StoreBusy as error:
            self._tallies.skipped += 1
            if self.owed and error.when_free is not None:
                error.when_free(self._paid)
            return None
        except StoreError as error:  # it is there, and could not do this
            self._tallies.errors += 1
            if not self._is_told:
                self._is_told = True
                logger.warning("%s did not take a value: %s", self.store.name, error)
            return None
        finally:
            if is_probe:
                self._is_probing = False
        if self._failures:
            self._recovered()
        return result

    def _failed(self, error: StoreError) -> None:
        self._tallies.errors += 1
        self._failures += 1
        if self.is_open:
            self._open_until = time.monotonic() + self._breaker.pause
        if self._failures == self._breaker.failures:
            logger.warning(
                "%s is away (%s): every look-up is a miss until it answers; it is tried every %g s",
                self.store.name,
                error,
                self._breaker.pause,
            )

    def _recovered(self) -> None:
        if self.is_open:
            logger.warning(
                "%s answers again; %d calls did without it",
                self.store.name,
                self._failures + self._tallies.skipped,
            )
        self._failures = 0
        self._is_told = False

    # -- owing -----------------------------------------------------------------------------------

    def _is_owed(self, key: str) -> bool:
        return key in self._owed or any(key.startswith(prefix) for prefix in self._owed_prefixes)

    async def _pay_or_owe(self) -> None:
        if not await self._paid() and (self._paying is None or self._paying.done()):
            self._paying = asyncio.get_running_loop().create_task(self._pay_later())

    async def _paid(self) -> bool:
        """Tell the store all that is owed; gives False where it could not be told."""
        keys, prefixes = list(self._owed), list(self._owed_prefixes)
        if keys:
            if await self._tried(lambda: self._deleted(keys), pays=False) is None:
                return False
            self._owed.difference_update(keys)
        for prefix in prefixes:
            if await self._tried(lambda: self._cleared(prefix), pays=False) is None:  # noqa: B023
                return False
            self._owed_prefixes.discard(prefix)
        return True

    async def _deleted(self, keys: Sequence[str]) -> bool:
        await self.store.delete_many(keys)
        return True

    async def _cleared(self, prefix: str) -> bool:
        await self.store.clear(prefix)
        return True

    async def _pay_later(self) -> None:
        while self.owed:
            await asyncio.sleep(self._breaker.pause)
            await self._paid()
