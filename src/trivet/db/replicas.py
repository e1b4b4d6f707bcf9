"""Replicas that are read from: copies of a database that follow it, a moment behind.

A unit of work reads from one of them until its first write, and from the primary from then on, so
that it sees what it wrote and never goes back in time. One that does not answer is left out for a
while, and the primary takes its reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Executable, Select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from trivet.db.drivers import driver_of
from trivet.db.errors import DatabaseBusy
from trivet.db.tenants import Reader
from trivet.db.unit import Unit
from trivet.errors import SetupError

if TYPE_CHECKING:
    from trivet.db.database import Database

__all__ = ["OpenReplicas", "Replica", "ReplicaUnit", "Replicas", "primary"]

Row = TypeVar("Row")
Result = TypeVar("Result")
Rule = Callable[[Sequence["Replica"]], "Replica"]

_on_primary: ContextVar[frozenset[int]] = ContextVar("trivet.db.primary", default=frozenset())


@dataclass(frozen=True)
class Replicas:
    """The addresses of replicas, and how they are chosen.

    `route` is given those that answer, and gives one; by default they take turns. One that does
    not answer is left out for `pause` seconds.
    """

    urls: Sequence[str]
    route: Rule | None = None
    pause: float = 10.0
    pool_size: int = 10
    options: dict[str, Any] = field(default_factory=dict)
    """What `create_async_engine` is told besides."""


class Replica:
    """One copy of the database, with a pool of its own; read from and never written to."""

    def __init__(self, primary: Database, url: str, given: Replicas) -> None:
        self._primary = primary
        self._pause = given.pause
        self._out_until = 0.0
        self._answered = 0.0
        self.driver = driver_of(make_url(url))
        if self.driver.url.get_backend_name() != primary.driver.url.get_backend_name():
            raise SetupError(
                f"a replica at {self.driver.url.get_backend_name()}: cannot follow a database at"
                f" {primary.driver.url.get_backend_name()}:",
                code="db.replica-kind",
                mend="addresses of one kind of server",
            )
        self.engine: AsyncEngine = create_async_engine(
            self.driver.url,
            pool_size=given.pool_size,
            max_overflow=0,
            pool_timeout=primary.timeout,
            **{**self.driver.options, **given.options},
        )
        self.driver.prepare(self.engine, primary.timeout)

    @property
    def url(self) -> str:
        """Its address, without the password."""
        return self.driver.url.render_as_string(hide_password=True)

    @property
    def is_out(self) -> bool:
        """True while it is left out."""
        return monotonic() < self._out_until

    def leave_out(self) -> None:
        """Ask it nothing for a while."""
        self._out_until = monotonic() + self._pause

    def has_answered(self) -> None:
        """Note that it is there."""
        self._answered = monotonic()

    def is_lost(self, error: Exception) -> bool:
        """Tell whether an error says that it does not answer; one that is only busy does."""
        if isinstance(error, DatabaseBusy | PoolTimeout):
            return monotonic() - self._answered > self._primary.timeout
        if isinstance(error, DBAPIError):
            return error.connection_invalidated or _is_lost(error.orig)
        return _is_lost(error)

    async def rows(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """Run one read on a borrowed connection."""
        return await self.driver.rows(sql, values)

    def stream(self, sql: str, values: Sequence[Any], chunk: int) -> AsyncGenerator[Sequence[Any]]:
        """Run one read, and give `chunk` rows at a time."""
        return self.driver.stream(sql, values, chunk)

    async def close(self) -> None:
        """Close all connections."""
        await self.driver.close()
        await self.engine.dispose()


class OpenReplicas:
    """The replicas of one database, and whose turn it is."""

    def __init__(self, database: Database, given: Replicas) -> None:
        self.all = [Replica(database, url, given) for url in given.urls]
        self._rule = given.route or self._in_turn
        self._turn = count()

    def chosen(self) -> Replica | None:
        """Give the one to read from; None where all are left out."""
        there = [replica for replica in self.all if not replica.is_out]
        return self._rule(there) if there else None

    def _in_turn(self, there: Sequence[Replica]) -> Replica:
        return there[next(self._turn) % len(there)]

    async def close(self) -> None:
        """Close all connections."""
        for replica in self.all:
            await replica.close()


@asynccontextmanager
async def primary(database: Database) -> AsyncIterator[None]:
    """Read from the primary within the block, in this task and those that it begins."""
    token = _on_primary.set(_on_primary.get() | {id(database)})
    try:
        yield
    finally:
        _on_primary.reset(token)


class ReplicaUnit(Unit):
    """A unit of work that reads from a replica before its first write."""

    __slots__ = ("_chosen", "_fixed", "_has_written")

    def __init__(self, database: Database) -> None:
        self._fixed: Reader | None = None
        self._chosen: Reader | None = None
        self._has_written = False
        super().__init__(database)

    @property
    def reader(self) -> Reader:
        """Where this task reads at this moment."""
        if self._fixed is not None:
            return self._fixed
        if self._has_written or id(self.database) in _on_primary.get():
            return self.database
        if self._chosen is None or (isinstance(self._chosen, Replica) and self._chosen.is_out):
            replicas = self.database.replicas
            self._chosen = (replicas.chosen() if replicas is not None else None) or self.database
        return self._chosen

    @reader.setter
    def reader(self, reader: Reader) -> None:
        # Units that are set apart read in their transaction, which is the primary's.
        self._fixed = None if reader is self.database else reader

    async def _begin(self) -> None:
        self._has_written = True
        await super()._begin()

    def _attached(self) -> AsyncSession:
        session = super()._attached()
        if self._is_writing:
            engine = self.database.engine if self._fixed is None else self._fixed.engine
        else:
            engine = self.reader.engine
        session.bind = engine
        session.sync_session.bind = engine.sync_engine
        return session

    async def find(self, model: type[Row], key: Any) -> Row | None:
        return await self._tried(lambda: super(ReplicaUnit, self).find(model, key))

    async def read(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        return await self._tried(lambda: super(ReplicaUnit, self).read(sql, values))

    async def all(self, statement: Select[Any]) -> list[Any]:
        return await self._tried(lambda: super(ReplicaUnit, self).all(statement))

    async def rows(self, statement: Executable) -> Sequence[Any]:
        return await self._tried(lambda: super(ReplicaUnit, self).rows(statement))

    async def scalar(self, statement: Executable) -> Any:
        return await self._tried(lambda: super(ReplicaUnit, self).scalar(statement))

    async def refresh(self, instance: Any) -> None:
        await self._tried(lambda: super(ReplicaUnit, self).refresh(instance))

    async def _tried(self, read: Callable[[], Awaitable[Result]]) -> Result:
        """Read, and read again from elsewhere where a replica does not answer."""
        while True:
            used = None if self._is_writing else self.reader
            try:
                found = await read()
            except Exception as error:
                if not isinstance(used, Replica) or self._is_writing or not used.is_lost(error):
                    raise
                used.leave_out()
                async with self._alone():
                    if self._session is not None and not self._is_writing:
                        session, self._session = self._session, None
                        await session.close()
            else:
                if isinstance(used, Replica):
                    used.has_answered()
                return found


def _is_lost(error: BaseException | None) -> bool:
    if isinstance(error, OSError | asyncio.TimeoutError):
        return True
    if error is None:
        return False
    is_lost = type(error).__name__ in _LOST or str(error) == _NO_FILE
    return is_lost or _is_lost(error.__cause__)


_NO_FILE = "unable to open database file"  # SQLite's
# By name: no driver is imported here that the application may not have.
_LOST = frozenset(
    {
        "CannotConnectNowError",
        "AdminShutdownError",
        "CrashShutdownError",
        "ConnectionDoesNotExistError",
        "ConnectionFailureError",
        "InterfaceError",
        "TooManyConnectionsError",
    }
)
