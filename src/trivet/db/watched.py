"""What a database tells of itself: its statements, whether it is there, its pool."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncEngine

from trivet.db.drivers.driver import Driver
from trivet.db.drivers.statements import Statements
from trivet.db.drivers.watched import WatchedDriver
from trivet.db.pending import Pending
from trivet.watching import Gauge, Probe, Reading, Watcher

if TYPE_CHECKING:
    from trivet.db.database import Database

__all__ = ["Watching", "gauges_of", "probes_of"]

_VERSIONS = {
    "sqlite": ("SQLite", "SELECT sqlite_version()"),
    "postgresql": ("PostgreSQL", "SHOW server_version"),
    "mysql": ("MySQL", "SELECT version()"),
    "mariadb": ("MariaDB", "SELECT version()"),
}


class Watching:
    """Who watches a database, from the first who does on."""

    def __init__(self, database: Database) -> None:
        self.watchers: list[Watcher] = []
        self._database = database

    def around(self, driver: Driver, engine: AsyncEngine) -> Driver:
        """Give a driver that tells of what it is asked for, as does the engine from now on."""
        if driver.unwatched is not driver:
            return driver
        statements = Statements(driver.url, self._database.name, self.watchers)
        statements.driver = driver
        statements.listen(engine.sync_engine)
        return WatchedDriver(driver, statements)

    def begin(self) -> None:
        """Tell of the database, and of its replicas, from now on."""
        database = self._database
        database.driver = self.around(database.driver, database.engine)
        for replica in database.replicas.all if database.replicas is not None else ():
            replica.driver = self.around(replica.driver, replica.engine)


def probes_of(database: Database) -> Sequence[Probe]:
    """Give what to ask whether a database is there, and whether its tables are those of today."""
    found = [Probe(database.name, _version(database))]
    if database.migrations.is_dir():
        main = database.migrations.name == "migrations"
        name = "migrations" if main else f"migrations of {database.name}"
        found.append(Probe(name, Pending(database).ask))
    return found


def _version(database: Database) -> Callable[[], Awaitable[str]]:
    async def ask() -> str:
        driver = database.driver.unwatched
        system = driver.url.get_backend_name()
        name, question = _VERSIONS.get(system, (system, "SELECT 1"))
        rows = await driver.rows(question, ())
        version = str(rows[0][0]).split("-")[0]
        if "MariaDB" in str(rows[0][0]):
            name = "MariaDB"
        return f"{name} {version.split(' ')[0]}"

    return ask


def gauges_of(database: Database) -> Sequence[Gauge]:
    """Give how the pool of connections is used."""
    label = {"database": database.name}

    async def connections() -> Sequence[Reading]:
        pool: Any = database.engine.sync_engine.pool
        lender = database.driver.lender
        kept = 0 if lender is None else lender.idle
        if not hasattr(pool, "checkedout"):  # no pool, as in a test
            return ()
        used = pool.checkedout() - kept
        return (
            Reading(used, {**label, "state": "used"}),
            Reading(pool.checkedin() + kept, {**label, "state": "idle"}),
        )

    async def most() -> Sequence[Reading]:
        pool: Any = database.engine.sync_engine.pool
        size = pool.size() if hasattr(pool, "size") else 1
        return (Reading(size + max(getattr(pool, "_max_overflow", 0), 0), label),)

    async def waiting() -> Sequence[Reading]:
        lender = database.driver.lender
        return (Reading(0 if lender is None else lender.waiting, label),)

    async def retries() -> Sequence[Reading]:
        return (Reading(database.retries, label),)

    return (
        Gauge(
            "trivet_db_connections", "Open connections of the pool, by their state.", connections
        ),
        Gauge("trivet_db_connections_max", "How many connections the pool may have.", most),
        Gauge("trivet_db_waiting", "Who waits for a connection at this moment.", waiting),
        Gauge(
            "trivet_db_retries_total",
            "Transactions that were run again because they lost a race.",
            retries,
            counts=True,
        ),
    )
