"""The cache in a table: beside every unit of work, bounded, and known to migrations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.cache.test_store import until
from tests.databases import clean_database
from tests.db.conftest import address, own_database
from trivet import App, HTTPException
from trivet.cache import Breaker, Cache, StoreAway, StoreBusy
from trivet.db import Database, Mapped, Model, field
from trivet.db.cache_store import DatabaseStore
from trivet.db.migrate.commands import Commands
from trivet.testing import TestClient


class Kept(Model, apart=True):
    """Models of a database with a cache."""


class Item(Kept):
    name: Mapped[str] = field(max_length=50)


@pytest.fixture
async def database(kind: str) -> AsyncIterator[Database]:
    DatabaseStore(Database(address(kind), models=Kept))  # its table
    async with clean_database(address(kind), Kept.metadata, models=Kept, pool_size=2) as found:
        yield found
        Kept.metadata.remove(Kept.metadata.tables["trivet_cache"])


@pytest.fixture
async def cache(database: Database) -> Cache:
    return Cache(DatabaseStore(database))


async def test_a_roll_back_takes_nothing_of_the_cache_back(
    database: Database, cache: Cache
) -> None:
    async def work() -> None:
        async with database.transaction():
            await cache.set("a", 1)
            await Item(name="never").save()
            raise LookupError

    with pytest.raises(LookupError):
        await work()

    async with database.transaction():
        assert await Item.where().count() == 0
    assert await cache.get("a") == 1


async def test_nobody_waits_where_a_request_writes_and_caches(
    database: Database, cache: Cache, kind: str
) -> None:
    await cache.set("old", 1)

    async def work() -> None:
        async with database.transaction():
            await Item(name="lamp").save()
            await cache.set("a", 1)
            assert await cache.get("old") == 1
            assert await cache.get_or_set("b", lambda: 2, int) == 2
            await cache.delete("old")
            assert await cache.get("old") is None

    await asyncio.wait_for(work(), 3)

    assert await cache.get("old") is None
    assert await cache.has("a") is (kind != "sqlite")  # where there is one writer, it is left out
    assert cache.stats().owed == 0
    assert not cache.stats().is_away
    await cache.close()


async def test_a_deletion_beside_a_roll_back_is_told_too(database: Database, cache: Cache) -> None:
    await cache.set("a", 1)

    async def work() -> None:
        async with database.transaction():
            await Item(name="lamp").save()
            await cache.delete("a")
            raise LookupError

    with pytest.raises(LookupError):
        await work()

    assert await cache.get("a") is None
    await cache.close()  # which tells what is owed
    assert await Cache(DatabaseStore(database)).get("a") is None


async def test_who_waits_for_another_writer_has_a_miss(database: Database, kind: str) -> None:
    store = DatabaseStore(database, timeout=0.05)
    count = 1 if kind == "sqlite" else 2  # all connections of the pool
    is_held = [asyncio.Event() for _ in range(count)]
    may_end = asyncio.Event()

    async def hold(begun: asyncio.Event) -> None:
        async with database.transaction():
            await Item(name="lamp").save()
            begun.set()
            await may_end.wait()

    holding = [asyncio.create_task(hold(begun)) for begun in is_held]
    for begun in is_held:
        await begun.wait()

    with pytest.raises(StoreBusy if kind == "sqlite" else StoreAway):
        await store.set_many({"a": b"1"}, None)
    cache = Cache(store, breaker=Breaker(failures=100))
    assert await cache.get_or_set("b", lambda: 2, int) == 2

    may_end.set()
    await asyncio.gather(*holding)

    async def is_kept() -> bool:
        await cache.set("a", 1)
        return await cache.get("a") == 1

    await until(is_kept)
    await cache.close()


async def test_a_table_that_is_not_there_is_misses(kind: str, worker_id: str) -> None:
    async with own_database(address(kind), worker_id, models=Kept) as database:
        store = DatabaseStore(database, table="nowhere")
        try:
            cache = Cache(store)

            assert await cache.get_or_set("a", lambda: 1, int) == 1
            with pytest.raises(StoreAway, match="trivet migrate"):
                await store.set_many({"a": b"1"}, None)
        finally:
            Kept.metadata.remove(store.table)


async def test_what_is_over_and_what_is_too_much_goes(database: Database) -> None:
    now = 1_800_000_000.0
    store = DatabaseStore(database, max_entries=300, clock=lambda: now)
    await store.set_many({f"short:{n}": b"1" for n in range(150)}, 10)
    now += 11

    await store.set_many({f"long:{n}": b"1" for n in range(60)}, 1000)
    assert await count(store, database) == 60

    await store.set_many({f"longest:{n}": b"1" for n in range(250)}, None)
    await store.set_many({f"soon:{n}": b"1" for n in range(250)}, 100)
    assert 250 <= await count(store, database) <= 300
    assert await store.get_many(["longest:0", "soon:0"]) == [b"1", None]


async def count(store: DatabaseStore, database: Database) -> int:
    async with database.transaction() as unit:
        found: int = await unit.scalar(select(func.count()).select_from(store.table))
    return found


def test_a_request_that_fails_and_one_that_writes_are_served(tmp_path: Path) -> None:
    app = App()
    database = app.use(Database(f"sqlite:///{tmp_path}/shop.db", models=Kept))
    cache = app.use(Cache(DatabaseStore(database, table="cache_of_shop")))

    @app.get("/names")
    @cache.route(ttl=60, tags=["items"])
    async def names() -> list[str]:
        return [item.name for item in await Item.where()]

    @app.post("/items/{name}")
    async def add(name: str) -> None:
        await Item(name=name).save()
        await cache.delete_tags("items")
        if name == "wrong":
            raise HTTPException(409)

    try:
        asyncio.run(created(database))
        with TestClient(app) as client:
            assert client.get("/names").json() == []
            assert client.post("/items/lamp").status_code == 200
            assert [client.get("/names").json() for _ in range(2)] == [["lamp"]] * 2
            assert client.post("/items/wrong").status_code == 409
            assert [client.get("/names").json() for _ in range(2)] == [["lamp"]] * 2
            assert client.get("/names").headers["age"] == "0"
    finally:
        Kept.metadata.remove(Kept.metadata.tables["cache_of_shop"])


async def test_migrations_make_the_table_where_a_store_wants_it(
    kind: str, worker_id: str, tmp_path: Path
) -> None:
    async with own_database(address(kind), worker_id, models=Kept) as database:
        store = DatabaseStore(database, table="kept_values")
        try:
            folder = tmp_path / "migrations"
            commands = Commands(database, folder, database.metadata)
            await commands.makemigrations("first")
            await commands.migrate()
            await commands.migrate(check=True)  # raises where anything is left to do

            await store.set_many({"a": bytes(100_000)}, None)
            assert await store.get_many(["a"]) == [bytes(100_000)]
        finally:
            Kept.metadata.remove(store.table)


async def created(database: Database) -> None:
    await database.create_tables()
    await database.close()
