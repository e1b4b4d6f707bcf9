"""The table of changes, in the metadata of its database, so that migrations make it.

It names accounts and rows by what they were called then, and refers to nothing: it stays as it is
whatever goes.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, MetaData, String, Table

from trivet.db import UtcDateTime
from trivet.db.part_tables import exact_text, once_in

__all__ = ["LONGEST_KEY", "LONGEST_NAME", "changes_in"]

LONGEST_KEY = 190  # characters; with the model's name it fits into an index of MariaDB
LONGEST_NAME = 200
_KEY = "trivet.admin.changes"  # in `metadata.info`


def changes_in(metadata: MetaData) -> Table:
    """Give the table in a database's metadata, made with the first call."""
    return once_in(metadata, _KEY, _table)


def _table(metadata: MetaData) -> Table:
    table = Table(
        "trivet_admin_changes",
        metadata,
        Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True),
        Column("at", UtcDateTime(), nullable=False, index=True),
        Column("model", exact_text(100), nullable=False),
        Column("key", exact_text(LONGEST_KEY), nullable=False),
        Column("label", String(LONGEST_NAME), nullable=False),
        Column("action", exact_text(60), nullable=False),
        Column("handle", exact_text(64), nullable=False),
        Column("name", String(LONGEST_NAME), nullable=False),
        # Who acted as the account, where somebody did.
        Column("by_handle", exact_text(64)),
        Column("by_name", String(LONGEST_NAME)),
        # By the names of fields: what was there before, and what after.
        Column("changes", JSON, nullable=False),
        # Changes that were made at once have the same.
        Column("batch", exact_text(32)),
        Column("request", exact_text(100)),
        Column("address", String(64)),
        Column("agent", String(200)),
    )
    # The history of a row; the log of a model; what somebody did. The log of all is the key's.
    Index("ix_trivet_admin_changes_row", table.c.model, table.c.key, table.c.id)
    Index("ix_trivet_admin_changes_model", table.c.model, table.c.id)
    Index("ix_trivet_admin_changes_handle", table.c.handle, table.c.id)
    Index("ix_trivet_admin_changes_name", table.c.name, table.c.id)
    Index("ix_trivet_admin_changes_action", table.c.action, table.c.id)
    for column in (table.c.by_handle, table.c.by_name):  # hardly a row has them
        known = column.is_not(None)
        name = f"ix_trivet_admin_changes_{column.name}"
        Index(name, column, table.c.id, postgresql_where=known, sqlite_where=known)
    return table
