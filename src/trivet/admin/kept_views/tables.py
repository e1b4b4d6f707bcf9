"""The table of kept views, in the metadata of its database, so that migrations make it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

from trivet.db import UtcDateTime
from trivet.db.part_tables import exact_text, once_in

__all__ = ["LONGEST_LABEL", "views_in"]

LONGEST_LABEL = 80  # characters
_KEY = "trivet.admin.views"  # in `metadata.info`


def views_in(metadata: MetaData) -> Table:
    """Give the table in a database's metadata, made with the first call."""
    return once_in(metadata, _KEY, _table)


def _table(metadata: MetaData) -> Table:
    table = Table(
        "trivet_admin_views",
        metadata,
        Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True),
        # The path of the site, since there may be several with the same models.
        Column("site", exact_text(100), nullable=False),
        Column("model", exact_text(100), nullable=False),
        # Whose it is, and what they were called when they kept it.
        Column("handle", exact_text(64), nullable=False),
        Column("owner", String(200), nullable=False),
        Column("label", String(LONGEST_LABEL), nullable=False),
        # What stands behind the "?" of the list's address; read as any address is.
        Column("query", Text, nullable=False),
        Column("is_shared", Boolean, nullable=False),
        Column("is_default", Boolean, nullable=False),
        Column("created", UtcDateTime(), nullable=False),
    )
    Index("ix_trivet_admin_views_list", table.c.site, table.c.model, table.c.handle)
    return table
