"""The databases of tests/db, for the tests of testing with data."""

from __future__ import annotations

from tests.db.conftest import database, kind

__all__ = ["database", "kind"]
