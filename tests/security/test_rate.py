"""What every store of rates does, run on each of them, and what each does alone."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cache.redis_server import OwnRedis
from tests.databases import clean_database
from tests.db.conftest import URLS, address
from trivet import App
from trivet.db import Database, Model
from trivet.db.rates_store import DatabaseRates
from trivet.errors import MissingExtraError, SetupError
from trivet.security.rate import MemoryRates, Rate, RatesAway, RateStore
from trivet.security.redis_rates import RedisRates
from trivet.testing import TestClient

REDIS = os.environ.get("TEST_REDIS", "redis://127.0.0.1:6379/0")
DAILY = Rate(5, 86_400)


class Counted(Model, apart=True):
    """Models of a database with rates: none."""


@pytest.fixture(params=["memory", "redis", "sqlite", "postgresql", "mariadb"])
async def store(
    request: pytest.FixtureRequest, missing: Callable[[str], NoReturn], worker_id: str
) -> AsyncIterator[RateStore]:
    if request.param in URLS:
        url, tables = address(request.param), Counted.metadata
        DatabaseRates(Database(url, models=Counted))  # its table
        async with clean_database(url, tables, models=Counted) as database:
            yield DatabaseRates(database, timeout=5)
        return
    if request.param == "memory":
        yield MemoryRates()
        return
    url = urlsplit(REDIS)
    try:
        socket.create_connection((url.hostname, url.port or 6379), 1).close()
    except OSError:
        missing(f"no Redis at {url.netloc}")
    prefix = f"test-{secrets.token_hex(6)}"
    rates = RedisRates(REDIS, prefix=prefix, timeout=5)
    yield rates
    assert rates._redis._client is not None
    async for key in rates._redis._client.scan_iter(f"{prefix}:*", count=1000):
        assert await rates._redis._client.pttl(key) > 0  # nothing is kept for ever
        await rates._redis._client.unlink(key)
    await rates.close()


async def test_as_many_as_the_limit_pass_at_once_and_no_more(store: RateStore) -> None:
    taken = [await store.take("ann", DAILY) for _ in range(7)]

    assert [one.allowed for one in taken] == [True] * 5 + [False] * 2
    assert [one.remaining for one in taken] == [4, 3, 2, 1, 0, 0, 0]


async def test_who_is_refused_hears_when_the_next_may_come(store: RateStore) -> None:
    for _ in range(5):
        last = await store.take("ann", DAILY)
        assert last.retry_after == 0

    refused = await store.take("ann", DAILY)

    assert 0 < refused.retry_after <= 86_400 / 5
    assert 86_400 * 4 / 5 < refused.reset_after <= 86_400


async def test_keys_count_by_themselves(store: RateStore) -> None:
    for _ in range(6):
        await store.take("ann", DAILY)

    assert (await store.take("bob", DAILY)).remaining == 4


async def test_of_many_at_one_moment_only_the_limit_pass(store: RateStore) -> None:
    taken = await asyncio.gather(*[store.take("ann", DAILY) for _ in range(40)])

    assert sum(one.allowed for one in taken) == 5


async def test_what_was_taken_flows_back(store: RateStore) -> None:
    rate = Rate(20, 1)
    while (await store.take("ann", rate)).allowed:
        pass

    deadline = time.monotonic() + 10
    while not (await store.take("ann", rate)).allowed:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("limit", [1, 3, 7, 101])
async def test_limits_that_do_not_divide_the_time_are_kept_exactly(
    store: RateStore, limit: int
) -> None:
    taken = [await store.take("ann", Rate(limit, 86_400)) for _ in range(limit + 1)]

    assert [one.allowed for one in taken] == [True] * limit + [False]


async def test_a_smaller_rate_for_a_key_waits_no_longer_than_its_own_time(store: RateStore) -> None:
    for _ in range(5):
        await store.take("ann", DAILY)

    refused = await store.take("ann", Rate(2, 60))

    assert not refused.allowed
    assert refused.retry_after <= 30


@given(
    st.integers(1, 20),
    st.integers(1, 90),
    st.lists(st.integers(0, 8_000_000), max_size=60),
)
def test_no_time_sees_twice_the_limit_and_the_average_is_kept(
    limit: int, seconds: int, pauses: list[int]
) -> None:
    now = 0
    rates = MemoryRates(clock=lambda: now / 1_000_000)
    rate = Rate(limit, seconds)
    passed: list[int] = []

    async def run() -> None:
        nonlocal now
        for pause in pauses:
            now += pause
            if (await rates.take("ann", rate)).allowed:
                passed.append(now)

    asyncio.run(run())

    for index, began in enumerate(passed):
        within = [moment for moment in passed[index:] if moment < began + seconds * 1_000_000]
        assert len(within) < 2 * limit + 1
        for count, moment in enumerate(passed[index:], 1):
            assert count <= limit + (moment - began) / rate.interval + 1e-9


@given(st.integers(1, 10), st.lists(st.integers(0, 3_000_000), max_size=40))
def test_who_waits_as_told_is_let_through(limit: int, pauses: list[int]) -> None:
    now = 0
    rates = MemoryRates(clock=lambda: now / 1_000_000)
    rate = Rate(limit, 10)

    async def run() -> None:
        nonlocal now
        for pause in pauses:
            now += pause
            taken = await rates.take("ann", rate)
            if not taken.allowed:
                now += round(taken.retry_after * 1_000_000) + 1
                assert (await rates.take("ann", rate)).allowed

    asyncio.run(run())


async def test_memory_forgets_who_was_not_seen_for_the_longest_time() -> None:
    rates = MemoryRates(max_keys=2)

    for key in ("ann", "bob", "ann", "eve"):
        await rates.take(key, DAILY)

    assert (len(rates), rates.forgotten) == (2, 1)
    assert (await rates.take("ann", DAILY)).remaining == 2
    assert (await rates.take("bob", DAILY)).remaining == 4


def test_a_memory_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="max_keys"):
        MemoryRates(max_keys=0)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("10/minute", Rate(10, 60)),
        ("5/15 minutes", Rate(5, 900)),
        ("1 / second", Rate(1, 1)),
        ("1000/2days", Rate(1000, 172_800)),
        (" 3/hour ", Rate(3, 3600)),
    ],
)
def test_a_rate_is_read_from_text(text: str, rate: Rate) -> None:
    assert Rate.read(text) == rate


@pytest.mark.parametrize(
    "text", ["", "10", "10/week", "0/minute", "-1/minute", "1.5/hour", "5/0 minutes", "ten/minute",
             "2000000/second", "10/minute/hour"],
)  # fmt: skip
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(SetupError) as caught:
        Rate.read(text)

    assert caught.value.code == "security.rate"


async def test_a_redis_that_is_away_says_so_at_once() -> None:
    rates = RedisRates("redis://127.0.0.1:1/0")

    with pytest.raises(RatesAway):
        await rates.take("ann", DAILY)
    await rates.close()


async def test_a_redis_that_comes_back_empty_is_used_again(
    tmp_path: Path, missing: Callable[[str], NoReturn]
) -> None:
    """It has lost the script too, which is sent again."""
    server = OwnRedis(tmp_path, OwnRedis.program(missing))
    server.start()
    try:
        rates = RedisRates(server.url, timeout=5)
        assert (await rates.take("ann", DAILY)).remaining == 4
        server.run("SCRIPT", "FLUSH")
        assert (await rates.take("ann", DAILY)).remaining == 3
        server.kill()
        with pytest.raises(RatesAway):
            await rates.take("ann", DAILY)
        server.start()
        assert (await rates.take("ann", DAILY)).remaining == 4
        await rates.close()
    finally:
        server.kill()


async def test_what_others_wrote_under_a_key_is_no_error(
    tmp_path: Path, missing: Callable[[str], NoReturn]
) -> None:
    server = OwnRedis(tmp_path, OwnRedis.program(missing))
    server.start()
    try:
        rates = RedisRates(server.url, timeout=5)
        server.run("SET", "rates:ann", "no number")
        assert (await rates.take("ann", DAILY)).remaining == 4
        await rates.close()
    finally:
        server.kill()


def test_an_application_that_stops_closes_its_connections() -> None:
    app = App()
    rates = app.use(RedisRates(REDIS, prefix=f"test-{secrets.token_hex(6)}"))
    brief = Rate(1, 1)

    @app.get("/")
    async def take() -> bool:
        return (await rates.take("ann", brief)).allowed

    with TestClient(app) as client:
        assert client.get("/").json() is True
    assert rates._redis._client is None


def test_without_the_library_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing_module(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("trivet.redis_pool.import_module", missing_module)

    with pytest.raises(MissingExtraError, match=r"trivet\[redis\]"):
        RedisRates(REDIS)
