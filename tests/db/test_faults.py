"""What goes wrong with a real server costs those who were asking, and nobody after them."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asyncpg import InterfaceError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, StatementError

from tests.databases import clean_database
from tests.db.conftest import address, tables_of
from tests.db.models import Author, Post
from trivet import App
from trivet.db import Database, DatabaseBusy
from trivet.db.faults import Fault, fault_of
from trivet.testing import async_client


@pytest.fixture(params=["postgresql", "mariadb"])
async def database(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    async with clean_database(address(request.param), tables_of("tests.db.")) as found:
        yield found


@pytest.fixture
async def narrow(database: Database) -> AsyncIterator[Database]:
    """The same database through a pool of two, for whose connections nobody waits long."""
    found = Database(
        database.engine.url.render_as_string(hide_password=False), pool_size=2, timeout=0.3
    )
    yield found
    await found.close()


async def _end_all_connections(url: str) -> int:
    server = Database(url)
    async with server.engine.connect() as connection:
        if url.startswith("postgresql"):
            ended = await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
            count = len(ended.all())
        else:
            others = await connection.execute(
                text(
                    "SELECT id FROM information_schema.processlist"
                    " WHERE db = DATABASE() AND id <> CONNECTION_ID()"
                )
            )
            numbers = others.scalars().all()
            for number in numbers:
                with contextlib.suppress(DBAPIError):  # it has gone by itself
                    await connection.execute(text(f"KILL {number}"))
            count = len(numbers)
    await server.close()
    return count


async def test_an_exhausted_pool_says_so_in_time_and_recovers(narrow: Database) -> None:
    async with narrow.transaction(), _other(narrow):
        await Post.create(title="holds one")
        with pytest.raises(DatabaseBusy, match=r"within 0\.3 s"):
            await asyncio.create_task(_read(narrow), context=contextvars.Context())
    assert await _read(narrow) == 1


def _other(database: Database) -> Any:
    return database.engine.begin()


async def _read(database: Database) -> int:
    async with database.transaction():
        return len(await Post.all())


async def test_an_exhausted_pool_is_a_503_for_the_client(narrow: Database) -> None:
    app = App()
    app.use(narrow)
    gate = asyncio.Event()

    @app.post("/slow")
    async def slow() -> None:
        await Post.create(title="slow")
        await gate.wait()

    @app.post("/write")
    async def write() -> None:
        await Post.create(title="quick")

    @app.get("/read")
    async def read() -> list[Post]:
        return await Post.all()

    async with async_client(app) as client:
        held = [asyncio.create_task(client.post("/slow")) for _ in range(2)]
        await asyncio.sleep(0.1)
        refused = await asyncio.gather(client.get("/read"), client.post("/write"))
        gate.set()
        assert [answer.status_code for answer in await asyncio.gather(*held)] == [200, 200]
        assert [answer.status_code for answer in refused] == [503, 503]
        assert all(answer.headers["retry-after"] == "1" for answer in refused)
        assert len((await client.get("/read")).json()) == 2


async def test_connections_that_the_server_ended_are_made_anew(database: Database) -> None:
    async with database.transaction():
        await Author.create(name="Ann")
    await asyncio.gather(*[_names(database) for _ in range(10)])
    url = database.engine.url.render_as_string(hide_password=False)

    assert await _end_all_connections(url) > 1
    await asyncio.sleep(0.1)

    assert await asyncio.gather(*[_names(database) for _ in range(20)]) == [["Ann"]] * 20
    async with database.transaction():
        await Author.create(name="Bob")
    assert await _names(database) == ["Ann", "Bob"]


async def _names(database: Database) -> list[str]:
    async with database.transaction():
        return [author.name for author in await Author.all().order_by("name")]


async def test_a_restart_under_load_costs_only_those_who_were_asking(database: Database) -> None:
    async with database.transaction():
        await Author.create(name="Ann")
    url = database.engine.url.render_as_string(hide_password=False)
    failures: list[BaseException] = []
    is_over = False

    async def ask() -> None:
        while not is_over:
            try:
                assert await _names(database) == ["Ann"]
            except Exception as error:
                failures.append(error)

    asking = [asyncio.create_task(ask()) for _ in range(20)]
    for _ in range(3):
        await asyncio.sleep(0.1)
        await _end_all_connections(url)
    await asyncio.sleep(0.2)
    failures_by_then = len(failures)
    await asyncio.sleep(0.2)
    is_over = True
    await asyncio.gather(*asking)

    # Ten connections, ended three times: each costs the one who held it.
    assert len(failures) == failures_by_then <= 30
    assert await _names(database) == ["Ann"]


async def test_two_writers_of_one_unique_row_leave_one(database: Database) -> None:
    async def write() -> str:
        try:
            async with database.transaction():
                await Author.create(name="Ann")
        except Exception as error:
            return type(error).__name__
        return "stored"

    assert sorted(await asyncio.gather(*[write() for _ in range(5)])) == [
        *["UniqueViolation"] * 4,
        "stored",
    ]
    assert await _names(database) == ["Ann"]


async def test_a_cancelled_read_leaves_a_sound_pool(database: Database) -> None:
    async with database.transaction():
        await Author.create(name="Ann")

    for _ in range(20):
        work = asyncio.create_task(_names(database))
        await asyncio.sleep(0.001)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    assert await asyncio.gather(*[_names(database) for _ in range(20)]) == [["Ann"]] * 20


async def test_who_waits_gets_the_place_of_a_cancelled_read(narrow: Database) -> None:
    slow = {"postgresql": "SELECT pg_sleep(5)", "mariadb": "SELECT SLEEP(5)"}
    sql = slow[narrow.engine.dialect.name]
    reading = [asyncio.create_task(narrow.driver.rows(sql, ())) for _ in range(2)]
    await asyncio.sleep(0.1)
    waiting = asyncio.create_task(narrow.driver.rows("SELECT 1", ()))
    await asyncio.sleep(0.05)

    reading[0].cancel()

    assert [tuple(row) for row in await waiting] == [(1,)]
    reading[1].cancel()
    await asyncio.gather(*reading, return_exceptions=True)


async def test_readers_and_sessions_share_a_pool_fairly(narrow: Database) -> None:
    url = narrow.engine.url.render_as_string(hide_password=False)
    busy = Database(url, pool_size=2)  # more patient: it is about the order, on a slow machine too
    is_over = False
    reads = 0

    async def read() -> None:
        nonlocal reads
        while not is_over:
            await busy.driver.rows("SELECT 1", ())
            reads += 1

    async def ask() -> None:
        async with busy.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    reading = [asyncio.create_task(read()) for _ in range(10)]
    await asyncio.sleep(0.05)
    for _ in range(5):
        await asyncio.gather(*[ask() for _ in range(4)])
    is_over = True
    await asyncio.gather(*reading)

    assert reads > 0
    await busy.close()


async def test_a_session_gets_the_connection_that_is_kept_for_readers(narrow: Database) -> None:
    await asyncio.gather(*[narrow.driver.rows("SELECT 1", ()) for _ in range(20)])

    async with narrow.engine.connect() as first, narrow.engine.connect() as second:
        assert (await first.execute(text("SELECT 1"))).scalar_one() == 1
        assert (await second.execute(text("SELECT 1"))).scalar_one() == 1
        with pytest.raises(DatabaseBusy):
            await narrow.driver.rows("SELECT 1", ())
    assert len(await narrow.driver.rows("SELECT 1", ())) == 1


async def test_a_refused_read_costs_no_connection(narrow: Database) -> None:
    own = {"postgresql": "SELECT pg_backend_pid()", "mariadb": "SELECT CONNECTION_ID()"}
    number = own[narrow.engine.dialect.name]
    (before,) = await narrow.driver.rows(number, ())

    with pytest.raises(Exception, match="no_such"):
        await narrow.driver.rows("SELECT * FROM no_such_table", ())

    (after,) = await narrow.driver.rows(number, ())
    assert before[0] == after[0]


async def test_a_database_that_was_closed_goes_on(database: Database) -> None:
    async with database.transaction():
        await Author.create(name="Ann")
    assert await _names(database) == ["Ann"]

    await database.close()

    assert await asyncio.gather(*[_names(database) for _ in range(20)]) == [["Ann"]] * 20


async def test_who_wants_connections_to_be_asked_first_gets_that(database: Database) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    careful = Database(url, pool_size=2, pool_pre_ping=True, pool_recycle=3600)
    async with careful.transaction():
        await Author.create(name="Ann")
    assert await _names(careful) == ["Ann"]

    await _end_all_connections(url)

    assert await asyncio.gather(*[_names(careful) for _ in range(20)]) == [["Ann"]] * 20
    await careful.close()


def test_a_value_that_a_type_cannot_turn_is_unfit() -> None:
    """SQLAlchemy tells of it by an error of its own, as no driver was asked."""
    orig = OverflowError("date value out of range")

    assert fault_of(StatementError("no", "INSERT …", None, orig)) is Fault.UNFIT
    assert fault_of(StatementError("no", "INSERT …", None, TypeError("no text"))) is None


def test_a_connection_that_ended_between_two_statements_is_away() -> None:
    told = "cannot switch to state 15; another operation ({}) is in progress"

    assert fault_of(InterfaceError("connection is closed")) is Fault.AWAY
    assert fault_of(Exception(told.format(2))) is Fault.AWAY
    assert fault_of(Exception(told.format(11))) is None  # a mistake of the program's
    closed = "unable to perform operation on <TCPTransport closed=True>; the handler is closed"
    assert fault_of(RuntimeError(closed)) is Fault.AWAY
