"""The table of sessions, in the metadata of its database, so that migrations make it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, MetaData, String, Table, Text
from sqlalchemy.dialects import mysql

from trivet.db.part_tables import exact_text, once_in

__all__ = ["sessions_in"]

_KEY = "trivet.sessions"  # in `metadata.info`


def sessions_in(metadata: MetaData) -> Table:
    """Give the table in a database's metadata, made with the first call."""
    return once_in(metadata, _KEY, _table)


def _table(metadata: MetaData) -> Table:
    table = Table(
        "trivet_sessions",
        metadata,
        Column("id", exact_text(32, "ascii"), primary_key=True),
        # SHA-256 of the token: who reads the table cannot act for anybody.
        Column("token", exact_text(64, "ascii"), nullable=False, unique=True),
        # Of the token before, and when it was replaced: who still comes with it is late.
        Column("previous", exact_text(64, "ascii"), index=True),
        Column("rotated", BigInteger),
        # Who is signed in; "Ann" and "ann" are two, in MariaDB too.
        Column("handle", exact_text(255)),
        Column("data", Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb"), nullable=False),
        # Milliseconds since 1970, UTC.
        Column("created", BigInteger, nullable=False),
        Column("seen", BigInteger, nullable=False),
        Column("expires", BigInteger, nullable=False, index=True),
        Column("authenticated", BigInteger),
        Column("is_remembered", Boolean, nullable=False),
        Column("address", String(64), nullable=False),
        Column("agent", String(300), nullable=False),
    )
    Index("ix_trivet_sessions_handle", table.c.handle, table.c.seen)
    return table
