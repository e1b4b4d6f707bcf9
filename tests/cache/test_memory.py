"""The bounds of the store in memory."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivet.cache import MemoryStore
from trivet.cache.memory import _OVERHEAD

KEYS = st.sampled_from("abcd")
STEPS = st.one_of(
    st.tuples(st.just("set"), KEYS, st.binary(max_size=40), st.sampled_from([None, 1.0, 5.0])),
    st.tuples(st.just("get"), KEYS),
    st.tuples(st.just("delete"), KEYS),
    st.tuples(st.just("wait"), st.sampled_from([0.5, 1.0, 4.0])),
)


async def test_what_was_used_least_recently_goes_first() -> None:
    store = MemoryStore(max_entries=2)
    await store.set_many({"a": b"1", "b": b"1"}, None)
    await store.get_many(["a"])

    await store.set_many({"c": b"1"}, None)

    assert await store.get_many(["a", "b", "c"]) == [b"1", None, b"1"]
    assert (len(store), store.evicted) == (2, 1)


async def test_what_is_larger_than_all_of_it_is_not_kept() -> None:
    store = MemoryStore(max_bytes=1000)
    await store.set_many({"a": b"1"}, None)

    await store.set_many({"a": bytes(1000)}, None)

    assert await store.get_many(["a"]) == [None]
    assert store.bytes == 0


@pytest.mark.parametrize("wrong", [{"max_entries": 0}, {"max_bytes": 0}])
def test_a_store_for_nothing_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        MemoryStore(**wrong)


@given(st.lists(STEPS), st.integers(1, 4), st.integers(1, 4))
def test_bounds_hold_and_nothing_old_is_given(steps: list[Any], entries: int, room: int) -> None:
    """Whatever is done: what is given is the last value and in its time; the counts are right."""
    now = 0.0
    most = room * (_OVERHEAD + 30)
    store = MemoryStore(max_entries=entries, max_bytes=most, clock=lambda: now)
    model: dict[str, tuple[bytes, float]] = {}

    async def run() -> None:
        nonlocal now
        for step in steps:
            match step:
                case ("set", key, value, ttl):
                    await store.set_many({key: value}, ttl)
                    model[key] = (value, now + ttl if ttl else float("inf"))
                case ("get", key):
                    (found,) = await store.get_many([key])
                    if found is not None:
                        assert model[key][0] == found
                        assert now < model[key][1]
                case ("delete", key):
                    await store.delete_many([key])
                    model.pop(key, None)
                case ("wait", seconds):
                    now += seconds
            held = store._entries
            assert len(held) <= entries
            assert store.bytes == sum(len(k) + len(v) + _OVERHEAD for k, (v, _) in held.items())
            assert store.bytes <= most

    asyncio.run(run())
