"""Hints: heard in time, never relied on, and everything is looked at where some may be lost."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from tests.db.conftest import address, own_database
from trivet.db import Database, Listener

LONG = 20.0  # seconds in which a hint comes, or the test fails


async def heard(listener: Listener, wanted: set[str]) -> set[str]:
    """Collect payloads until all that are wanted have come."""
    found: set[str] = set()
    async with asyncio.timeout(LONG):
        while not wanted <= found:
            found |= await listener.wait(LONG)
    return found


@pytest.fixture
async def postgresql(worker_id: str) -> AsyncIterator[Database]:
    async with own_database(address("postgresql"), worker_id) as found:
        yield found


async def listens(database: Database, channel: str) -> None:
    """Wait until the server says that a connection listens, which a first hint shows."""
    async with database.listen(channel) as listener, asyncio.timeout(LONG):
        while "are you there" not in await listener.wait(0.1):
            database.notify(channel, "are you there")


@contextmanager
def told(database: Database) -> Iterator[list[int]]:
    """Note how many hints each statement sends."""
    statements: list[int] = []
    tell = database.driver.tell

    async def noting(channels: Sequence[str], payloads: Sequence[str]) -> None:
        statements.append(len(payloads))
        await tell(channels, payloads)

    database.driver.tell = noting  # type: ignore[method-assign]
    yield statements
    database.driver.tell = tell  # type: ignore[method-assign]


async def test_a_hint_is_heard(database: Database) -> None:
    async with database.listen("orders") as listener:
        await listens(database, "orders")
        await listener.wait(0)
        database.notify("orders", "17")

        assert "17" in await heard(listener, {"17"})


async def test_after_the_time_everything_is_looked_at(database: Database) -> None:
    async with database.listen("orders") as listener:
        while await listener.wait(0.05):
            pass
        assert await listener.wait(0.01) == frozenset()


async def test_a_hint_is_for_its_channel(database: Database) -> None:
    async with database.listen("orders") as orders, database.listen("stock") as stock:
        await listens(database, "orders")
        await listens(database, "stock")
        await orders.wait(0)
        await stock.wait(0)
        database.notify("stock", "s")
        database.notify("orders", "o")

        assert "s" not in await heard(orders, {"o"})
        assert "o" not in await heard(stock, {"s"})


async def test_a_listener_that_falls_behind_is_told_to_look_at_everything() -> None:
    listener = Listener()

    for number in range(2000):
        listener.hear(str(number))

    assert await listener.wait(LONG) == frozenset()


async def test_hints_come_from_other_processes(postgresql: Database) -> None:
    other = Database(postgresql.engine.url.render_as_string(hide_password=False))
    async with postgresql.listen("orders") as listener:
        await listens(postgresql, "orders")
        await listener.wait(0)
        other.notify("orders", "from elsewhere")
        await other.close()  # which sends what is not sent yet

        assert "from elsewhere" in await heard(listener, {"from elsewhere"})


async def test_hints_are_gathered_into_few_statements(postgresql: Database) -> None:
    async with postgresql.listen("orders") as listener:
        await listens(postgresql, "orders")
        await listener.wait(0)
        with told(postgresql) as statements:
            for number in range(100):
                postgresql.notify("orders", str(number % 10))

            await heard(listener, {str(n) for n in range(10)})
        assert statements == [10]


async def test_a_lost_connection_is_made_anew_and_everything_looked_at(
    postgresql: Database,
) -> None:
    async with postgresql.listen("orders") as listener:
        await listens(postgresql, "orders")
        await listener.wait(0)
        async with postgresql.engine.connect() as connection:
            ended = await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    " AND query LIKE '%LISTEN%'"
                )
            )
            assert ended.all()

        async with asyncio.timeout(LONG):
            while await listener.wait(LONG):
                pass
        postgresql.notify("orders", "after")
        assert "after" in await heard(listener, {"after"})


async def test_the_connection_that_listens_is_none_of_the_pool(worker_id: str) -> None:
    async with (
        own_database(address("postgresql"), worker_id, pool_size=1) as database,
        database.listen("orders"),
    ):
        await listens(database, "orders")

        async with asyncio.timeout(LONG), database.transaction() as unit:
            await unit.session()  # which has the one connection


async def test_no_connection_is_left_when_nobody_listens(postgresql: Database) -> None:
    await listens(postgresql, "orders")

    async with postgresql.engine.connect() as connection, asyncio.timeout(LONG):
        listening = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND query LIKE '%LISTEN%' AND pid <> pg_backend_pid()"
        )
        while await connection.scalar(listening):
            await connection.rollback()  # each look is a transaction of its own


def test_one_loop_after_the_other_may_listen() -> None:
    database = Database(address("postgresql"))

    async def run() -> None:
        await listens(database, f"trivet_{os.getpid()}")
        await database.close()

    asyncio.run(run())
    asyncio.run(run())


def test_a_payload_that_no_server_takes_is_refused() -> None:
    database = Database("sqlite://")

    with pytest.raises(ValueError, match="at most 7999 bytes"):
        database.notify("orders", "x" * 8000)
    with pytest.raises(ValueError, match="1 to 63 bytes"):
        database.notify("o" * 64)
