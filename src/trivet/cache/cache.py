"""The cache as a part: `cache = app.use(Cache())`."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from trivet.app.application import App
from trivet.app.part import Part
from trivet.cache.guard import Breaker, Guard, Tallies
from trivet.cache.keys import checked_name
from trivet.cache.memory import MemoryStore
from trivet.cache.namespace import Namespace, Space, Ttl, seconds, stale_seconds
from trivet.cache.route import CachedRoute, Per, RouteRules
from trivet.cache.store import Store
from trivet.cache.turns import Turns
from trivet.checks import Finding, Level
from trivet.routing.enclosing import Handler, enclosed
from trivet.watching import Gauge, Probe, Reading, Watcher

__all__ = ["Cache", "Stats"]


@dataclass(frozen=True, slots=True)
class Stats:
    """What a cache has done in this process since it was made.

    `stale` are look-ups that gave an old value while a new one was computed; `errors` are calls
    that the store did not do, `skipped` those that were not tried while it was away; `owed` are
    deletions that it still has to be told.
    """

    hits: int
    stale: int
    misses: int
    writes: int
    errors: int
    skipped: int
    owed: int
    is_away: bool


class Cache(Namespace, Part):
    """Values that are kept for a time, in the memory of the process or in a store.

    ``Cache()``, ``Cache(RedisStore("redis://…"))``, ``Cache(DatabaseStore(db))``. Where nothing
    else is said a value lives for `ttl` seconds; `FOREVER` has to be said. All keys in the store
    begin with `prefix`. Who finds another process at work waits at most `wait` seconds for its
    value. `clock` gives the time in seconds since 1970, for tests.
    """

    name = "cache"
    may_be_several = True

    def __init__(
        self,
        store: Store | None = None,
        *,
        ttl: Ttl = 300.0,
        prefix: str = "trivet",
        wait: float = 3.0,
        breaker: Breaker | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = MemoryStore() if store is None else store
        self._tallies = Tallies()
        root = f"{checked_name(prefix, 'the prefix')}:"
        self._guard = Guard(self.store, breaker or Breaker(), self._tallies, root)
        turns = Turns(self._guard, self._tallies, root, wait, clock)
        life = seconds(ttl, None)
        super().__init__(Space(turns, root, life, {}), ttl=life)

    def stats(self) -> Stats:
        """Give what was counted since the cache was made."""
        told = self._tallies
        return Stats(
            hits=told.hits,
            stale=told.stale,
            misses=told.misses,
            writes=told.writes,
            errors=told.errors,
            skipped=told.skipped,
            owed=self._guard.owed,
            is_away=self._guard.is_open,
        )

    async def clear(self) -> None:
        """Delete everything of this cache; looks at every key of the store."""
        self._space.turns.spoil_space(self._space.root)
        await self._guard.clear(self._space.root)

    async def close(self) -> None:
        """Close the store; for scripts, an application does it when it stops."""
        await self._guard.close()

    def route(
        self,
        *,
        ttl: Ttl | None = None,
        stale: Ttl = 0.0,
        vary: Sequence[str] | None = None,
        tags: Sequence[str] = (),
        per: Per | None = None,
        max_age: float | None = None,
    ) -> Callable[[Handler], Handler]:
        """Keep the answers of a GET route, under the verb: ``@cache.route(ttl=60)``.

        See `trivet.cache.route` for what is kept and for whom. `vary` names headers that the answer
        depends on beside those that the route declares; `per` gives whom an answer belongs to. Tags
        may name parameters of the path: ``tags=["product:{id}"]``. Browsers are told to keep it for
        `max_age` seconds: by default for `ttl`, and not at all where there are tags.
        """
        options = RouteRules(
            ttl=seconds(ttl, self._ttl),
            stale=stale_seconds(stale),
            vary=None if vary is None else tuple(vary),
            tags=tuple(tags),
            per=per,
            max_age=max_age,
        )
        return enclosed(CachedRoute(self, self._space, options))

    # -- as a part -------------------------------------------------------------------------------

    def lifespan(self, app: App) -> AbstractAsyncContextManager[Any]:
        """Open the store when the app starts, and close it when it stops."""
        return self._running()

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        await self.store.open()
        try:
            yield
        finally:
            await self.close()

    def watch(self, watcher: Watcher) -> None:
        """Tell of look-ups and of what is written and deleted from now on."""
        self._space.turns.watching.watchers.append(watcher)

    def probes(self) -> Sequence[Probe]:
        """Ask whether the store answers; without it every look-up is a miss, and all goes on."""
        if isinstance(self.store, MemoryStore):
            return ()
        return (Probe(f"cache in {self.store.name}", self._asked, needed=False),)

    async def _asked(self) -> str:
        await self.store.get_many([f"{self._space.root}probe"])
        return "answers"

    def gauges(self) -> Sequence[Gauge]:
        """Count look-ups by their outcome, and what the store did not do."""

        async def looked() -> Sequence[Reading]:
            counted = self.stats()
            label = {"cache": self._space.root.rstrip(":")}
            return [
                Reading(getattr(counted, name), {**label, "outcome": outcome})
                for name, outcome in (("hits", "hit"), ("stale", "stale"), ("misses", "miss"))
            ]

        async def failed() -> Sequence[Reading]:
            counted = self.stats()
            label = {"cache": self._space.root.rstrip(":")}
            return (
                Reading(counted.errors, {**label, "what": "error"}),
                Reading(counted.skipped, {**label, "what": "skipped"}),
            )

        return (
            Gauge("trivet_cache_lookups_total", "Look-ups, by outcome.", looked, counts=True),
            Gauge(
                "trivet_cache_failures_total",
                "Steps that the store did not do, or was not asked for while it was away.",
                failed,
                counts=True,
            ),
        )

    def checks(self, app: App) -> Sequence[Finding]:
        """Tell of a cache that each process has for itself."""
        if isinstance(self.store, MemoryStore):
            return [
                Finding(
                    Level.INFO,
                    "cache.memory",
                    "the cache is in the memory of each process: what one deletes, the others keep",
                    'Cache(RedisStore("redis://…")) or Cache(DatabaseStore(db)) where several'
                    " processes serve and deletions matter",
                )
            ]
        return ()
