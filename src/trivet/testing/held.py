"""One connection for all units of work, in a transaction that is never committed.

What a unit of work takes for its transaction is a *turn*: it begins with a savepoint before the
first statement that writes, and its commit lets the savepoint go. Savepoints are a pile, so that a
turn begins on top of one that is open only where it is asked for inside that one: a request in a
test's own unit. Others wait for its end, as writers do on SQLite. Statements go one after the
other; a read outside a turn waits for nobody.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only, greenlet_spawn

from trivet.db import Database
from trivet.db.drivers.driver import Driver
from trivet.errors import SetupError

__all__ = ["Held"]

_TEST = "trivet_test"
_READ = "trivet_read"
_READS = re.compile(r"\s*(select|values|table|explain|show|pragma|describe|with)\b", re.I)
_WRITES = re.compile(r"\b(insert|update|delete|merge)\b(?!\s+(skip|nowait|of)\b)", re.I)
# SQLAlchemy counts savepoints for each connection; on this one they would meet.
_SAVEPOINT = re.compile(r"(?<=SAVEPOINT )(\w+)")


@dataclass(eq=False)
class Turn:
    """The transaction of one unit of work, between its savepoint and its end."""

    name: str
    inside: Turn | None
    owner: HeldConnection
    end: Literal["release", "roll back"] | None = None
    has_ended: asyncio.Event = field(default_factory=asyncio.Event)

    def is_inside(self, other: Turn) -> bool:
        """Tell whether this is `other`, or was begun inside it."""
        return self is other or (self.inside is not None and self.inside.is_inside(other))


@dataclass(eq=False)
class Wish:
    """One thing that somebody wants to be done on the connection."""

    owner: HeldConnection | None
    work: Callable[[], Awaitable[Any]]
    writes: bool
    inside: Turn | None
    is_waiting: bool = False
    is_dropped: bool = False


_turn: ContextVar[Turn | None] = ContextVar("trivet.testing.turn", default=None)


class Held:
    """The connection, its open turns, and what stands in for a database's driver and engine."""

    def __init__(self, database: Database, connection: AsyncConnection, raw: Any) -> None:
        self.connection = connection
        self.raw = raw  # SQLAlchemy's own face of the driver's connection
        self.numbers = count(1)
        self._timeout = database.timeout
        self._loop = asyncio.get_running_loop()
        self._lock = asyncio.Lock()
        self._turns: list[Turn] = []
        dialect = database.engine.dialect
        self._spoils_by_errors = dialect.name == "postgresql"
        self.driver = HeldDriver(self, database.driver.unwatched)
        pool = NullPool(lambda: HeldConnection(self), dialect=dialect)
        self.engine = AsyncEngine(Engine(pool, dialect, database.engine.url))

    async def begin(self) -> None:
        """Begin what will be rolled back."""
        await self._say(f"SAVEPOINT {_TEST}")

    async def roll_back(self) -> None:
        """Take back everything; raises `SetupError` where something was really committed."""
        async with self._lock:  # what was cancelled may still be at work
            try:
                await self._say(f"ROLLBACK TO SAVEPOINT {_TEST}")
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise
                raise _really_committed() from error

    async def run(
        self, owner: HeldConnection | None, work: Callable[[], Awaitable[Any]], *, writes: bool
    ) -> Any:
        """Do one thing on the connection, in the turn of `owner` where there is one.

        What is under way when its task is cancelled comes to its end, so that the next one finds
        the connection in order.
        """
        if asyncio.get_running_loop() is not self._loop:
            raise SetupError(
                "this test holds a connection on its own event loop, and it is wanted on another",
                code="testing.other-loop",
                mend="async_client in a test that awaits; @pytest.mark.committed for live servers",
            )
        wish = Wish(owner, work, writes, _turn.get())
        task = self._loop.create_task(self._ran(wish))
        task.add_done_callback(_is_told)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            wish.is_dropped = True
            if wish.is_waiting:
                task.cancel()
            raise
        finally:
            if owner is not None and owner.turn is not None:
                _turn.set(owner.turn)

    async def _ran(self, wish: Wish) -> Any:
        owner, inside = wish.owner, wish.inside
        while inside is not None and inside.end is not None:
            inside = inside.inside
        until = self._loop.time() + self._timeout
        while True:
            async with self._lock:
                await self._settle()
                top = self._turns[-1] if self._turns else None
                if wish.is_dropped:
                    return None
                is_on_top = owner is not None and owner.turn is top and top is not None
                if is_on_top or not wish.writes:
                    return await (wish.work() if is_on_top else self._alone(wish.work))
                assert owner is not None, "what has no connection of its own only reads"
                if owner.turn is None and (top is None or (inside and inside.is_inside(top))):
                    await self._begin(owner, inside)
                    return await wish.work()
            assert top is not None, "nobody waits for nothing"
            wish.is_waiting = True
            try:
                async with asyncio.timeout_at(until):
                    await top.has_ended.wait()
            except TimeoutError:
                raise _waits(self._timeout) from None
            wish.is_waiting = False

    async def _begin(self, owner: HeldConnection, inside: Turn | None) -> None:
        turn = Turn(f"trivet_{len(self._turns)}", inside, owner)
        await self._say(f"SAVEPOINT {turn.name}")
        self._turns.append(turn)
        owner.turn = turn

    async def _alone(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Do what only reads; where it fails, what is open goes on."""
        if not self._spoils_by_errors:
            return await work()
        await self._say(f"SAVEPOINT {_READ}")
        try:
            found = await work()
        except BaseException:
            await self._say(f"ROLLBACK TO SAVEPOINT {_READ}")
            raise
        await self._say(f"RELEASE SAVEPOINT {_READ}")
        return found

    async def _settle(self) -> None:
        """End the turns that are over, from the top; one that is under an open one stays."""
        while self._turns and (self._turns[-1].end or self._turns[-1].owner.is_closed):
            turn = self._turns.pop()
            try:
                if turn.end != "release":
                    await self._say(f"ROLLBACK TO SAVEPOINT {turn.name}")
                await self._say(f"RELEASE SAVEPOINT {turn.name}")
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise
                raise _really_committed() from error
            finally:
                turn.has_ended.set()

    async def _say(self, statement: str) -> None:
        await self.connection.exec_driver_sql(statement)


class HeldDriver(Driver):
    """The database's own driver, whose reads go over the held connection.

    What is written goes by sessions, whose connections have turns.
    """

    is_within = True

    def __init__(self, held: Held, driver: Driver) -> None:
        self.url = driver.url
        self.options = driver.options
        self.sync_name, self.sync_library = driver.sync_name, driver.sync_library
        self.reads_directly = driver.reads_directly
        self._held = held
        self._driver = driver

    def prepare(self, engine: AsyncEngine, timeout: float) -> None:
        """Nothing is to be set: the engine was made for this."""

    def prepare_sync(self, engine: Engine) -> None:
        """Refuse: a plain session has a connection of its own, which would not be rolled back."""
        raise SetupError(
            "a plain session has a connection of its own, and a test that is rolled back has one",
            code="testing.plain-session",
            mend="@pytest.mark.committed on the test",
        )

    async def rows(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """Run one read over the held connection."""
        held = self._held

        async def work() -> Sequence[Any]:
            return await self._driver.rows_on(held.connection, sql, values)

        found: Sequence[Any] = await held.run(None, work, writes=False)
        return found

    def wrapped(
        self, error: Exception, sql: str | None = None, values: Sequence[Any] = ()
    ) -> Exception:
        """Give what the database's own driver makes of an error."""
        return self._driver.wrapped(error, sql, values)


class HeldConnection:
    """What SQLAlchemy takes for a connection of its own: a turn on the held one."""

    def __init__(self, held: Held) -> None:
        self.turn: Turn | None = None
        self.is_closed = False
        self.held = held
        self.number = next(held.numbers)

    def cursor(self, server_side: bool = False) -> HeldCursor:
        """Give a cursor, whose rows are fetched at once: nobody may read between others' words."""
        return HeldCursor(self, self.held.raw.cursor())

    def commit(self) -> None:
        """Let the turn end; the next statement of anybody lets its savepoint go."""
        self._end("release")

    def rollback(self) -> None:
        """Let the turn end, with what it wrote."""
        self._end("roll back")

    def close(self) -> None:
        """Take back what is not committed; the held connection stays open."""
        self.is_closed = True
        self._end("roll back")

    def terminate(self) -> None:
        """Do the same where nothing can be awaited."""
        self.close()

    def _end(self, end: Literal["release", "roll back"]) -> None:
        turn, self.turn = self.turn, None
        if turn is not None:
            turn.end = end
            turn.has_ended.set()

    def __getattr__(self, name: str) -> Any:  # whatever a dialect asks its driver
        return getattr(self.held.raw, name)


class HeldCursor:
    """A cursor of the driver's whose statements wait for their turn."""

    def __init__(self, connection: HeldConnection, cursor: Any) -> None:
        self._connection = connection
        self._cursor = cursor

    def execute(self, operation: str, *parameters: Any) -> Any:
        """Run a statement, in its turn."""
        return self._run(self._cursor.execute, operation, parameters)

    def executemany(self, operation: str, *parameters: Any) -> Any:
        """Run a statement once for each of many rows, in its turn."""
        return self._run(self._cursor.executemany, operation, parameters)

    def _run(self, function: Callable[..., Any], operation: str, given: tuple[Any, ...]) -> Any:
        writes = not _READS.match(operation) or bool(
            operation.lstrip()[:4].lower() == "with" and _WRITES.search(operation)
        )
        if writes:
            operation = _SAVEPOINT.sub(rf"\1_{self._connection.number}", operation, count=1)

        async def work() -> Any:
            return await greenlet_spawn(function, operation, *given)

        return await_only(self._connection.held.run(self._connection, work, writes=writes))

    def __getattr__(self, name: str) -> Any:  # rows, counts, and what else a dialect asks
        return getattr(self._cursor, name)


def _is_told(task: asyncio.Task[Any]) -> None:
    """Take note of an error whose task was cancelled meanwhile."""
    if not task.cancelled():
        task.exception()


def _really_committed() -> SetupError:
    return SetupError(
        "something ended the transaction that this test is in: a COMMIT in plain SQL, or, on"
        " MariaDB and MySQL, a change of the schema; what was written until then is stored",
        code="testing.really-committed",
        mend="@pytest.mark.committed on the test, which empties all tables after it",
    )


def _waits(timeout: float) -> SetupError:
    return SetupError(
        f"a unit of work waited {timeout} s for another one to end: a test that is rolled back has"
        " one connection, on which two that are open side by side cannot both write",
        code="testing.waits",
        mend="end the one before the other, or @pytest.mark.committed on the test",
    )
