"""What a cache does on every store; two caches on one store are two processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from pydantic import BaseModel

from tests.cache.hearing import hearing
from tests.cache.test_store import until
from trivet.cache import FOREVER, Cache, NotANumberError, Store, turns


class Product(BaseModel):
    id: int
    name: str = "lamp"


@pytest.fixture
def make(make_store: Callable[[], Store], prefix: str) -> Callable[[], Cache]:
    return lambda: Cache(make_store(), prefix=prefix)


async def test_values_come_back_as_json_has_them_or_as_a_type(make: Callable[[], Cache]) -> None:
    cache = make()

    await cache.set("p", Product(id=1))
    await cache.set("none", None)

    assert await cache.get("p") == {"id": 1, "name": "lamp"}
    assert await cache.get("p", Product) == Product(id=1)
    assert await cache.get("p", int) is None
    assert await cache.get("none", default="missing") is None
    assert await cache.get("nothing", default="missing") == "missing"


async def test_many_are_written_read_and_deleted_at_once(make: Callable[[], Cache]) -> None:
    cache = make()
    await cache.set_many({"a": 1, "b": "two", "c": None}, ttl=FOREVER)

    await cache.delete_many(["b"])

    assert await cache.get_many(["c", "b", "a"]) == {"c": None, "a": 1}
    assert await cache.has("a")
    assert not await cache.has("b")


async def test_numbers_are_counted_from_what_was_set(make: Callable[[], Cache]) -> None:
    cache = make()
    await cache.set("n", 40)

    assert await cache.increment("n", 2) == 42
    assert await cache.increment("new") == 1
    assert await cache.get("n", int) == 42
    assert not await cache.add("n", 0)
    await cache.set("text", "42")
    with pytest.raises(NotANumberError):
        await cache.increment("text")


async def test_touch_keeps_a_value_longer_and_its_tags(make: Callable[[], Cache]) -> None:
    cache = make()
    await cache.set("a", "x", ttl=1.5, tags=["t"])

    assert await cache.touch("a", ttl=60)
    assert not await cache.touch("none")

    await asyncio.sleep(1.6)  # longer than it would have lived
    assert await cache.get("a") == "x"
    await cache.delete_tags("t")
    assert await cache.get("a") is None


async def test_a_tag_takes_all_its_values_with_it(make: Callable[[], Cache]) -> None:
    cache, other = make(), make()
    shop = other.namespace("shop")
    await cache.set("a", 1, tags=["red", "round"])
    await shop.set("b", 2, tags=["red"])
    await cache.set("c", 3, tags=["round"])

    await other.delete_tags("red")

    assert await cache.get_many(["a", "c"]) == {"c": 3}
    assert await shop.get("b") is None
    await cache.set("a", 4, tags=["red"])
    assert await other.get("a") == 4


async def test_namespaces_and_versions_do_not_see_each_other(make: Callable[[], Cache]) -> None:
    cache = make()
    old, new = cache.namespace("shop"), cache.namespace("shop", version=2)
    inner = old.namespace("cart")
    for number, one in enumerate((cache, old, new, inner)):
        await one.set("k", number)

    assert [await one.get("k") for one in (cache, old, new, inner)] == [0, 1, 2, 3]

    await old.clear()
    assert [await one.get("k") for one in (cache, old, new, inner)] == [0, None, 2, None]
    await cache.clear()
    assert await new.get("k") is None


async def test_one_process_computes_for_all(make: Callable[[], Cache]) -> None:
    caches = [make(), make()]
    computed = 0

    async def load() -> Product:
        nonlocal computed
        computed += 1
        await asyncio.sleep(0.1)
        return Product(id=computed)

    asked = [cache.get_or_set("p", load, Product) for cache in caches for _ in range(5)]

    assert await asyncio.gather(*asked) == [Product(id=1)] * 10
    assert computed == 1


async def test_what_raises_is_kept_by_nobody(make: Callable[[], Cache]) -> None:
    cache = make()

    async def fail() -> int:
        await asyncio.sleep(0.01)
        raise LookupError("no such product")

    asked = [cache.get_or_set("p", fail, int) for _ in range(3)]
    found = await asyncio.gather(*asked, return_exceptions=True)

    assert [type(one) for one in found] == [LookupError] * 3
    assert await cache.get_or_set("p", lambda: 7, int) == 7


@pytest.mark.parametrize("by", ["key", "tag", "clear"])
async def test_a_value_from_before_a_deletion_is_kept_by_nobody(
    make: Callable[[], Cache], by: str
) -> None:
    cache, other = make(), make()
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def load_slowly() -> str:
        begun.set()
        await may_end.wait()
        return "old"

    slow = asyncio.create_task(cache.get_or_set("p", load_slowly, str, tags=["t"]))
    await begun.wait()
    match by:
        case "key":
            await other.delete("p")
        case "tag":
            await other.delete_tags("t")
        case _:
            await other.clear()

    # Who asks after the deletion, in this process or another, is not given the old one.
    after = await asyncio.wait_for(cache.get_or_set("p", lambda: "new", str, tags=["t"]), 60)
    may_end.set()
    assert await slow == "old"
    assert after == "new"
    assert await other.get_or_set("p", lambda: "newer", str, tags=["t"]) in ("new", "newer")
    assert await cache.get("p") != "old"


async def test_old_values_are_given_while_one_computes(
    make_store: Callable[[], Store], prefix: str
) -> None:
    now = [1_800_000_000.0]
    caches = [Cache(make_store(), prefix=prefix, clock=lambda: now[0]) for _ in range(2)]
    await caches[0].get_or_set("p", lambda: "old", str, ttl=10, stale=3600)
    now[0] += 11
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def load() -> str:
        begun.set()
        await may_end.wait()
        return "new"

    one = asyncio.create_task(caches[0].get_or_set("p", load, str, ttl=10, stale=3600))
    await begun.wait()
    meanwhile = [await cache.get_or_set("p", load, str, ttl=10, stale=3600) for cache in caches]
    may_end.set()

    assert meanwhile == ["old", "old"]
    assert await one == "new"
    assert await caches[1].get("p") == "new"


async def test_an_old_value_is_given_where_computing_fails(
    make_store: Callable[[], Store], prefix: str
) -> None:
    now = [1_800_000_000.0]
    cache = Cache(make_store(), prefix=prefix, clock=lambda: now[0])

    def fail() -> str:
        raise LookupError("the other service is away")

    await cache.get_or_set("p", lambda: "old", str, ttl=10, stale=3600)
    now[0] += 11

    with hearing() as told:
        assert await cache.get_or_set("p", fail, str, ttl=10, stale=3600) == "old"
    assert "could not be computed anew" in told[0]
    with pytest.raises(LookupError):
        await cache.get_or_set("p", fail, int, ttl=10, stale=3600)  # type: ignore[type-var]


async def test_who_is_cancelled_leaves_the_turn_to_another(make: Callable[[], Cache]) -> None:
    cache, other = make(), make()
    begun = asyncio.Event()

    async def hang() -> str:
        begun.set()
        await asyncio.Event().wait()
        return "never"

    first = asyncio.create_task(cache.get_or_set("p", hang, str))
    await begun.wait()
    waiting = [
        asyncio.create_task(one.get_or_set("p", lambda: "done", str)) for one in (cache, other)
    ]
    await asyncio.sleep(0)
    first.cancel()

    assert await asyncio.wait_for(asyncio.gather(*waiting), 5) == ["done", "done"]
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_process_that_died_keeps_others_waiting_for_a_bounded_time(
    make_store: Callable[[], Store], prefix: str
) -> None:
    store = make_store()
    cache = Cache(store, prefix=prefix, wait=0.05)
    await store.add(f"{prefix}:k:p:lease", b"of somebody who died", 60)

    assert await cache.get_or_set("p", lambda: 1, int) == 1
    assert not await cache.has("p")  # another one may have deleted it meanwhile

    await store.delete_many([f"{prefix}:k:p:lease"])
    assert await cache.get_or_set("p", lambda: 2, int) == 2
    assert await cache.has("p")


async def test_who_computes_for_long_keeps_the_turn(
    make_store: Callable[[], Store], prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Renewed three times in that time, of which a busy machine may miss two.
    monkeypatch.setattr(turns, "LEASE", 8.0)
    caches = [Cache(make_store(), prefix=prefix, wait=30.0) for _ in range(2)]
    computed = 0

    async def load() -> int:
        nonlocal computed
        computed += 1
        await asyncio.sleep(9.0)  # longer than a lease that nobody renews
        return computed

    asked = [asyncio.create_task(cache.get_or_set("p", load, int)) for cache in caches]

    assert await asyncio.gather(*asked) == [1, 1]
    assert await caches[0].get("p") == 1


async def test_who_asks_after_a_deletion_waits_for_nobody_who_began_before_it(
    make_store: Callable[[], Store], prefix: str
) -> None:
    """Also where who began has no lease, because another process holds it for too long."""
    store = make_store()
    cache, other = Cache(store, prefix=prefix, wait=0.05), Cache(make_store(), prefix=prefix)
    await store.add(f"{prefix}:k:p:lease", b"of a process that hangs", 60)
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def load_slowly() -> str:
        begun.set()
        await may_end.wait()
        return "old"

    slow = asyncio.create_task(cache.get_or_set("p", load_slowly, str))
    await begun.wait()
    await other.delete("p")

    after = await asyncio.wait_for(cache.get_or_set("p", lambda: "new", str), 5)
    may_end.set()
    assert (after, await slow) == ("new", "old")
    assert await other.get("p") == "new"


async def test_entries_end_with_their_time(make: Callable[[], Cache]) -> None:
    cache = make()
    await cache.set("a", "x", ttl=0.05)

    async def is_gone() -> bool:
        return not await cache.has("a")

    await until(is_gone)
