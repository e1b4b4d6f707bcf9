"""What the errors of databases mean, whatever each of them calls it.

Every driver has numbers of its own; here they become the few kinds that one can act upon.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from trivet.db.errors import RowLocked, StaleError

__all__ = ["Fault", "fault_of", "is_worth_another_try", "translated"]


class Fault(Enum):
    """What went wrong, as far as one can act upon it."""

    UNIQUE = "a value is there already that may be there once"
    CONFLICT = "another transaction was faster; the whole of this one may be tried again"
    LOCKED = "a row is held by another transaction, and nobody wanted to wait"


# SQLSTATE, of PostgreSQL.
_STATES = {
    "23505": Fault.UNIQUE,
    "40001": Fault.CONFLICT,
    "40P01": Fault.CONFLICT,
    "55P03": Fault.LOCKED,
}
# Numbers of MariaDB's and MySQL's. 1020: changed since it was read; 1213: deadlock; 1205: waited
# too long, which is also what MariaDB says to NOWAIT; 3572 is what MySQL says.
_NUMBERS = {
    1062: Fault.UNIQUE,
    1020: Fault.CONFLICT,
    1205: Fault.LOCKED,
    1213: Fault.CONFLICT,
    3572: Fault.LOCKED,
}
# Extended result codes of SQLite's: the rest of a byte says more of the first.
_SQLITE = {1555: Fault.UNIQUE, 2067: Fault.UNIQUE, 5: Fault.CONFLICT, 517: Fault.CONFLICT}


def fault_of(error: BaseException) -> Fault | None:
    """Give what an error of a driver or of SQLAlchemy means; None where it is of another kind."""
    orig: Any = error.orig if isinstance(error, DBAPIError) else error
    number = orig.args[0] if isinstance(error, DBAPIError) and orig.args else None
    if isinstance(number, int):  # MariaDB's say more than their SQLSTATE
        return _NUMBERS.get(number)
    code = getattr(orig, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE.get(code)
    return _STATES.get(str(getattr(orig, "sqlstate", None)))


def is_worth_another_try(error: BaseException) -> bool:
    """Tell whether the same transaction, run again from its start, may well succeed."""
    if isinstance(error, StaleError | RowLocked):
        return True
    return fault_of(error) in (Fault.CONFLICT, Fault.LOCKED)


@contextmanager
def translated() -> Iterator[None]:
    """Raise SQLAlchemy's word for a lost race as ours."""
    try:
        yield
    except StaleDataError as error:
        raise StaleError(str(error)) from error
