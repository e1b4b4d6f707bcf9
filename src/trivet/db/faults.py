"""What the errors of databases mean, whatever each of them calls it.

Every driver has numbers of its own; here they become the few kinds that one can act upon.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError

from trivet.db.errors import RowLocked, StaleError

__all__ = ["Fault", "fault_of", "flushed", "is_worth_another_try", "translated"]


class Fault(Enum):
    """What went wrong, as far as one can act upon it."""

    UNIQUE = "a value is there already that may be there once"
    FOREIGN_KEY = "a row is named that is not there, or one is to go that is still named"
    CHECK = "a value breaks a rule of its table"
    CONFLICT = "another transaction was faster; the whole of this one may be tried again"
    LOCKED = "a row is held by another transaction, and nobody wanted to wait"
    BUSY = "others were in the way for as long as one waits"
    AWAY = "the server ended the connection, or is not there"
    FULL = "there is no room to write in"
    UNFIT = "a value is none that the database can keep: too large, too long, no text"


# SQLSTATE, of PostgreSQL. All that begin with 08 are of connections.
_STATES = {
    "22000": Fault.UNFIT,  # asyncpg's own, for what it cannot send
    "22001": Fault.UNFIT,  # too long
    "22003": Fault.UNFIT,  # too large
    "22008": Fault.UNFIT,  # a day that no calendar has
    "22021": Fault.UNFIT,  # a NUL in a text
    "22P05": Fault.UNFIT,
    "23001": Fault.FOREIGN_KEY,  # RESTRICT, from version 18
    "23503": Fault.FOREIGN_KEY,
    "23505": Fault.UNIQUE,
    "23514": Fault.CHECK,
    "23P01": Fault.UNIQUE,  # an exclusion: this and what is there already shut each other out
    "40001": Fault.CONFLICT,
    "40P01": Fault.CONFLICT,
    "53100": Fault.FULL,
    "53300": Fault.BUSY,  # all connections of the server are taken
    "55P03": Fault.LOCKED,
    "57P01": Fault.AWAY,  # it is being stopped,
    "57P02": Fault.AWAY,  # broke down,
    "57P03": Fault.AWAY,  # is not up yet,
    "57P05": Fault.AWAY,  # or did not want to wait for us any longer
}
# Numbers of MariaDB's and MySQL's. 1020: changed since it was read; 1213: deadlock; 1205: waited
# too long, which is also what MariaDB says to NOWAIT; 3572 is what MySQL says.
_NUMBERS = {
    0: Fault.AWAY,  # asyncmy's own: the connection ended between two statements
    1020: Fault.CONFLICT,
    1021: Fault.FULL,
    1040: Fault.BUSY,
    1053: Fault.AWAY,
    1062: Fault.UNIQUE,
    1114: Fault.FULL,
    1203: Fault.BUSY,
    1205: Fault.LOCKED,
    1213: Fault.CONFLICT,
    1264: Fault.UNFIT,
    1292: Fault.UNFIT,
    1366: Fault.UNFIT,
    1406: Fault.UNFIT,
    1451: Fault.FOREIGN_KEY,
    1452: Fault.FOREIGN_KEY,
    1586: Fault.UNIQUE,
    1927: Fault.AWAY,
    2002: Fault.AWAY,
    2003: Fault.AWAY,
    2006: Fault.AWAY,
    2013: Fault.AWAY,
    2055: Fault.AWAY,
    3572: Fault.LOCKED,
    3819: Fault.CHECK,
    4025: Fault.CHECK,
}
# Extended result codes of SQLite's: the rest of a byte says more of the first.
_SQLITE = {
    5: Fault.BUSY,
    13: Fault.FULL,
    261: Fault.BUSY,
    275: Fault.CHECK,
    517: Fault.CONFLICT,
    773: Fault.BUSY,
    787: Fault.FOREIGN_KEY,
    1555: Fault.UNIQUE,
    1811: Fault.FOREIGN_KEY,  # what RESTRICT is to it: a trigger
    2067: Fault.UNIQUE,
    2579: Fault.UNIQUE,
    4874: Fault.FULL,  # the file that processes share could not grow
}
# What asyncpg says of a connection that ended between two statements; and where the server has sent
# its last word to an idle one and not yet closed it: its states 1 and 2 are of failures. And what
# uvloop says to a driver that writes to a connection which has ended meanwhile.
_HAS_ENDED = re.compile(
    r"connection is closed|cannot switch to state \d+; another operation \([12]\)"
    r"|the handler is closed"
)
# What asyncmy says of an integer that it cannot send.
_IS_UNFIT = re.compile(r"int parameter out of 64-bit range")


def fault_of(error: BaseException) -> Fault | None:
    """Give what an error of a driver or of SQLAlchemy means; None where it is of another kind."""
    # A StatementError that is none of a driver's comes from a type, before anything was sent.
    orig: Any = error.orig if isinstance(error, StatementError) else error
    if isinstance(orig, OSError):
        # A statement that took too long says nothing of the connection.
        return None if isinstance(orig, TimeoutError) else Fault.AWAY
    if isinstance(orig, OverflowError | UnicodeEncodeError) or _IS_UNFIT.match(str(orig)):
        return Fault.UNFIT  # said by a driver, of a value that it could not send
    number = orig.args[0] if getattr(orig, "args", None) else None
    if isinstance(number, int):  # MariaDB's say more than their SQLSTATE
        return _NUMBERS.get(number)
    code = getattr(orig, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE.get(code)
    if _HAS_ENDED.search(str(orig)):
        return Fault.AWAY
    state = str(getattr(orig, "sqlstate", None))
    return Fault.AWAY if state.startswith("08") else _STATES.get(state)


def is_worth_another_try(error: BaseException) -> bool:
    """Tell whether the same transaction, run again from its start, may well succeed."""
    if isinstance(error, StaleError | RowLocked):
        return True
    return isinstance(error, DBAPIError) and fault_of(error) in (Fault.CONFLICT, Fault.LOCKED)


@contextmanager
def translated() -> Iterator[None]:
    """Raise SQLAlchemy's word for a lost race as ours."""
    try:
        yield
    except StaleDataError as error:
        raise StaleError(str(error)) from error


async def flushed(session: AsyncSession) -> None:
    """Write what a session has to write; raises what it means."""
    with translated():
        await session.flush()
