"""What every store does, run on each of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from trivet.cache import Lease, NotANumberError, Store


async def until(happens: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so; fails after ten seconds."""
    deadline = time.monotonic() + 10
    while not await happens():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_what_was_written_is_read(store: Store, prefix: str) -> None:
    await store.set_many({f"{prefix}:a": b"1", f"{prefix}:b": bytes(range(256))}, 60)

    found = await store.get_many([f"{prefix}:b", f"{prefix}:none", f"{prefix}:a"])

    assert found == [bytes(range(256)), None, b"1"]


async def test_a_value_is_written_over(store: Store, prefix: str) -> None:
    await store.set_many({prefix: b"old"}, 60)
    await store.set_many({prefix: b"new"}, 60)

    assert await store.get_many([prefix]) == [b"new"]


async def test_keys_that_differ_in_case_are_two(store: Store, prefix: str) -> None:
    await store.set_many({f"{prefix}:a": b"small", f"{prefix}:A": b"large"}, 60)

    assert await store.get_many([f"{prefix}:a", f"{prefix}:A"]) == [b"small", b"large"]


async def test_a_large_value_is_kept_whole(store: Store, prefix: str) -> None:
    value = bytes(range(256)) * 1000

    await store.set_many({prefix: value}, None)

    assert await store.get_many([prefix]) == [value]


async def test_many_keys_are_read_at_once(store: Store, prefix: str) -> None:
    items = {f"{prefix}:{number}": b"%d" % number for number in range(150)}
    await store.set_many(items, 60)

    assert await store.get_many([*items, f"{prefix}:none"]) == [*items.values(), None]


async def test_a_value_ends_with_its_time(store: Store, prefix: str) -> None:
    await store.set_many({f"{prefix}:short": b"1"}, 0.05)
    await store.set_many({f"{prefix}:long": b"1"}, 60)
    await store.set_many({f"{prefix}:ever": b"1"}, None)

    async def is_over() -> bool:
        return await store.get_many([f"{prefix}:short"]) == [None]

    await until(is_over)
    assert await store.get_many([f"{prefix}:long", f"{prefix}:ever"]) == [b"1", b"1"]


async def test_add_writes_only_where_nothing_is(store: Store, prefix: str) -> None:
    assert await store.add(prefix, b"first", 60)
    assert not await store.add(prefix, b"second", 60)

    assert await store.get_many([prefix]) == [b"first"]


async def test_of_many_who_add_one_succeeds(store: Store, prefix: str) -> None:
    tried = [store.add(prefix, b"%d" % number, 60) for number in range(8)]

    added = await asyncio.gather(*tried)

    assert sum(added) == 1
    assert await store.get_many([prefix]) == [b"%d" % added.index(True)]


async def test_add_writes_where_something_is_over(store: Store, prefix: str) -> None:
    await store.add(prefix, b"old", 0.05)

    async def is_added() -> bool:
        return await store.add(prefix, b"new", 60)

    await until(is_added)
    assert await store.get_many([prefix]) == [b"new"]


async def test_what_is_deleted_is_gone(store: Store, prefix: str) -> None:
    await store.set_many({f"{prefix}:a": b"1", f"{prefix}:b": b"1", f"{prefix}:c": b"1"}, 60)

    await store.delete_many([f"{prefix}:a", f"{prefix}:b", f"{prefix}:none"])

    found = await store.get_many([f"{prefix}:a", f"{prefix}:b", f"{prefix}:c"])
    assert found == [None, None, b"1"]


async def test_clear_deletes_what_begins_with_a_text(store: Store, prefix: str) -> None:
    keys = [f"{prefix}:a*b:1", f"{prefix}:a*b:2", f"{prefix}:axb:1", f"{prefix}:A*B:1"]
    await store.set_many(dict.fromkeys(keys, b"1"), 60)

    await store.clear(f"{prefix}:a*b:")

    assert await store.get_many(keys) == [None, None, b"1", b"1"]


async def test_increments_of_many_are_all_counted(store: Store, prefix: str) -> None:
    found = await asyncio.gather(*[store.increment(prefix, 2, 60) for _ in range(8)])

    assert sorted(found) == list(range(2, 17, 2))
    assert await store.get_many([prefix]) == [b"16"]


async def test_increment_counts_down_and_goes_on_from_what_was_written(
    store: Store, prefix: str
) -> None:
    await store.set_many({prefix: b"5"}, 60)

    assert await store.increment(prefix, -7, 60) == -2


async def test_increment_keeps_the_time_of_the_first(store: Store, prefix: str) -> None:
    await store.increment(prefix, 1, 3.0)
    await store.increment(prefix, 1, 60)

    async def begins_again() -> bool:
        return await store.increment(prefix, 1, 60) == 1

    await until(begins_again)


@pytest.mark.parametrize("value", [b"text", b'{"a":1}', b"\x01\xff", b"%d" % (2**63 - 1)])
async def test_what_is_no_number_is_not_incremented(
    store: Store, prefix: str, value: bytes
) -> None:
    await store.set_many({prefix: value}, 60)

    with pytest.raises(NotANumberError):
        await store.increment(prefix, 1, 60)

    assert await store.get_many([prefix]) == [value]


async def test_touch_prolongs_what_is_there(store: Store, prefix: str) -> None:
    await store.set_many({f"{prefix}:a": b"1", f"{prefix}:b": b"1"}, 30)

    touched = await store.touch_many([f"{prefix}:a", f"{prefix}:none"], 0.05)

    async def is_over() -> bool:
        return await store.get_many([f"{prefix}:a", f"{prefix}:b"]) == [None, b"1"]

    await until(is_over)
    assert touched == 1
    assert await store.touch_many([f"{prefix}:b"], None) == 1


async def test_a_lease_lets_its_holder_write_once(store: Store, prefix: str) -> None:
    lease = Lease(f"{prefix}:lease", "token")
    await store.add(lease.key, b"token", 60)

    assert await store.set_many({f"{prefix}:a": b"1"}, 60, lease)
    assert not await store.set_many({f"{prefix}:a": b"2"}, 60, lease)

    assert await store.get_many([f"{prefix}:a", lease.key]) == [b"1", None]


async def test_a_lease_that_was_deleted_or_is_anothers_writes_nothing(
    store: Store, prefix: str
) -> None:
    lease = Lease(f"{prefix}:lease", "mine")
    await store.add(lease.key, b"another", None)

    assert not await store.set_many({f"{prefix}:a": b"1"}, None, lease)
    await store.release(lease)
    assert await store.get_many([lease.key]) == [b"another"]

    await store.release(Lease(lease.key, "another"))
    assert await store.get_many([lease.key, f"{prefix}:a"]) == [None, None]
