"""The database as a part: `db = app.use(Database("sqlite:///shop.db"))`.

Owns the engine with its one pool, and gives the units of work their connections: borrowed for one
read, or held by the session of a transaction. What differs between databases is in `drivers/`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, LiteralString, ParamSpec, TypeVar

from sqlalchemy import MetaData, Select, bindparam, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from starlette.requests import Request
from starlette.responses import JSONResponse

from trivet.app.application import App
from trivet.app.part import Part
from trivet.checks import Finding
from trivet.db.answering import answering
from trivet.db.drivers import Driver, driver_of
from trivet.db.errors import (
    BadCursor,
    DatabaseBusy,
    NotFound,
    OutsideUnitError,
    RowLocked,
    StaleError,
)
from trivet.db.links import Branches, are_linked
from trivet.db.loading import Loader, Reading
from trivet.db.model import BareModel
from trivet.db.query import Query
from trivet.db.reading import RowPlan, dictionaries, instances, is_plain, plan_of
from trivet.db.signals import Signals
from trivet.db.sql import Sql
from trivet.db.transactions import Isolation, SpecialUnit, refuse_inside, retrying
from trivet.db.unit import Unit, current, unit_now
from trivet.routing.around import Around, Preparing

__all__ = ["Database"]

Given = ParamSpec("Given")
Result = TypeVar("Result")
_NONE: Any = object()
_MOST_PLANS = 2000
# By name: commands and checks alone want it, and Alembic with it.
_MIGRATE = "trivet.db.migrate"


class Database(Part):
    """A database that models are stored in, and the unit of work of each request.

    `url` is SQLAlchemy's, the driver may be left out: ``sqlite:///shop.db``, ``postgresql://…``,
    ``mysql://…``; ``sqlite://`` is a file that goes with the process. At most `pool_size`
    connections are open; who waits longer than `timeout` seconds for one is told 503.
    `migrations` is their folder, by default the one of this name beside the file that makes the
    database; `metadata` are the tables that they follow, by default those of all models.
    """

    name = "database"

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        timeout: float = 5.0,
        migrations: str | Path | None = None,
        metadata: MetaData | None = None,
        **options: Any,
    ):
        beside = Path(sys._getframe(1).f_globals.get("__file__") or "main.py").resolve()
        self.migrations = beside.parent / (migrations or "migrations")
        self.metadata = BareModel.metadata if metadata is None else metadata
        self.timeout = timeout
        self.signals = Signals()
        self._options = {
            "pool_size": pool_size,
            "max_overflow": 0,
            "pool_timeout": timeout,
            **options,
        }
        self.driver, self.engine = self._made(make_url(url))
        self._dialect = self.engine.sync_engine.dialect
        self._key_plans: dict[type[Any], RowPlan | None] = {}
        self._plans: dict[Any, RowPlan | None] = {}
        self.loader = Loader(self)
        # SQLite takes one writer at a time; the others wait here, not in the file.
        self._writer = asyncio.Lock() if self.driver.has_one_writer else None

    def _made(self, url: URL) -> tuple[Driver, AsyncEngine]:
        driver = driver_of(url)
        engine = create_async_engine(driver.url, **{**driver.options, **self._options})
        driver.prepare(engine, self.timeout)
        return driver, engine

    # -- as a part -------------------------------------------------------------------------------

    def around(self) -> Around:
        """Give what opens and closes the unit of work around each handler."""
        return UnitAround(self)

    def exception_handlers(self) -> dict[Any, Callable[..., Any]]:
        """Answer what is not there with 404, and an exhausted pool with 503."""
        return {
            NotFound: _not_found,
            StaleError: _conflict,
            RowLocked: _conflict,
            BadCursor: _bad_cursor,
            DatabaseBusy: _busy,
            PoolTimeout: _busy,
        }

    def commands(self) -> Sequence[Any]:
        """Give the commands of migrations."""
        module = import_module(_MIGRATE)
        return list(module.Commands(self, self.migrations, self.metadata).all())

    def checks(self, app: App) -> Sequence[Finding]:
        """Tell what is risky about the newest migration."""
        if not self.migrations.is_dir():
            return ()
        dialect = self._dialect.name
        found: list[Finding] = import_module(_MIGRATE).lint_newest(self.migrations, dialect)
        return found

    def lifespan(self, app: App) -> AbstractAsyncContextManager[Any]:
        """Close all connections when the app stops."""
        return self._running()

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
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
            async with self.own_transaction(isolation=isolation, read_only=read_only) as unit:
                yield unit
            return
        outer = current.get()
        if outer is not None and outer.database is self:
            async with (await outer.session()).begin_nested():
                yield outer
            return
        async with self.own_transaction() as unit:
            yield unit

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
        unit = unit_now()
        if unit.database is not self:
            raise OutsideUnitError
        return Sql(unit, statement, values)

    @asynccontextmanager
    async def own_transaction(
        self, *, isolation: Isolation | None = None, read_only: bool = False
    ) -> AsyncIterator[Unit]:
        """Open a unit of work that is no part of another one."""
        if isolation is None and not read_only:
            unit = Unit(self)
        else:
            unit = SpecialUnit(self, isolation, read_only=read_only)
        token = current.set(unit)
        try:
            if isinstance(unit, SpecialUnit):
                await unit.session()
            yield unit
        except BaseException:
            await unit.roll_back()
            raise
        else:
            await unit.commit()
        finally:
            current.reset(token)

    @contextmanager
    def connected_by(self, driver: Driver, engine: AsyncEngine) -> Iterator[None]:
        """Take all connections by another driver and engine while the block runs, as tests do.

        With another engine, no unit of work may be open at
        either end of the block; who looks on may come and go, with a driver around the present one.
        """
        before = self.driver, self.engine, self._writer
        compiled = self._dialect, self._plans, self._key_plans, self.loader
        self.driver = driver
        if engine is not self.engine:
            self.engine = engine
            self._writer = asyncio.Lock() if driver.has_one_writer else None
        if engine.sync_engine.dialect is not self._dialect:
            self._dialect, self.loader = engine.sync_engine.dialect, Loader(self)
            self._plans, self._key_plans = {}, {}
        try:
            yield
        finally:
            self.driver, self.engine, self._writer = before
            self._dialect, self._plans, self._key_plans, self.loader = compiled

    @contextmanager
    def elsewhere(self, url: str | URL) -> Iterator[None]:
        """Keep data at another address while the block runs, as tests do.

        Close it inside the block: connections to there are not closed by its end.
        """
        with self.connected_by(*self._made(make_url(url))):
            yield

    async def create_tables(self, base: type[BareModel] = BareModel) -> None:
        """Make the tables of all models that are not there; for tests and first steps."""
        async with self.engine.begin() as connection:
            await connection.run_sync(base.metadata.create_all)

    async def drop_tables(self, base: type[BareModel] = BareModel) -> None:
        """Drop the tables of all models."""
        async with self.engine.begin() as connection:
            await connection.run_sync(base.metadata.drop_all)

    async def close(self) -> None:
        """Close all connections."""
        await self.driver.close()
        await self.engine.dispose()

    # -- for the unit of work --------------------------------------------------------------------

    async def begin_writing(self) -> None:
        """Wait until a writer may begin; raises `DatabaseBusy` after the time-out."""
        if self._writer is not None:
            try:
                async with asyncio.timeout(self.timeout):
                    await self._writer.acquire()
            except TimeoutError:
                raise DatabaseBusy(self.timeout) from None

    def end_writing(self) -> None:
        """Let the next writer begin."""
        if self._writer is not None:
            self._writer.release()

    async def rows(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """Run one read on a borrowed connection, and give the driver's own rows."""
        return await self.driver.rows(sql, values)

    def key_plan(self, model: type[Any]) -> RowPlan | None:
        """Give the plan that reads `model` by its key; None where only SQLAlchemy can."""
        found = self._key_plans.get(model, _NONE)
        if found is _NONE:
            mapper: Any = inspect(model)
            binds = [
                bindparam(f"key_{c.key}", type_=c.type, unique=True) for c in mapper.primary_key
            ]
            keys = zip(mapper.primary_key, binds, strict=True)
            by_key = select(model).where(*[column == bind for column, bind in keys])
            found = self._key_plans[model] = self._compiled(by_key, binds, mapper)
        plan: RowPlan | None = found
        return plan

    def planned(self, query: Query[Any]) -> tuple[RowPlan, list[Any]] | None:
        """Give the plan that makes a query's objects, and its values.

        None where only SQLAlchemy can.
        """
        if query.branches and not self.follows(inspect(query.model), query.branches):
            return None
        return self._planned(query, None)

    def planned_rows(self, query: Query[Any], reading: Reading) -> tuple[RowPlan, list[Any]] | None:
        """Give the plan that makes dictionaries of a query's rows, and its values."""
        # A row that is given once is not the same when it has fewer columns.
        return None if query.is_distinct else self._planned(query, reading)

    def follows(self, mapper: Any, branches: Branches) -> bool:
        """Tell whether all these relations can be read directly."""
        return self.driver.reads_directly and are_linked(mapper, branches)

    def _planned(
        self, query: Query[Any], reading: Reading | None
    ) -> tuple[RowPlan, list[Any]] | None:
        shape = query.shape()
        if shape is None:
            return None
        text, values = shape
        key = text if reading is None else (reading, text)
        found = self._plans.get(key, _NONE)
        if found is _NONE:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            statement, binds = query.binds()
            found = self._compiled(statement, binds, inspect(query.model), reading)
            self._plans[key] = found
        return None if found is None else (found, found.values(values))

    def _compiled(
        self,
        statement: Select[Any],
        binds: Sequence[Any],
        mapper: Any,
        reading: Reading | None = None,
    ) -> RowPlan | None:
        if not (self.driver.reads_directly and is_plain(mapper)):
            return None
        if reading is None:
            return plan_of(statement, binds, self._dialect, partial(instances, mapper))
        maker = partial(dictionaries, reading.names, kept=reading.kept)
        chosen = statement.with_only_columns(*reading.columns)
        return plan_of(chosen, binds, self._dialect, maker)


class UnitAround(Around):
    """One unit of work for each request, committed before its answer goes out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def preparing(self, model: Any) -> Preparing | None:
        return answering(self._database, model)

    def begin(self) -> Unit:
        unit = Unit(self._database)
        current.set(unit)
        return unit

    async def finish(self, opened: Unit, status: int) -> None:
        await (opened.commit() if status < 400 else opened.roll_back())

    async def leave(self, opened: Unit, error: BaseException | None) -> None:
        await (opened.commit() if error is None else opened.roll_back())


def _not_found(request: Request, error: NotFound) -> JSONResponse:
    return JSONResponse({"detail": "Not Found"}, 404)


def _conflict(request: Request, error: Exception) -> JSONResponse:
    detail = "Somebody else changed this meanwhile; read it again, and decide anew."
    return JSONResponse({"detail": detail}, 409)


def _bad_cursor(request: Request, error: BadCursor) -> JSONResponse:
    return JSONResponse({"detail": "This cursor is not one that was given here."}, 400)


def _busy(request: Request, error: Exception) -> JSONResponse:
    detail = "The database has more to do than it can; try again in a moment."
    return JSONResponse({"detail": detail}, 503, {"retry-after": "1"})
