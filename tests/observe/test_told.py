"""What databases, jobs, caches and mail tell to who watches them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Mapped

from tests.databases import clean_database
from tests.db.conftest import URLS, address
from tests.observe.seen import Seen
from trivet import App
from trivet.cache import Cache
from trivet.db import BareModel, Database, Model
from trivet.jobs import Jobs, job
from trivet.mail import Mail as Mailer
from trivet.mail import MailRefused, MemoryTransport, Message
from trivet.testing import assert_queries


class ObservedModel(Model, apart=True):
    """Where the tables of these tests are registered."""


class ObservedBook(ObservedModel):
    title: Mapped[str]


@pytest.fixture(params=list(URLS))
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
async def database(kind: str) -> AsyncIterator[Database]:
    tables = ObservedModel.metadata
    async with clean_database(address(kind), tables, models=ObservedModel) as found:
        yield found


@pytest.fixture
def seen(database: Database) -> Seen:
    seen = Seen()
    database.watch(seen)
    return seen


async def test_both_ways_of_a_row_are_told(database: Database, seen: Seen) -> None:
    async with database.transaction() as unit:
        await ObservedBook(title="Cast iron").save()
        read = await ObservedBook.where(title="Cast iron")
        session = await unit.session()
        found = (await session.execute(select(ObservedBook))).scalars().all()

    assert found == list(read)
    assert seen.names("query") == [
        "INSERT observed_book",
        "SELECT observed_book",
        "SELECT observed_book",
    ]
    direct = seen.of("query")[1].facts
    assert direct["db.operation.name"] == "SELECT"
    assert direct["db.collection.name"] == "observed_book"
    assert direct["db.response.returned_rows"] == 1
    assert list(direct["trivet.values"]) == ["Cast iron"]
    assert "observed_book" in direct["db.query.text"]
    assert direct["db.system.name"] == database.driver.url.get_backend_name()
    assert len(seen.begun) == len(seen.all)


async def test_query_explains_itself_afterwards(database: Database, seen: Seen) -> None:
    async with database.transaction() as unit:
        await ObservedBook.where(title="Cast iron")
        await (await unit.session()).execute(select(ObservedBook).where(ObservedBook.id == 7))
    explains = [one.explain for one in seen.of("query")]

    plans = [await explain() for explain in explains if explain is not None]

    assert len(plans) == 2
    assert "observed_book" in plans[0]
    assert plans[1]
    assert len(seen.of("query")) == 2  # to explain is told to nobody


async def test_failed_query_is_told_with_its_error(database: Database, seen: Seen) -> None:
    with pytest.raises(Exception, match="nowhere_at_all"):
        async with database.transaction():
            await database.sql("SELECT 1 FROM nowhere_at_all")

    (told,) = seen.of("query")
    assert told.name == "SELECT nowhere_at_all"
    assert told.error is not None


async def test_transaction_is_told_and_is_no_query(database: Database, seen: Seen) -> None:
    async with database.transaction():
        await ObservedBook(title="Cast iron").save()

    assert seen.names("transaction") == ["BEGIN", "COMMIT"]
    assert seen.names("query") == ["INSERT observed_book"]


async def test_watched_queries_are_counted_as_before(database: Database, seen: Seen) -> None:
    async with database.transaction():
        with assert_queries(1, database):
            await ObservedBook.where(title="x")

    assert seen.names("query") == ["SELECT observed_book"]


async def test_nothing_is_paid_for_a_database_that_nobody_watches(database: Database) -> None:
    assert database.driver.unwatched is database.driver
    assert not database.engine.sync_engine.dispatch.before_cursor_execute


async def test_probe_names_the_server_and_its_version(database: Database) -> None:
    (probe,) = database.probes()

    said = await probe.ask()

    assert said.split()[0] in {"SQLite", "PostgreSQL", "MariaDB", "MySQL"}
    assert said.split()[1][0].isdigit()


async def test_pool_is_counted(database: Database) -> None:
    async with database.engine.connect():
        gauges = {gauge.name: await gauge.read() for gauge in database.gauges()}

    states = {one.labels["state"]: one.value for one in gauges["trivet_db_connections"]}
    assert states["used"] == 1
    assert gauges["trivet_db_connections_max"][0].value == 10


async def test_cache_tells_outcomes_with_keys() -> None:
    seen, cache = Seen(), Cache()
    cache.watch(seen)

    await cache.get("a")
    await cache.set("a", 1)
    await cache.get("a")
    await cache.delete("a")

    told = [(one.name, one.facts.get("trivet.cache.outcome")) for one in seen.of("cache")]
    assert told == [("get", "miss"), ("set", None), ("get", "hit"), ("delete", None)]
    assert all(one.facts["trivet.cache.key"].endswith(":a") for one in seen.all)


async def test_mail_tells_deliveries_and_nobodys_address() -> None:
    class Refusing(MemoryTransport):
        async def send(self, message: Message) -> None:
            raise MailRefused("no such mailbox")

    seen = Seen()
    for transport in (MemoryTransport(), Refusing()):
        mail = Mailer(transport, sender="shop@example.org")
        mail.watch(seen)
        if isinstance(transport, Refusing):
            with pytest.raises(MailRefused):
                await mail.send(Message(to="ann@example.org", subject="Hello", text="Hello"))
        else:
            await mail.send(Message(to="ann@example.org", subject="Hello", text="Hello"))

    sent, refused = seen.of("mail")
    assert (sent.name, sent.error) == ("MemoryTransport", None)
    assert isinstance(refused.error, MailRefused)
    assert "ann@" not in repr(sent.facts)


@job(queue="letters", max_attempts=1)
async def write_observed(text: str) -> None:
    if not text:
        raise ValueError("nothing to write")


async def test_jobs_tell_attempts_with_their_outcome() -> None:
    seen, app = Seen(), App()
    app.watch(seen)
    async with clean_database("sqlite://", (), models=ObservedJobs) as database:
        app.use(database)
        jobs = app.use(Jobs(database))
        jobs.add(write_observed)
        await database.create_tables()
        async with database.transaction():
            await write_observed.enqueue("a letter")
            await write_observed.enqueue("")

        await jobs.run_pending()
        gauges = {gauge.name: await gauge.read() for gauge in jobs.gauges()}
        (probe,) = jobs.probes()
        said = await probe.ask()

    done, dead = seen.of("job")
    assert done.name == dead.name == write_observed.name
    assert done.facts["messaging.destination.name"] == "letters"
    assert [one.facts["trivet.job.outcome"] for one in (done, dead)] == ["done", "dead"]
    assert isinstance(dead.error, ValueError)
    states = {one.labels["state"]: one.value for one in gauges["trivet_jobs"]}
    assert states["dead"] == 1
    assert said.startswith("the oldest one waits")


class ObservedJobs(BareModel, apart=True):
    """Where the table of the jobs of these tests is registered."""
