"""What a database tells of itself: its statements, whether it is there, its pool."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from trivet.db.drivers.driver import Driver
from trivet.db.drivers.statements import Statements
from trivet.db.drivers.watched import WatchedDriver
from trivet.db.pending import Pending
from trivet.watching import Gauge, Probe, Reading, Watcher

if TYPE_CHECKING:
    from trivet.db.database import Database
    from trivet.db.replicas import Replica

__all__ = ["Watching", "gauges_of", "probes_of", "watched_by"]

_VERSIONS = {
    "sqlite": ("SQLite", "SELECT sqlite_version()"),
    "postgresql": ("PostgreSQL", "SHOW server_version"),
    "mysql": ("MySQL", "SELECT version()"),
    "mariadb": ("MariaDB", "SELECT version()"),
}


class Watching:
    """Who watches a database and its replicas; nothing is paid for it while nobody does."""

    def __init__(self, database: Database) -> None:
        self.watchers: list[Watcher] = []
        self._database = database

    def around(self, driver: Driver, engines: Sequence[Engine]) -> Driver:
        """Give a driver that tells of what it is asked for, as its engines do from now on.

        Where nobody watches, it is the driver itself.
        """
        if not self.watchers or driver.unwatched is not driver:
            return driver
        statements = Statements(driver.url, self._database.name, self.watchers)
        statements.driver = driver
        for engine in engines:
            statements.listen(engine)
        return WatchedDriver(driver, statements)

    def add(self, watcher: Watcher) -> None:
        """Tell a watcher of what happens from now on."""
        self.watchers.append(watcher)
        for place, engines in self._places():
            place.driver = self.around(place.driver, engines)

    def remove(self, watcher: Watcher) -> None:
        """Tell it no more; after the last one, the driver is again the one that nobody looks at."""
        self.watchers.remove(watcher)
        if self.watchers:
            return
        for place, engines in self._places():
            if isinstance(place.driver, WatchedDriver):
                place.driver = place.driver.left_alone(engines)

    def _places(self) -> Iterator[tuple[Database | Replica, Sequence[Engine]]]:
        database = self._database
        yield database, database.engines
        for replica in database.replicas.all if database.replicas is not None else ():
            yield replica, [replica.engine.sync_engine]


@contextmanager
def watched_by(database: Database, watcher: Watcher) -> Iterator[None]:
    """Tell a watcher of what a database does while the block runs, as tests do."""
    database.watching.add(watcher)
    try:
        yield
    finally:
        database.watching.remove(watcher)


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
