"""The same site and databases as for API tokens."""

from __future__ import annotations

from tests.auth.tokens.conftest import client, database, kind, made_database, site

__all__ = ["client", "database", "kind", "made_database", "site"]
