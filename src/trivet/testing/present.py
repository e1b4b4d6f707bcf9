"""What is under test at present: its database, and how far the factories have counted in it.

Tests run one after the other in a process, whatever loops and threads they use, so that this is a
list of the process and no context variable. It knows no library of databases.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trivet.db import Database

__all__ = ["UnderTest", "present", "under_test"]


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
