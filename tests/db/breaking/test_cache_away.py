"""A cache in a database that is killed, frozen or not there: misses, and no 500."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.db.breaking.servers import OwnServer
from trivet import App
from trivet.cache import Breaker, Cache
from trivet.db import Database, Model
from trivet.db.cache_store import DatabaseStore
from trivet.testing import LiveServer


class Nothing(Model, apart=True):
    """Models of a database with a cache and nothing else."""


@pytest.fixture
def app(server: OwnServer) -> App:
    app = App()
    database = app.use(Database(server.url, models=Nothing, timeout=1.0))
    store = DatabaseStore(database, table=f"cache_{server.kind}", timeout=0.2)
    cache = app.use(Cache(store, breaker=Breaker(failures=3, pause=0.3)))

    @asynccontextmanager
    async def tables(_: object) -> AsyncIterator[None]:
        await database.create_tables()
        yield

    app.router.lifespan_context = tables

    @app.get("/route/{number}")
    @cache.route(ttl=60, tags=["all"])
    async def route(number: int) -> int:
        await asyncio.sleep(0)
        return number

    @app.delete("/all")
    async def forget() -> None:
        await cache.delete_tags("all")

    @app.get("/stats")
    async def stats() -> list[int]:
        return [cache.stats().hits, cache.stats().owed]

    return app


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_a_database_that_breaks_is_misses_and_nothing_else(
    app: App, server: OwnServer, how: str
) -> None:
    with LiveServer(app) as live, httpx.Client(base_url=live.url, timeout=10) as client:
        client.delete("/all")
        ages = ["age" in client.get("/route/1").headers for _ in range(2)]
        assert ages == [False, True]

        server.kill() if how == "killed" else server.freeze()
        try:
            for number in (*range(8), 1, 1):
                assert client.get(f"/route/{number}").json() == number
            assert client.delete("/all").status_code == 200
            assert "age" not in client.get("/route/1").headers
        finally:
            server.start() if how == "killed" else server.thaw()

        deadline = time.monotonic() + 20
        while "age" not in client.get("/route/1").headers or client.get("/stats").json()[1]:
            assert time.monotonic() < deadline, client.get("/stats").json()
            time.sleep(0.02)
