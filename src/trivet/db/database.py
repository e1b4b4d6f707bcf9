"""The database as a part: `db = app.use(Database("sqlite:///shop.db"))`.

Owns the engine with its one pool, and gives the units of work their connections: borrowed for one
read, or held by the session of a transaction. What differs between databases is in `drivers/`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, LiteralString, ParamSpec, TypeVar

from sqlalchemy import Engine, MetaData
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.schema import CreateSchema

from trivet.app.application import App
from trivet.app.part import Part
from trivet.checks import Finding, Level
from trivet.db.around import BesideAround, UnitAround
from trivet.db.belonging import check_apart, owner_of, unit_of
from trivet.db.breakage import Breakage
from trivet.db.drivers import Driver, driver_of
from trivet.db.errors import DatabaseBusy, OutsideUnitError
from trivet.db.hints import Hints, Listener
from trivet.db.mistakes import configured
from trivet.db.model import BareModel
from trivet.db.plans import Plans
from trivet.db.present import current
from trivet.db.refusals import Refusals
from trivet.db.replicas import OpenReplicas, Replicas, ReplicaUnit, primary
from trivet.db.savepoints import savepoint
from trivet.db.seeds import Seed, checked_seed
from trivet.db.signals import Signals
from trivet.db.sql import Sql
from trivet.db.sync import sync_engine
from trivet.db.tenants import create_schema
from trivet.db.transactions import Isolation, own_transaction, refuse_inside, retrying
from trivet.db.unit import Unit
from trivet.db.watched import Watching, gauges_of, probes_of
from trivet.routing.around import Around
from trivet.watching import Gauge, Probe, Watcher

__all__ = ["Database"]

Given = ParamSpec("Given")
Result = TypeVar("Result")
# What goes with the engine.
_CONNECTED = (
    "driver", "engine", "plans", "is_postgres", "replicas", "_breakage", "_plain_engine", "_turn",
)  # fmt: skip
# By name: commands and checks alone want it, and Alembic with it.
_MIGRATE = "trivet.db.migrate"
_COMMANDS = "trivet.db.commands"


class Database(Part):
    """A database that models are stored in, and the unit of work of each request.

    `url` is SQLAlchemy's, the driver may be left out: ``sqlite:///shop.db``, ``postgresql://…``,
    ``mysql://…``; ``sqlite://`` is a file that goes with the process. At most `pool_size`
    connections are open; who waits longer than `timeout` seconds for one is told 503.
    `migrations` is their folder, by default the one of this name beside the file that makes the
    database. `models` is the class whose models are kept here, where an application has several
    databases, and `name` what commands call it. `replicas` are addresses that are read from.
    """

    may_be_several = True

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        timeout: float = 5.0,
        models: type[DeclarativeBase] | MetaData = BareModel,
        name: str = "",
        replicas: Sequence[str] | Replicas = (),
        migrations: str | Path | None = None,
        **options: Any,
    ):
        beside = Path(sys._getframe(1).f_globals.get("__file__") or "main.py").resolve()
        self.metadata = models if isinstance(models, MetaData) else models.metadata
        self.models: registry = getattr(models, "registry", BareModel.registry)
        self.registries = [self.models]
        is_main = self.metadata is BareModel.metadata
        self.name = name or ("database" if is_main else owner_of(models).lower())
        folder = "migrations" if is_main else f"migrations_{self.name}"
        self.migrations = beside.parent / (migrations or folder)
        self.timeout = timeout
        self.signals = Signals()
        self.seeds: list[Seed] = []
        self.retries = 0  # transactions that `retrying` has run again
        self._options = {
            "pool_size": pool_size,
            "max_overflow": 0,
            "pool_timeout": timeout,
            **options,
        }
        given_url = make_url(url)
        in_memory = given_url.database in (None, "", ":memory:")
        self._passes = given_url.get_backend_name() == "sqlite" and in_memory
        self.watching = Watching(self)
        self.driver, self.engine, self._breakage = self._made(given_url)
        # Where names are put in with each execution, SQLAlchemy does it.
        self._is_plain = not self.engine.get_execution_options().get("schema_translate_map")
        self.plans = self._plans_for(self.driver, self.engine)
        self.is_postgres = self.engine.dialect.name == "postgresql"
        self._all: list[Database] = [self]  # those of the application, the first of which is first
        self._plain_engine: Engine | None = None
        self._plain_options = (pool_size, options)
        given = replicas if isinstance(replicas, Replicas) else Replicas(replicas)
        self.replicas = OpenReplicas(self, given) if given.urls else None
        # What a request pays for is decided here.
        self.unit_kind: type[Unit] = Unit if self.replicas is None else ReplicaUnit
        self._hints = Hints(self)
        # SQLite takes one writer at a time; the others wait here, not in the file.
        self._turn = asyncio.Lock() if self.driver.has_one_writer else None

    def _made(self, url: URL) -> tuple[Driver, AsyncEngine, Breakage]:
        driver = driver_of(url)
        engine = create_async_engine(driver.url, **{**driver.options, **self._options})
        # Before the driver, which is to hear of lost connections.
        breakage = Breakage(engine.sync_engine, self.timeout, self.registries)
        driver.prepare(engine, self.timeout)
        return self.watching.around(driver, [engine.sync_engine]), engine, breakage

    def _plans_for(self, driver: Driver, engine: AsyncEngine) -> Plans:
        return Plans(engine.dialect, reads_directly=driver.reads_directly and self._is_plain)

    @property
    def begins_directly(self) -> bool:
        """True where transactions begin without a session."""
        return self.driver.begins_directly and self._is_plain

    # -- as a part -------------------------------------------------------------------------------

    def install(self, app: App) -> None:
        """Look at the databases that are there already; raises `SetupError` for one like them."""
        others = [part for part in app.parts.values() if isinstance(part, Database)]
        others.remove(self)
        check_apart(self, self.metadata, others)
        self._all = others[0]._all if others else [self]
        if others:
            self._all.append(self)

    def around(self) -> Around:
        """Give what opens and closes the unit of work around each handler."""
        return UnitAround(self) if self._all[0] is self else BesideAround(self)

    def once_committed(self, function: Callable[[], Any]) -> bool:
        """Call a function once the present unit of work is committed, if it writes."""
        unit = unit_of(current.get(), self)
        if unit is None or not (unit.is_writing or unit.has_changes()):
            return False
        unit.on_commit(function)
        return True

    def exception_handlers(self) -> dict[Any, Callable[..., Any]]:
        """Answer what is not there, not allowed, or not possible for now; see `refusals`."""
        return Refusals().handlers()

    def commands(self) -> Sequence[Any]:
        """Give the commands of the databases; those of the first one are for all of them."""
        if self._all[0] is not self:
            return ()
        return list(import_module(_COMMANDS).commands_of(self._all))

    def probes(self) -> Sequence[Probe]:
        """Ask whether the database is there, and has all migrations that the files know."""
        return probes_of(self)

    def gauges(self) -> Sequence[Gauge]:
        """Count the connections of the pool, and who waits for one."""
        return gauges_of(self)

    @property
    def watchers(self) -> Sequence[Watcher]:
        """Who is told what this database does; parts that keep rows there tell them too."""
        return self.watching.watchers

    def watch(self, watcher: Watcher) -> None:
        """Tell of each statement, of transactions and of waits for connections from now on."""
        self.watching.add(watcher)

    def checks(self, app: App) -> Sequence[Finding]:
        """Tell what is risky about the newest migration; raises `SetupError` for wrong models."""
        configured(self.models)
        if not self.migrations.is_dir():
            return ()
        dialect = self.engine.dialect.name
        found: list[Finding] = import_module(_MIGRATE).lint_newest(self.migrations, dialect)
        return found

    def deploy_checks(self, app: App) -> Sequence[Finding]:
        """Tell of rows that go with the process."""
        if not self._passes:
            return ()
        return [
            Finding(
                Level.ERROR,
                "deploy.database",
                f"the {self.name} is in memory: its rows go with the process, and each has its own",
                'Database("sqlite:///shop.db"), or Database("postgresql://…")',
            )
        ]

    def lifespan(self, app: App) -> AbstractAsyncContextManager[Any]:
        """Close all connections when the app stops."""
        return self._running()

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        configured(self.models)
        try:
            yield
        finally:
            await self.close()

    # -- for scripts and tests -------------------------------------------------------------------

    @asynccontextmanager
    async def transaction(
        self, *, isolation: Isolation | None = None, read_only: bool = False
    ) -> AsyncIterator[Unit]:
        """Open a unit of work, committed at the end; within one, a savepoint.

        With `isolation` or `read_only` it is a transaction of its own that begins at once and sees
        one state of the data; raises `SetupError` where another one is under way.
        """
        if isolation is not None or read_only:
            refuse_inside(self, "an isolation level, or reading alone,")
            async with own_transaction(self, isolation, read_only=read_only) as unit:
                yield unit
            return
        configured(self.models)
        outer = unit_of(current.get(), self)
        if outer is not None:
            async with savepoint(outer):
                yield outer
            return
        async with own_transaction(self) as unit:
            yield unit

    def seed(self, function: Seed, /) -> Seed:
        """Let `trivet seed` fill an empty database by this function, in one transaction.

        A decorator; several functions run in their order. Tests may call the function as it is.
        """
        self.seeds.append(checked_seed(function))
        return function

    def retrying(
        self, retries: int = 3, *, isolation: Isolation | None = None
    ) -> Callable[[Callable[Given, Awaitable[Result]]], Callable[Given, Awaitable[Result]]]:
        """Run a coroutine function in a transaction of its own, up to `retries` times again.

        It is run again from its start where it lost a race: a serialization failure, a deadlock, a
        row that is stale. A decorator, because a block cannot be run twice.
        """
        return retrying(self, retries, isolation)

    def sql(self, statement: LiteralString, /, **values: Any) -> Sql:
        """Say something in the database's own words; `:name` stands for the value `name`.

        Awaited, it gives rows; ``.into(Post)`` makes objects of them. Values are bound, never
        written into the text.
        """
        return Sql(self.unit, statement, values)

    @property
    def unit(self) -> Unit:
        """The present unit of work on this database; raises `OutsideUnitError`."""
        unit = self.open_unit
        if unit is None:
            raise OutsideUnitError
        return unit

    @property
    def open_unit(self) -> Unit | None:
        """The present unit of work on this database, or None where there is none."""
        return unit_of(current.get(), self)

    async def session(self) -> AsyncSession:
        """Give the session of the present unit of work, as a dependency: `Depends(db.session)`."""
        return await self.unit.session()

    async def sync_session(self) -> Session:
        """Give a plain session, as a dependency of handlers that do not await."""
        return self.unit.sync_session()

    def primary(self) -> AbstractAsyncContextManager[None]:
        """Read from the primary and not from a replica: ``async with db.primary():``."""
        return primary(self)

    def listen(self, channel: str) -> AbstractAsyncContextManager[Listener]:
        """Listen to hints while a block runs: ``async with db.listen("orders") as listener:``.

        `await listener.wait(5.0)` gives the payloads that came, at most 5 seconds later. On
        PostgreSQL they come from all processes, over one connection more than `pool_size`; on other
        databases from this process alone. Hints may be lost: look at what is stored in any case.
        """
        return self._hints.listen(channel)

    def notify(self, channel: str, payload: str = "") -> None:
        """Tell all who listen to a channel that there is something new, within some 20 ms.

        It does not wait and is no part of a transaction: call it by `unit.on_commit`. `payload` is
        a key of what is new, of at most 7,999 bytes. While the database is away, hints are lost.
        """
        self._hints.send(channel, payload)

    def own_transaction(
        self, *, isolation: Isolation | None = None, read_only: bool = False
    ) -> AbstractAsyncContextManager[Unit]:
        """Open a unit of work that is no part of another one."""
        return own_transaction(self, isolation, read_only=read_only)

    @contextmanager
    def connected_by(self, driver: Driver, engine: AsyncEngine) -> Iterator[None]:
        """Take all connections by another driver and engine while the block runs, as tests do.

        With another engine, no unit of work may be open at either end of the block, and replicas
        are not read from. Who only looks on comes and goes with a driver around the present one.
        """
        is_other = engine is not self.engine
        if is_other:
            driver = self.watching.around(driver, [engine.sync_engine])
        kept = {name: getattr(self, name) for name in (_CONNECTED if is_other else ("driver",))}
        self.driver = driver
        if is_other:
            if engine.dialect is not self.engine.dialect:
                self.plans = self._plans_for(driver, engine)
            self.engine, self.replicas, self._plain_engine = engine, None, None
            self.is_postgres = engine.dialect.name == "postgresql"
            self._turn = asyncio.Lock() if driver.has_one_writer else None
        try:
            yield
        finally:
            if is_other and self._plain_engine is not None:
                self._plain_engine.dispose()
            for name, value in kept.items():
                setattr(self, name, value)

    @contextmanager
    def elsewhere(self, url: str | URL) -> Iterator[None]:
        """Keep data at another address while the block runs, as tests do.

        Close it inside the block: connections to there are not closed by its end.
        """
        driver, engine, breakage = self._made(make_url(url))
        with self.connected_by(driver, engine):
            self._breakage = breakage
            yield

    async def create_tables(self, base: type[DeclarativeBase] | None = None) -> None:
        """Make the tables of all models that are not there; for tests and first steps.

        They are those of the database's `metadata`, or of `base`; on PostgreSQL their schemas are
        made too.
        """
        configured(self.models)
        metadata = (base or self).metadata
        async with self.engine.begin() as connection:
            if self.is_postgres:
                schemas = {table.schema for table in metadata.tables.values() if table.schema}
                for name in sorted(schemas):
                    await connection.execute(CreateSchema(name, if_not_exists=True))
            await connection.run_sync(metadata.create_all)

    async def drop_tables(self, base: type[DeclarativeBase] | None = None) -> None:
        """Drop the tables of all models, or of those of `base`."""
        async with self.engine.begin() as connection:
            await connection.run_sync((base or self).metadata.drop_all)

    async def create_schema(self, schema: str) -> None:
        """Make a schema with the tables of all models that name none; for tests, and new tenants.

        Raises `SetupError` on SQLite, which has no schemas.
        """
        await create_schema(self, schema)

    async def close(self) -> None:
        """Close all connections."""
        await self._hints.close()
        await self.driver.close()
        await self.engine.dispose()
        if self.replicas is not None:
            await self.replicas.close()
        if self._plain_engine is not None:
            self._plain_engine.dispose()

    def keep_also(self, models: registry) -> None:
        """Let the units of work have these models too, whose tables are here already."""
        self.registries.append(models)

    # -- for the unit of work --------------------------------------------------------------------

    async def begin_writing(self) -> None:
        """Wait until a writer may begin; raises `DatabaseBusy` after the time-out."""
        if self._turn is not None:
            try:
                async with asyncio.timeout(self.timeout):
                    await self._turn.acquire()
            except TimeoutError:
                raise DatabaseBusy(self.timeout) from None

    def end_writing(self) -> None:
        """Let the next writer begin."""
        if self._turn is not None:
            self._turn.release()

    @property
    def engines(self) -> Sequence[Engine]:
        """Those that are there: of the tasks, and of plain sessions where somebody wanted one."""
        plain = self._plain_engine
        return [self.engine.sync_engine, *([] if plain is None else [plain])]

    def plain_engine(self) -> Engine:
        """Give the engine of plain sessions, made with the first one."""
        if self._plain_engine is None:
            self._plain_engine = sync_engine(self, *self._plain_options)
            Breakage(self._plain_engine, self.timeout, self.registries)
        return self._plain_engine

    async def rows(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """Run one read on a borrowed connection, and give the driver's own rows."""
        try:
            return await self.driver.rows(sql, values)
        except Exception as error:
            meaning = self._breakage.meaning(error)
            if meaning is None:
                raise
            raise meaning from error

    async def stream(
        self, sql: str, values: Sequence[Any], chunk: int
    ) -> AsyncGenerator[Sequence[Any]]:
        """Run one read on a borrowed connection, and give `chunk` rows at a time."""
        async with aclosing(self.driver.stream(sql, values, chunk)) as chunks:
            try:
                async for rows in chunks:
                    yield rows
            except Exception as error:
                meaning = self._breakage.meaning(error)
                if meaning is None:
                    raise
                raise meaning from error

    def meaning(
        self, error: Exception, sql: str | None = None, values: Sequence[Any] = ()
    ) -> Exception:
        """Give what an error of the driver's is in our words, or in SQLAlchemy's."""
        known = self.driver.wrapped(error, sql, values)
        return self._breakage.meaning(known) or known
