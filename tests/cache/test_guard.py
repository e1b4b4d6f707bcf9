"""A store that fails is misses, and what it did not hear it is told later."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import pytest

from tests.cache.hearing import hearing
from tests.cache.test_store import until
from trivet import App, redis_pool
from trivet.cache import (
    Breaker,
    Cache,
    Lease,
    MemoryStore,
    RedisStore,
    StoreAway,
    StoreBusy,
    StoreError,
    StoreFull,
)
from trivet.errors import MissingExtraError


class Faulty(MemoryStore):
    """A store that raises what it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.failing: StoreError | None = None
        self.calls = 0

    def _fail(self) -> None:
        self.calls += 1
        if self.failing is not None:
            raise self.failing

    def at_once(self, keys: Sequence[str]) -> Any:
        return None

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        self._fail()
        return await super().get_many(keys)

    async def set_many(
        self, items: Mapping[str, bytes], ttl: float | None, lease: Lease | None = None
    ) -> bool:
        self._fail()
        return await super().set_many(items, ttl, lease)

    async def add(self, key: str, value: bytes, ttl: float | None) -> bool:
        self._fail()
        return await super().add(key, value, ttl)

    async def delete_many(self, keys: Sequence[str]) -> None:
        self._fail()
        await super().delete_many(keys)

    async def increment(self, key: str, by: int, ttl: float | None) -> int:
        self._fail()
        return await super().increment(key, by, ttl)

    async def clear(self, prefix: str) -> None:
        self._fail()
        await super().clear(prefix)


@pytest.fixture
def store() -> Faulty:
    return Faulty()


async def test_everything_has_an_outcome_without_a_store(store: Faulty) -> None:
    cache = Cache(store)
    store.failing = StoreAway("gone")

    await cache.set("a", 1)
    await cache.set("a", 1, tags=["t"])
    await cache.delete("a")

    assert await cache.get("a", default="none") == "none"
    assert await cache.get_many(["a"]) == {}
    assert not await cache.add("a", 1)
    assert await cache.increment("a") is None
    assert not await cache.touch("a")
    assert not await cache.has("a")
    assert await cache.get_or_set("a", lambda: 5, int, tags=["t"]) == 5
    assert cache.stats().is_away
    await cache.close()


async def test_a_store_that_is_away_is_left_alone_and_told_of_once(store: Faulty) -> None:
    cache = Cache(store, breaker=Breaker(failures=3, pause=60))
    store.failing = StoreAway("gone")

    with hearing() as told:
        for _ in range(20):
            await cache.get("a")

    assert store.calls == 3
    assert cache.stats().errors == 3
    assert cache.stats().skipped == 17
    assert told == [
        "memory is away (gone): every look-up is a miss until it answers; it is tried every 60 s"
    ]


async def test_one_call_tries_whether_it_is_back(store: Faulty) -> None:
    cache = Cache(store, breaker=Breaker(failures=1, pause=0.01))
    await cache.set("a", 1)
    store.failing = StoreAway("gone")
    await cache.get("a")
    store.failing = None

    with hearing() as told:
        await asyncio.sleep(0.02)  # the pause
        assert await cache.get("a") == 1

    assert [line.split(";")[0] for line in told] == ["memory answers again"]
    assert not cache.stats().is_away


async def test_while_one_tries_nobody_else_waits(store: Faulty) -> None:
    cache = Cache(store, breaker=Breaker(failures=1, pause=0.0))
    store.failing = StoreAway("gone")
    await cache.get("a")
    store.failing = None
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slowly(keys: Sequence[str]) -> list[bytes | None]:
        begun.set()
        await may_end.wait()
        return [None]

    store.get_many = slowly  # type: ignore[method-assign]
    probe = asyncio.create_task(cache.get("a"))
    await begun.wait()

    assert await cache.get("b") is None  # at once
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    may_end.set()
    await cache.get("b")  # the next one tries
    assert not cache.stats().is_away


async def test_one_computes_for_all_without_a_store_too(store: Faulty) -> None:
    cache = Cache(store)
    store.failing = StoreAway("gone")
    calls = 0

    async def load() -> int:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.01)
        return calls

    assert await asyncio.gather(*[cache.get_or_set("a", load, int) for _ in range(5)]) == [1] * 5


@pytest.mark.parametrize(
    "delete",
    [
        lambda cache: cache.delete("a"),
        lambda cache: cache.delete_tags("t"),
        lambda cache: cache.clear(),
    ],
)
async def test_a_deletion_that_was_not_heard_counts_here_and_is_told_later(
    store: Faulty, delete: Callable[[Cache], Awaitable[None]]
) -> None:
    cache = Cache(store, breaker=Breaker(failures=1, pause=0.01))
    await cache.set("a", "old", tags=["t"])
    store.failing = StoreAway("gone")

    await delete(cache)
    store.failing = None
    await asyncio.sleep(0.02)  # the pause
    assert await cache.get("a") is None
    await cache.set("a", "new", tags=["t"])

    assert await cache.get("a") == "new"
    assert cache.stats().owed == 0


async def test_what_is_owed_is_told_though_nobody_asks(store: Faulty) -> None:
    cache = Cache(store, breaker=Breaker(failures=1, pause=0.01))
    await cache.set("a", "old")
    store.failing = StoreAway("gone")
    await cache.delete("a")
    store.failing = None

    async def is_told() -> bool:
        return not cache.stats().owed

    await until(is_told)
    assert len(store) == 0


async def test_what_is_owed_is_bounded(store: Faulty) -> None:
    cache = Cache(store)
    await cache.set("other", 1)
    store.failing = StoreAway("gone")

    await cache.delete_many([str(number) for number in range(6000)])

    assert cache.stats().owed == 1  # all of it
    store.failing = None
    await cache.close()
    assert len(store) == 0


async def test_a_full_store_is_still_read(store: Faulty) -> None:
    cache = Cache(store)
    await cache.set("a", 1)
    store.failing = StoreFull("no room")

    with hearing() as told:
        for _ in range(5):
            await cache.set("b", 1)
    store.failing = None

    assert not cache.stats().is_away
    assert await cache.get("a") == 1
    assert told == ["memory did not take a value: no room"]


async def test_a_busy_store_calls_back_for_what_is_owed(store: Faulty) -> None:
    cache = Cache(store)
    await cache.set("a", 1)
    later: list[Callable[[], Awaitable[Any]]] = []
    store.failing = StoreBusy("somebody writes", later.append)

    await cache.delete("a")
    store.failing = None
    assert await cache.get("a") is None
    assert len(store) == 1
    await later[0]()

    assert len(store) == 0
    assert not cache.stats().is_away
    await cache.close()


def test_redis_without_its_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(redis_pool, "import_module", missing)

    with pytest.raises(MissingExtraError, match=r"trivet\[redis\]"):
        RedisStore("redis://localhost")


def test_redis_is_loaded_by_who_uses_it() -> None:
    code = "import sys, trivet.cache; sys.exit('redis' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_wrong_address_is_told_when_it_is_given() -> None:
    with pytest.raises(ValueError, match="scheme"):
        RedisStore("localhost:6379")


def test_check_tells_of_a_cache_for_each_process() -> None:
    app = App()
    cache = app.use(Cache())

    assert [finding.code for finding in cache.checks(app)] == ["cache.memory"]
    assert Cache(Faulty()).checks(app) != []
