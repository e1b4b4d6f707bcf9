"""A driver that another one looks at: it tells of each statement, and lets the first one run it.

It takes the driver's place when somebody begins to watch a database, so that nothing at all is paid
for it before.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from trivet.db.drivers.driver import Driver, Ear
from trivet.db.drivers.statements import Statements
from trivet.db.drivers.transaction import Transaction
from trivet.watching import begun, ended, told

__all__ = ["WatchedDriver"]

_ROWS = "db.response.returned_rows"


class WatchedDriver(Driver):
    """The driver `inner`, which `statements` tells of."""

    def __init__(self, inner: Driver, statements: Statements) -> None:
        self.url = inner.url
        self.options = inner.options
        self.sync_name, self.sync_library = inner.sync_name, inner.sync_library
        self.sync_options = inner.sync_options
        self.has_one_writer = inner.has_one_writer
        self.reads_directly = inner.reads_directly
        self.begins_directly = inner.begins_directly
        self.tells = inner.tells
        self.is_within = inner.is_within
        self._inner = inner
        self._statements = statements
        self._watchers = statements.watchers
        if inner.lender is not None:
            inner.lender.watch(statements.watchers, statements.pool)

    @property
    def unwatched(self) -> Driver:
        """The driver within."""
        return self._inner

    def left_alone(self, engines: Sequence[Engine]) -> Driver:
        """Give the driver within, of which nobody is told any more, nor of these engines."""
        for engine in engines:
            self._statements.leave(engine)
        return self._inner

    @property
    def lender(self) -> Any:  # Any: see `Driver`
        """What lends the connections of the driver within."""
        return self._inner.lender

    def prepare(self, engine: AsyncEngine, timeout: float) -> None:
        """Nothing is to be set: the engine has its driver."""

    def prepare_sync(self, engine: Engine) -> None:
        """Let the driver set up the engine of plain sessions, whose statements are told of too."""
        self._inner.prepare_sync(engine)
        self._statements.listen(engine)

    async def rows(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """Tell of one read, and run it."""
        return await _told_rows(self._statements, self._inner.rows, sql, values)

    async def rows_on(
        self, connection: AsyncConnection, sql: str, values: Sequence[Any]
    ) -> Sequence[Any]:
        """Tell of one read on a connection, and run it."""
        with told(self._watchers, self._statements.happening(sql, values)) as happening:
            found = await self._inner.rows_on(connection, sql, values)
            happening.facts[_ROWS] = len(found)
        return found

    async def stream(
        self, sql: str, values: Sequence[Any], chunk: int
    ) -> AsyncGenerator[Sequence[Any]]:
        """Tell of one read, from its first row to its last, and run it."""
        with told(self._watchers, self._statements.happening(sql, values)) as happening:
            happening.facts["trivet.streamed"] = True  # whoever reads takes their time
            count = 0
            async with aclosing(self._inner.stream(sql, values, chunk)) as chunks:
                try:
                    async for rows in chunks:
                        count += len(rows)
                        yield rows
                except GeneratorExit:  # whoever read has enough, which is no failure
                    pass
            happening.facts[_ROWS] = count

    async def begin(self) -> Transaction:
        """Begin a transaction whose statements are told of."""
        with told(self._watchers, self._statements.step("BEGIN")):
            transaction = await self._inner.begin()
        return WatchedTransaction(transaction, self._statements)

    async def tell(self, channels: Sequence[str], payloads: Sequence[str]) -> None:
        """Let the driver tell hints."""
        await self._inner.tell(channels, payloads)

    async def ear(self, heard: Callable[[str, str], None], lost: Callable[[], None]) -> Ear:
        """Let the driver listen."""
        return await self._inner.ear(heard, lost)

    def wrapped(
        self, error: Exception, sql: str | None = None, values: Sequence[Any] = ()
    ) -> Exception:
        """Give what the driver makes of an error."""
        return self._inner.wrapped(error, sql, values)

    async def close(self) -> None:
        """Let the driver let go."""
        await self._inner.close()


class WatchedTransaction:
    """A transaction that another one looks at."""

    def __init__(self, inner: Transaction, statements: Statements) -> None:
        self._inner = inner
        self._statements = statements
        self._watchers = statements.watchers

    async def run(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """Tell of one statement, and run it."""
        return await _told_rows(self._statements, self._inner.run, sql, values)

    async def commit(self) -> None:
        """Tell of the commit, and let the transaction end."""
        with told(self._watchers, self._statements.step("COMMIT")):
            await self._inner.commit()

    async def roll_back(self) -> None:
        """Tell that what was written is taken back, and let the transaction end."""
        with told(self._watchers, self._statements.step("ROLLBACK")):
            await self._inner.roll_back()

    def joined(self, engine: AsyncEngine) -> AsyncConnection:
        """Give the transaction to a session, whose statements the engine tells of."""
        return self._inner.joined(engine)


async def _told_rows(
    statements: Statements,
    run: Callable[[str, Sequence[Any]], Awaitable[Sequence[Any]]],
    sql: str,
    values: Sequence[Any],
) -> Sequence[Any]:
    """Run a statement and tell of it; written out, as nothing else is told so often."""
    happening = begun(statements.watchers, statements.happening(sql, values))
    try:
        found = await run(sql, values)
    except BaseException as error:
        ended(statements.watchers, happening, error)
        raise
    happening.facts[_ROWS] = len(found)
    ended(statements.watchers, happening)
    return found
