"""Who computes a value that is not there: one, and the others wait for it.

Within a process, those who ask for the same key at the same time share one flight. Between
processes, the one who computes holds a lease in the store: the others wait for the value for a
bounded time, then compute for themselves and keep nothing. What is written is written under the
lease. Deleting a key ends its lease, so that a value that was computed from what was there before
is given to those who asked before, and kept by nobody.

Tags work by tokens. A tag is a random token in the store; a value carries the tokens that its tags
had before it was computed, and is there for as long as all of them are the same. Deleting a tag
deletes its token, and the next value makes a new one: nothing has to be found and deleted, and a
value that was under way meanwhile is stale when it arrives.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from trivet.cache.entry import Entry, packed, unpacked
from trivet.cache.guard import Guard, Tallies
from trivet.cache.keys import store_key
from trivet.cache.store import Lease
from trivet.cache.watched import Watching

__all__ = ["Turn", "Turns"]

LEASE = 10.0  # seconds; renewed while its holder computes, so that only a dead one's runs out
TOKENS = 30 * 24 * 3600.0  # seconds that a tag's token lives after the last value with it
_FIRST_STEP, _LONGEST_STEP = 0.02, 0.2  # seconds between two looks for another process's value


@dataclass(eq=False, slots=True)
class Flight:
    """One computation in this process, for all who wait for it."""

    key: str
    tags: frozenset[str]
    done: asyncio.Future[Entry | None]
    lease: Lease | None = None
    watched: Lease | None = None  # its own lease or another's, which a deletion ends
    marks: Mapping[str, str] | None = None  # None: nobody could tell
    task: asyncio.Task[object] | None = field(default_factory=asyncio.current_task)

    def land(self, entry: Entry | None) -> None:
        """Give the others the value; None lets one of them compute."""
        if not self.done.done():
            self.done.set_result(entry)

    def fail(self, error: BaseException) -> None:
        """Give the others the error."""
        if not self.done.done():
            self.done.set_exception(error)
            self.done.exception()  # it is no loss if nobody waits


class Turns:
    """The flights of one cache."""

    def __init__(
        self, guard: Guard, tallies: Tallies, root: str, wait: float, clock: Callable[[], float]
    ) -> None:
        self.watching = Watching(guard.store.name)
        self.guard = guard
        self.clock = clock
        self._tallies = tallies
        self._tag_space = f"{root}t:"
        self._wait = wait
        self._flights: dict[str, Flight] = {}

    # -- looking ---------------------------------------------------------------------------------

    def at_once(self, key: str) -> Entry | None:
        """Give a fresh entry where nothing has to be awaited for it."""
        found = self.guard.at_once((key,))
        entry = None if found is None else unpacked(found[0])
        if entry is None or entry.fresh_until <= self.clock():
            return None
        if entry.marks:
            tokens = self.guard.at_once([self.tag_key(tag) for tag in entry.marks]) or ()
            if not _is_marked(entry, dict(zip(entry.marks, tokens, strict=False))):
                return None
        self._tallies.hits += 1
        if self.watching.watchers:
            self.watching.looked(key, "hit")
        return entry

    async def look(self, keys: Sequence[str], tags: Sequence[str] = ()) -> list[Entry | None]:
        """Give the entries that are there, stale ones too; `tags` are those they likely have."""
        count = len(keys)
        found = await self.guard.get_many([*keys, *map(self.tag_key, tags)])
        if found is None:
            return [None] * count
        entries = [unpacked(data) for data in found[:count]]
        tokens = dict(zip(tags, found[count:], strict=True))
        others = {tag for entry in entries if entry for tag in entry.marks} - tokens.keys()
        if others:
            named = sorted(others)
            more = await self.guard.get_many([self.tag_key(tag) for tag in named])
            tokens |= dict(zip(named, more or [None] * len(named), strict=True))
        return [
            entry if entry is not None and _is_marked(entry, tokens) else None for entry in entries
        ]

    def count(self, entry: Entry | None, key: str, began: float) -> None:
        """Count what came of a look at `key`, which began at `began`."""
        if entry is None:
            self._tallies.misses += 1
            outcome = "miss"
        elif entry.fresh_until <= self.clock():
            self._tallies.stale += 1
            outcome = "stale"
        else:
            self._tallies.hits += 1
            outcome = "hit"
        if self.watching.watchers:
            self.watching.looked(key, outcome, began)

    def tag_key(self, tag: str) -> str:
        """Give the key of a tag's token."""
        return store_key(self._tag_space, tag)

    # -- turns -----------------------------------------------------------------------------------

    async def take(self, key: str, tags: Sequence[str] = (), *, anew: bool = False) -> Entry | Turn:
        """Give the value, waited for where somebody computes it; or the turn to compute it.

        A stale value is given at once while somebody computes. With `anew` none counts.
        """
        began = self.watching.now()
        while True:
            entry = None if anew else (await self.look([key], tags))[0]
            if entry is not None and entry.fresh_until > self.clock():
                self.count(entry, key, began)
                return entry
            flight = self._flights.get(key)
            if flight is None:
                flight = Flight(key, frozenset(tags), asyncio.get_running_loop().create_future())
                self._flights[key] = flight
                found = await self._begun(flight, tags, entry, anew=anew)
                self.count(entry if found is None else found, key, began)
                return Turn(self, flight, entry) if found is None else found
            if entry is not None:
                self.count(entry, key, began)
                return entry
            if flight.task is asyncio.current_task():
                raise RuntimeError(
                    f"what computes {key!r} asks for it itself, and would wait for ever"
                )
            if await self._is_current(flight):
                landed = await asyncio.shield(flight.done)
                if landed is not None and not anew:
                    self.count(landed, key, began)
                    return landed
            elif self._flights.get(key) is flight:
                del self._flights[key]

    def spoil(self, keys: Sequence[str], tags: Sequence[str] = ()) -> None:
        """Let nobody else wait for what was begun before something was deleted."""
        for key in keys:
            self._flights.pop(key, None)
        if tags:
            for flight in [one for one in self._flights.values() if not one.tags.isdisjoint(tags)]:
                del self._flights[flight.key]

    def spoil_space(self, prefix: str) -> None:
        """The same for all keys that begin with `prefix`."""
        self.spoil([key for key in self._flights if key.startswith(prefix)])

    def forget(self, flight: Flight) -> None:
        """Take a flight that is over away, unless another has its place."""
        if self._flights.get(flight.key) is flight:
            del self._flights[flight.key]

    async def marked(self, tags: Sequence[str]) -> Mapping[str, str] | None:
        """Give the present tokens of tags, made where there are none; None: nobody could tell."""
        if not tags:
            return {}
        keys = [self.tag_key(tag) for tag in tags]
        found = await self.guard.get_many(keys)
        if found is None:
            return None
        marks: dict[str, str] = {}
        for tag, key, value in zip(tags, keys, found, strict=True):
            token = secrets.token_urlsafe(9)
            if value is None and not await self.guard.add(key, token.encode(), TOKENS):
                (value,) = await self.guard.get_many([key]) or [None]
                if value is None:
                    return None
            marks[tag] = token if value is None else value.decode("ascii", "replace")
        return marks

    async def keep(
        self, keys: Mapping[str, bytes], life: float | None, tags: Sequence[str]
    ) -> None:
        """Write packed entries, none of them under a lease."""
        if tags:
            await self.guard.touch_many([self.tag_key(tag) for tag in tags], TOKENS)
            life = TOKENS if life is None else min(life, TOKENS)
        with self.watching.doing("set", list(keys)):
            await self.guard.set_many(keys, life)

    async def delete(self, keys: Sequence[str], more: Sequence[str] = ()) -> None:
        """Delete what is under keys, and `more` that goes with it."""
        with self.watching.doing("delete", keys):
            await self.guard.delete_many([*keys, *more])

    async def _begun(
        self, flight: Flight, tags: Sequence[str], stale: Entry | None, *, anew: bool
    ) -> Entry | None:
        """Begin a flight; gives the value where another process has it meanwhile."""
        try:
            if anew:  # who computes now does it from what was there before
                await self.guard.delete_many([lease_key(flight.key)])
            found = await self._leased(flight, tags, stale, anew=anew)
            if found is None:
                flight.marks = await self.marked(tags)
        except BaseException:
            self.forget(flight)
            flight.land(None)
            raise
        if found is not None:
            self.forget(flight)
            flight.land(found)
        return found

    async def _leased(
        self, flight: Flight, tags: Sequence[str], stale: Entry | None, *, anew: bool
    ) -> Entry | None:
        """Take the lease, or wait for the value of who has it."""
        lease = Lease(lease_key(flight.key), secrets.token_urlsafe(9))
        until = time.monotonic() + self._wait
        step = _FIRST_STEP
        while True:
            is_taken = await self.guard.add(lease.key, lease.token.encode(), LEASE)
            if is_taken:
                flight.lease = flight.watched = lease
            if is_taken is None or (is_taken and anew):
                return None
            if not is_taken and stale is not None:
                return stale
            # It may have been written between the first look and now.
            found = None if anew else (await self.look([flight.key], tags))[0]
            if found is not None and found.fresh_until > self.clock():
                if is_taken:
                    flight.lease = None
                    await self.guard.release(lease)
                return found
            if is_taken:
                return None
            if time.monotonic() >= until:
                (token,) = await self.guard.get_many([lease.key]) or [None]
                if token is not None:
                    flight.watched = Lease(lease.key, token.decode("ascii", "replace"))
                return None
            await asyncio.sleep(step)
            step = min(step * 1.5, _LONGEST_STEP)

    async def _is_current(self, flight: Flight) -> bool:
        """Tell whether nothing that a flight began with was deleted since."""
        marks = flight.marks or {}
        keys = [self.tag_key(tag) for tag in marks]
        expected = list(marks.values())
        if flight.watched is not None:
            keys.append(flight.watched.key)
            expected.append(flight.watched.token)
        found = await self.guard.get_many(keys) if keys else None
        if found is None:
            return True
        return [value and value.decode("ascii", "replace") for value in found] == expected


class Turn:
    """The turn to compute one value: ``with turn: await turn.keep(payload, ttl)``.

    Left without `keep`, it is over: by an error, which all who wait are told, or because who had it
    was cancelled or has nothing to keep; then one of the others has the next.
    """

    __slots__ = ("_flight", "_renewal", "_renewing", "_turns", "stale")

    def __init__(self, turns: Turns, flight: Flight, stale: Entry | None) -> None:
        self.stale = stale  # what may still be given where the computation fails
        self._turns = turns
        self._flight = flight
        self._renewing: asyncio.Task[int] | None = None
        self._renewal: asyncio.TimerHandle | None = None
        self._renew_later()

    async def keep(self, payload: bytes, ttl: float | None, stale: float = 0.0) -> Entry:
        """Keep the value for `ttl` seconds, and for `stale` more; gives it to all who wait."""
        flight, turns = self._flight, self._turns
        now = turns.clock()
        fresh_until = math.inf if ttl is None else now + ttl
        entry = Entry(payload, now, fresh_until, flight.marks or {})
        try:
            if flight.lease is not None and flight.marks is not None:
                life = None if ttl is None else ttl + stale
                if flight.marks:
                    await turns.guard.touch_many([turns.tag_key(t) for t in flight.marks], TOKENS)
                    life = TOKENS if life is None else min(life, TOKENS)
                lease, flight.lease = flight.lease, None
                self._stop_renewing()
                with turns.watching.doing("set", (flight.key,)):
                    await turns.guard.set_many({flight.key: packed(entry)}, life, lease)
        finally:
            turns.forget(flight)
            flight.land(entry)
        return entry

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.leave(error)

    async def leave(self, error: BaseException | None = None) -> None:
        """End the turn; nothing where it was kept."""
        flight = self._flight
        self._stop_renewing()
        self._turns.forget(flight)
        if error is not None and isinstance(error, Exception):
            flight.fail(error)
        else:
            flight.land(None)
        lease, flight.lease = flight.lease, None
        if lease is not None:
            # Its own task: who was cancelled does not wait for a server.
            await asyncio.shield(self._turns.guard.release(lease))

    def _renew_later(self) -> None:
        if self._flight.lease is not None:
            loop = asyncio.get_running_loop()
            self._renewal = loop.call_later(LEASE / 3, self._renew)

    def _renew(self) -> None:
        lease = self._flight.lease
        if lease is not None:
            renewal = self._turns.guard.touch_many([lease.key], LEASE)
            self._renewing = asyncio.get_running_loop().create_task(renewal)
            self._renew_later()

    def _stop_renewing(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
            self._renewal = None


def lease_key(key: str) -> str:
    """Give the key of the lease on a key."""
    return f"{key}:lease"


def _is_marked(entry: Entry, tokens: Mapping[str, bytes | None]) -> bool:
    return all(
        (found := tokens.get(tag)) is not None and found.decode("ascii", "replace") == token
        for tag, token in entry.marks.items()
    )
