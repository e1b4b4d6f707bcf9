"""What becomes of an application whose Redis is killed, frozen, slow or full: misses, and no 500.

Latencies are logged (`pytest --log-cli-level=info`) and not judged: they say more of the machine.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Annotated, NoReturn

import httpx
import pytest

from tests.cache.hearing import hearing
from tests.cache.redis_server import OwnRedis
from trivet import App, Query
from trivet.cache import Breaker, Cache, RedisStore, cached
from trivet.testing import LiveServer

logger = logging.getLogger("tests.cache")

BREAKINGS = ("killed", "frozen", "slow", "full")


@pytest.fixture(scope="module")
def redis(
    tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], NoReturn]
) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path_factory.mktemp("redis"), OwnRedis.program(missing))
    server.start()
    yield server
    server.thaw()
    server.kill()


class Shop:
    """An application with a cached route, a cached function and a route that knows no cache."""

    def __init__(self, url: str) -> None:
        self.computed = 0
        self.name = "lamp"
        self.app = app = App()
        store = RedisStore(url, timeout=0.1)
        self.cache = cache = app.use(Cache(store, breaker=Breaker(failures=3, pause=0.3)))

        @cached(cache, ttl=60, tags=["products"])
        async def product(number: int) -> dict[str, str]:
            self.computed += 1
            return {"name": f"{self.name} {number}"}

        @app.get("/function/{number}")
        async def by_function(number: int) -> dict[str, str]:
            return await product(number)

        @app.get("/route/{number}")
        @cache.route(ttl=60, tags=["products"])
        async def by_route(number: int) -> dict[str, str]:
            self.computed += 1
            return {"name": f"{self.name} {number}"}

        @app.post("/rename")
        async def rename(name: Annotated[str, Query()]) -> None:
            self.name = name
            await cache.delete_tags("products")

        @app.get("/plain")
        async def plain() -> str:
            return "here"


class Client:
    """Asks, and remembers how long it took."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self.times: dict[str, list[float]] = {}

    def get(self, path: str) -> httpx.Response:
        begun = time.perf_counter()
        response = self._client.get(path)
        kind = path.split("/")[1]
        self.times.setdefault(kind, []).append((time.perf_counter() - begun) * 1000)
        assert response.status_code == 200, response.text
        return response

    def told(self) -> str:
        return "; ".join(
            f"{kind} median {median(times):.1f} ms, worst {max(times):.0f} ms"
            for kind, times in sorted(self.times.items())
        )


def break_it(redis: OwnRedis, how: str) -> None:
    match how:
        case "killed":
            redis.kill()
        case "frozen":
            redis.freeze()
        case "slow":
            redis.run("CLIENT", "PAUSE", "60000")
        case _:
            used = redis.run("INFO", "memory")["used_memory"]
            redis.run("CONFIG", "SET", "maxmemory-policy", "noeviction")
            redis.run("CONFIG", "SET", "maxmemory", str(used - 1000))


def mend_it(redis: OwnRedis, how: str) -> None:
    match how:
        case "killed":
            redis.start()
        case "frozen":
            redis.thaw()
        case "slow":
            redis.kill()  # a pause is not ended from outside
            redis.start()
        case _:
            redis.run("CONFIG", "SET", "maxmemory", "0")


@pytest.mark.parametrize("how", BREAKINGS)
def test_broken_redis_is_misses_and_nothing_else(redis: OwnRedis, how: str) -> None:
    redis.run("FLUSHALL")
    shop = Shop(redis.url)
    paths = ["/function/1", "/route/1"]
    with (
        LiveServer(shop.app) as server,
        httpx.Client(base_url=server.url, timeout=10) as http,
        hearing() as told,
    ):
        whole, broken = Client(http), Client(http)
        for _ in range(10):
            for path in (*paths, "/plain"):
                whole.get(path)
        assert shop.computed == 2

        break_it(redis, how)
        try:
            for number in range(10):
                for path in (*paths, f"/function/{number + 10}", f"/route/{number + 10}", "/plain"):
                    broken.get(path)
            assert http.post("/rename", params={"name": "sofa"}).status_code == 200
            for path in paths:
                # Whoever deleted something does not see it again, deleted or not.
                assert broken.get(path).json() == {"name": "sofa 1"}
        finally:
            mend_it(redis, how)
        figures = f"whole: {whole.told()}; broken: {broken.told()}; {shop.cache.stats()}"
        logger.info("%s: %s", how, figures)

        deadline = time.monotonic() + 10
        before = shop.cache.stats().hits
        while shop.cache.stats().hits < before + 4 or shop.cache.stats().owed:
            for path in paths:
                assert broken.get(path).json() == {"name": "sofa 1"}
            assert time.monotonic() < deadline, shop.cache.stats()
        assert not shop.cache.stats().is_away
    warned = [line for line in told if "is away" in line or "did not take" in line]
    assert len(warned) == 1, told


def test_an_application_starts_without_its_redis(redis: OwnRedis) -> None:
    redis.kill()
    try:
        shop = Shop(redis.url)
        with LiveServer(shop.app) as server, httpx.Client(base_url=server.url) as http:
            for number in range(5):
                assert http.get(f"/route/{number}").status_code == 200
    finally:
        redis.start()


def test_a_deletion_that_redis_did_not_hear_is_told_when_it_is_back(redis: OwnRedis) -> None:
    shop, other = Shop(redis.url), Shop(redis.url)
    with (
        LiveServer(shop.app) as first,
        LiveServer(other.app) as second,
        httpx.Client(base_url=first.url) as writer,
        httpx.Client(base_url=second.url) as reader,
    ):
        reader.get("/function/77")
        redis.freeze()
        try:
            writer.post("/rename", params={"name": "sofa"})
            other.name = "sofa"
        finally:
            redis.thaw()

        deadline = time.monotonic() + 10
        while reader.get("/function/77").json() != {"name": "sofa 77"}:
            assert time.monotonic() < deadline
        assert shop.cache.stats().owed == 0
