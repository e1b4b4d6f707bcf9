"""What is under test at present: its database, and how far the factories have counted in it.

Tests run one after the other in a process, whatever loops and threads they use, so that this is a
list of the process and no context variable.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from trivet.db import Database, OutsideUnitError
from trivet.db.present import unit_now
from trivet.errors import SetupError

__all__ = ["UnderTest", "database_of", "present", "under_test"]


@dataclass(eq=False)
class UnderTest:
    """A database for the time of one test."""

    database: Database
    counts: dict[Any, Any] = field(default_factory=dict)
    """What each factory has made, so that every test begins with the same values."""


_under_test: list[UnderTest] = []


@contextmanager
def under_test(database: Database) -> Iterator[UnderTest]:
    """Say that a database is under test while the block runs."""
    entry = UnderTest(database)
    _under_test.append(entry)
    try:
        yield entry
    finally:
        _under_test.remove(entry)


def present() -> UnderTest | None:
    """Give what is under test, or None."""
    return _under_test[-1] if _under_test else None


def database_of(given: Database | None) -> Database:
    """Give the database that is meant: the given one, the present unit's, or the present test's.

    Raises `SetupError` where there is none of them.
    """
    if given is not None:
        return given
    try:
        return unit_now().database
    except OutsideUnitError:
        found = present()
        if found is not None:
            return found.database
    raise SetupError(
        "no database is under test here",
        code="testing.no-database",
        mend="give it by name, or use the fixture db: def test_posts(db): ...",
    )
