"""A plain session of SQLAlchemy's for handlers that do not await, in a transaction of its own.

It runs on the worker thread of the handler, over a synchronous driver with a pool of its own: what
blocks, blocks there. The unit of work ends it: committed before the answer goes out, or closed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from trivet.concurrency import clean_in_thread, run_in_thread
from trivet.db.faults import translated
from trivet.errors import MissingExtraError, SetupError

if TYPE_CHECKING:
    from trivet.db.database import Database
    from trivet.db.unit import Unit

__all__ = ["SyncWork", "sync_engine", "sync_work"]


class SyncWork:
    """A plain session that a unit of work has handed out, and ends."""

    __slots__ = ("session",)

    def __init__(self, session: Session) -> None:
        self.session = session

    async def flush(self) -> None:
        """Write what is added and changed, on a worker thread."""
        await run_in_thread(self._flush)

    async def commit(self) -> None:
        """Commit on a worker thread; what is raised leaves nothing written."""
        try:
            await run_in_thread(self._commit)
        finally:
            await self.close()

    async def close(self) -> None:
        """Take back what is not committed."""
        await clean_in_thread(self.session.close)

    def _flush(self) -> None:
        with translated():
            self.session.flush()

    def _commit(self) -> None:
        with translated():
            self.session.commit()


def sync_work(unit: Unit) -> SyncWork:
    """Begin it; raises `SetupError` where it would wait for the unit's own transaction for ever."""
    database = unit.database
    if unit.is_writing and database.driver.has_one_writer:
        raise SetupError(
            "SQLite has one writer at a time, which is this unit of work already: a second"
            " transaction would wait for it in vain",
            code="db.sync-inside",
            mend="write all of it in the plain session, or all of it in the handler that awaits",
        )
    engine = database.plain_engine()
    options: dict[str, Any] = {"trivet_writes": True}
    if unit.apart is not None:
        options |= unit.apart.options(database, engine)
    bind = engine.execution_options(**options)
    return SyncWork(Session(bind, expire_on_commit=False))


def sync_engine(database: Database, pool_size: int, options: dict[str, Any]) -> Engine:
    """Make the engine of plain sessions; raises `MissingExtraError` without its driver."""
    driver = database.driver
    try:
        import_module(driver.sync_library)
    except ImportError as error:
        raise MissingExtraError(driver.sync_library, "sync", what="a plain session:") from error
    engine = create_engine(
        driver.url.set(drivername=driver.sync_name),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=database.timeout,
        pool_pre_ping=True,
        **{**driver.sync_options, **options},
    )
    driver.prepare_sync(engine)
    return engine
