"""One migration at a time: a lock that the database holds, and lets go of when we are gone.

Each way asks again instead of waiting in the database: on PostgreSQL, a session that waits inside
a statement would hold up CREATE INDEX CONCURRENTLY for ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from trivet.errors import SetupError

__all__ = ["locked"]

_KEY = 7_241_902_613_548_120_077  # any number that nobody else takes
_NAME = "trivet_migrate"
_PAUSE = 0.2  # seconds between two attempts


@contextmanager
def locked(connection: Connection, seconds: float, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock; raises `SetupError` where it does not come free within `seconds`.

    On SQLite it is the right to write itself: the connection is in a transaction then.
    """
    take, let_go = _WAYS[connection.dialect.name]
    until = time.monotonic() + seconds
    is_told = False
    while not take(connection):
        if time.monotonic() > until:
            raise SetupError(
                f"another migration is running, for more than {seconds:g} s",
                code="db.migration-locked",
                mend="wait until it is done, or look for a process that hangs",
            )
        if not is_told:
            say("Another migration is running; waiting for it.")
            is_told = True
        time.sleep(_PAUSE)
    try:
        yield
    finally:
        let_go(connection)


def _take_sqlite(connection: Connection) -> bool:
    # Checked at the end instead: with it, the table that a rebuild drops takes its children along.
    _raw(connection, "PRAGMA foreign_keys=OFF")
    _raw(connection, "PRAGMA busy_timeout=0")
    try:
        connection.execution_options(trivet_writes=True).begin()
    except OperationalError as error:
        if "locked" not in str(error):
            raise
        return False
    return True


def _let_go_sqlite(connection: Connection) -> None:
    if connection.in_transaction():
        connection.rollback()
    _raw(connection, "PRAGMA foreign_keys=ON")
    _raw(connection, "PRAGMA busy_timeout=5000")


def _raw(connection: Connection, statement: str) -> None:
    """Run what has no meaning inside a transaction, which SQLAlchemy would begin."""
    cursor = connection.connection.cursor()
    cursor.execute(statement)
    cursor.close()


def _take_postgres(connection: Connection) -> bool:
    taken = connection.scalar(text(f"SELECT pg_try_advisory_lock({_KEY})"))
    connection.commit()
    return bool(taken)


def _let_go_postgres(connection: Connection) -> None:
    connection.rollback()
    connection.execute(text(f"SELECT pg_advisory_unlock({_KEY})"))
    connection.commit()


def _take_mysql(connection: Connection) -> bool:
    # The name is one of the whole server: the database's own is in it.
    taken = connection.scalar(
        text("SELECT GET_LOCK(CONCAT(:name, MD5(DATABASE())), 0)"), {"name": _NAME}
    )
    connection.commit()
    return bool(taken)


def _let_go_mysql(connection: Connection) -> None:
    connection.rollback()
    connection.execute(text("SELECT RELEASE_LOCK(CONCAT(:name, MD5(DATABASE())))"), {"name": _NAME})
    connection.commit()


_Way = tuple[Callable[[Connection], bool], Callable[[Connection], None]]
_WAYS: dict[str, _Way] = {
    "sqlite": (_take_sqlite, _let_go_sqlite),
    "postgresql": (_take_postgres, _let_go_postgres),
    "mysql": (_take_mysql, _let_go_mysql),
    "mariadb": (_take_mysql, _let_go_mysql),
}
