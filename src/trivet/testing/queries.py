"""How many statements some code sends, which, and from where.

Both ways are counted: reads that go straight to the driver, and what SQLAlchemy sends. Nobody
listens while nobody counts. What begins and ends transactions is not counted, because it differs
between databases.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, overload

from sqlalchemy import Engine, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from trivet.app.places import place_now
from trivet.db import Database
from trivet.db.drivers.driver import Driver, Ear
from trivet.db.drivers.transaction import Transaction
from trivet.testing.present import database_of

__all__ = ["Queries", "Statement", "assert_queries", "counted_queries"]

_UNCOUNTED = re.compile(
    r"\s*(begin|start|commit|rollback|savepoint|release|pragma|set)\b", re.IGNORECASE
)
_SPACE = re.compile(r"\s+")
_NOWHERE = "no line of the application"
_MOST_SHOWN = 200  # characters of a statement in a message


@dataclass(frozen=True)
class Statement:
    """One statement that was sent."""

    text: str
    shapes: tuple[str, ...]
    """What its values were like: `int`, `str[12]`, `None`; never the values themselves."""
    place: str
    """File, line and function of the application or the test that it came from."""

    def __str__(self) -> str:
        text = _SPACE.sub(" ", self.text).strip()
        if len(text) > _MOST_SHOWN:
            text = f"{text[:_MOST_SHOWN]} …"
        return f"{text}  ({', '.join(self.shapes)})\n     {self.place}"


@dataclass
class Queries(Sequence[Statement]):
    """The statements that were counted, in order; it grows while the block runs."""

    statements: list[Statement] = field(default_factory=list)

    @overload
    def __getitem__(self, index: int) -> Statement: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Statement]: ...

    def __getitem__(self, index: int | slice) -> Statement | Sequence[Statement]:
        return self.statements[index]

    def __len__(self) -> int:
        return len(self.statements)

    def __str__(self) -> str:
        lines = [f"  {number}. {one}" for number, one in enumerate(self.statements, 1)]
        for (text, place), times in Counter((s.text, s.place) for s in self.statements).items():
            if times > 1:
                shown = " ".join(text.split())[:60]
                lines.append(
                    f"  {times} times the same from {place}: {shown} …\n"
                    "     in a loop? Ask for all at once: with_(…), or where(id__in=…)"
                )
        return "\n".join(lines)

    def add(self, text: str, values: Any) -> None:
        """Count one statement, unless it only begins or ends a transaction."""
        if not _UNCOUNTED.match(text):
            self.statements.append(Statement(text, _shapes(values), str(place_now() or _NOWHERE)))


@contextmanager
def counted_queries(database: Database | None = None) -> Iterator[Queries]:
    """Count what is sent while the block runs: `len(queries)`, `queries[0].text`.

    Of `database`; by default of the one of the present unit of work, or of the present test.
    """
    chosen = database_of(database)
    queries = Queries()
    engine = chosen.engine.sync_engine

    def before(
        connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        queries.add(statement, parameters)

    event.listen(engine, "before_cursor_execute", before)
    try:
        with chosen.connected_by(CountingDriver(chosen.driver, queries), chosen.engine):
            yield queries
    finally:
        event.remove(engine, "before_cursor_execute", before)


@contextmanager
def assert_queries(
    count: int | None = None, database: Database | None = None, *, at_most: int | None = None
) -> Iterator[Queries]:
    """Raise `AssertionError` unless the block sends exactly `count` statements, or `at_most`.

    The message lists them, with the lines that they came from.
    """
    if (count is None) == (at_most is None):
        raise TypeError("say how many: assert_queries(2), or assert_queries(at_most=2)")
    with counted_queries(database) as queries:
        yield queries
    found = len(queries)
    if found != count if at_most is None else found > at_most:
        expected = f"{count}" if at_most is None else f"at most {at_most}"
        raise AssertionError(
            f"expected {expected} {_named(at_most if count is None else count)}, and there"
            f" {'was' if found == 1 else 'were'} {found}{':' if found else ''}\n{queries}".rstrip()
        )


class CountingDriver(Driver):
    """A driver that another one looks at: it notes each read, and lets the first one do it."""

    def __init__(self, driver: Driver, queries: Queries) -> None:
        self.url = driver.url
        self.options = driver.options
        self.sync_name, self.sync_library = driver.sync_name, driver.sync_library
        self.sync_options = driver.sync_options
        self.has_one_writer = driver.has_one_writer
        self.reads_directly = driver.reads_directly
        self.begins_directly = driver.begins_directly
        self.tells = driver.tells
        self.is_within = driver.is_within
        self._driver = driver
        self._queries = queries

    def prepare(self, engine: AsyncEngine, timeout: float) -> None:
        """Nothing is to be set: the engine has its driver."""

    def prepare_sync(self, engine: Engine) -> None:
        """Let the driver set up the engine of plain sessions, whose statements are not counted."""
        self._driver.prepare_sync(engine)

    async def rows(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """Count one read, and run it."""
        self._queries.add(sql, values)
        return await self._driver.rows(sql, values)

    async def rows_on(
        self, connection: AsyncConnection, sql: str, values: Sequence[Any]
    ) -> Sequence[Any]:
        """Count one read on a connection, and run it."""
        self._queries.add(sql, values)
        return await self._driver.rows_on(connection, sql, values)

    def stream(self, sql: str, values: Sequence[Any], chunk: int) -> AsyncGenerator[Sequence[Any]]:
        """Count one read, and run it."""
        self._queries.add(sql, values)
        return self._driver.stream(sql, values, chunk)

    async def begin(self) -> Transaction:
        """Begin a transaction whose statements are counted."""
        return CountingTransaction(await self._driver.begin(), self._queries)

    async def tell(self, channels: Sequence[str], payloads: Sequence[str]) -> None:
        """Let the driver tell hints, which are not counted."""
        await self._driver.tell(channels, payloads)

    async def ear(self, heard: Callable[[str, str], None], lost: Callable[[], None]) -> Ear:
        """Let the driver listen."""
        return await self._driver.ear(heard, lost)

    def wrapped(
        self, error: Exception, sql: str | None = None, values: Sequence[Any] = ()
    ) -> Exception:
        """Give what the driver makes of an error."""
        return self._driver.wrapped(error, sql, values)

    async def close(self) -> None:
        """Let the driver let go."""
        await self._driver.close()


class CountingTransaction:
    """A transaction that another one looks at."""

    def __init__(self, transaction: Transaction, queries: Queries) -> None:
        self._transaction = transaction
        self._queries = queries

    async def run(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """Count one statement, and run it."""
        self._queries.add(sql, values)
        return await self._transaction.run(sql, values)

    async def commit(self) -> None:
        """Let the transaction end."""
        await self._transaction.commit()

    async def roll_back(self) -> None:
        """Let the transaction end, with what it wrote."""
        await self._transaction.roll_back()

    def joined(self, engine: AsyncEngine) -> AsyncConnection:
        """Give the transaction to a session, whose statements the engine tells of."""
        return self._transaction.joined(engine)


def _named(count: int | None) -> str:
    return "query" if count == 1 else "queries"


def _shapes(values: Any) -> tuple[str, ...]:
    """Say what values are like, without telling them."""
    if isinstance(values, Mapping):
        return tuple(f"{name}: {_shape(value)}" for name, value in values.items())
    if isinstance(values, list) and values and isinstance(values[0], tuple | dict | list):
        return (*_shapes(values[0]), f"{len(values)} times")
    return tuple(_shape(value) for value in values or ())


def _shape(value: Any) -> str:
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{name}[{len(value)}]" if isinstance(value, str | bytes | list | tuple) else name
