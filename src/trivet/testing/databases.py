"""The databases of one process of a test run: one for each that the application has.

On a server it is made beside the application's own, named after the process, and dropped at the
end; SQLite has a file that goes with the process. Tables are made once.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from functools import partial
from importlib import import_module
from typing import Any

from anyio.from_thread import start_blocking_portal
from sqlalchemy.engine import URL, make_url

from trivet.db import BareModel, Database
from trivet.errors import SetupError
from trivet.testing.database import create_database, drop_database, emptied, rolled_back

__all__ = ["Databases", "kept"]

_LONGEST = 60  # characters of a database's name, below what every server takes
# By name: Alembic is loaded where tables are made by migrations.
_MIGRATE = "trivet.db.migrate"


class Databases:
    """What was made for this process, and how to take it away again."""

    def __init__(self, address: str, tables: str, worker: str) -> None:
        if tables not in ("models", "migrations"):
            raise SetupError(
                f"trivet_tables is {tables!r}",
                code="testing.tables",
                mend='trivet_tables = "models", or "migrations"',
            )
        self._address = address
        self._tables = tables
        self._worker = worker
        self._made: dict[Any, URL] = {}
        self._on_servers: list[URL] = []
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def found_in(self, app: Any) -> list[Database]:
        """Give the application's databases, the first of which is its main one."""
        parts = getattr(app, "parts", {})
        return [part for part in parts.values() if isinstance(part, Database)]

    @contextmanager
    def moved(self, databases: Sequence[Database]) -> Iterator[None]:
        """Let databases keep their data in those for tests while the block runs."""
        with ExitStack() as stack:
            for database in databases:
                url = self._url_for(database)
                stack.enter_context(database.elsewhere(url))
                key = (url, id(database.metadata))
                if key not in self._made:
                    _run(partial(self._prepared, database))
                    self._made[key] = url
            yield

    def drop(self) -> None:
        """Take away what was made."""
        for url in self._on_servers:
            _run(partial(drop_database, url, str(url.database)))
        if self._folder is not None:
            self._folder.cleanup()

    def _url_for(self, database: Database) -> URL:
        # Of several databases, the main one alone is where the option says.
        is_main = database.metadata is BareModel.metadata
        own = make_url(self._address) if self._address and is_main else database.driver.url
        found = self._made.get(own)
        if found is not None:
            return found
        if own.get_backend_name() == "sqlite":
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="trivet-tests-")
            name = f"{len(self._made)}-{self._worker}.db"
            made = own.set(database=os.path.join(self._folder.name, name))
        else:
            word = re.sub(r"\W", "_", own.database or "app").lower()
            end = f"_{self._worker}_{os.getpid()}"
            made = own.set(database=f"test_{word}"[: _LONGEST - len(end)] + end)
            _run(partial(create_database, own, str(made.database)))
            self._on_servers.append(made)
        self._made[own] = made
        return made

    async def _prepared(self, database: Database) -> None:
        try:
            if self._tables == "migrations":
                commands = import_module(_MIGRATE).Commands(
                    database, database.migrations, database.metadata
                )
                await commands.migrate()
            else:
                async with database.engine.begin() as connection:
                    await connection.run_sync(database.metadata.create_all)
        finally:
            await database.close()


@asynccontextmanager
async def kept(databases: Sequence[Database], *, commits: bool) -> AsyncIterator[None]:
    """Keep what one test writes from the next, and close all connections, which are this loop's."""
    async with AsyncExitStack() as stack:
        for database in reversed(databases):  # the main one last: it is the one under test
            stack.push_async_callback(database.close)
            around = emptied(database) if commits else rolled_back(database)
            await stack.enter_async_context(around)
        yield


def _run(work: Callable[[], Awaitable[Any]]) -> None:
    """Run something to its end on an event loop of its own, whatever else runs in this thread."""
    with start_blocking_portal() as portal:
        portal.call(work)
