"""The tables of webhooks, in the metadata of their database, so that migrations make them.

A message is what was said, once; a delivery is a message on its way to one endpoint; an attempt is
what an endpoint answered. Moments are milliseconds since 1970, UTC.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects.mysql import MEDIUMBLOB

from trivet.db.part_tables import once_in

__all__ = ["LONGEST_EVENT", "LONGEST_ID", "Tables", "moment_now", "tables_in"]

_KEY = "trivet.webhooks"  # in `metadata.info`
LONGEST_EVENT = 100
LONGEST_ID = 200
_COUNTED = BigInteger().with_variant(Integer(), "sqlite")
# MariaDB's plain BLOB ends at 64 KiB, and this at 16 MiB.
_LONG = LargeBinary().with_variant(MEDIUMBLOB(), "mysql", "mariadb")


@dataclass(frozen=True, eq=False)
class Tables:
    """The tables of one database's webhooks."""

    endpoints: Table
    subscriptions: Table
    messages: Table
    deliveries: Table
    attempts: Table
    received: Table


def tables_in(metadata: MetaData) -> Tables:
    """Give the tables of a database's metadata, made with the first call."""
    return once_in(metadata, _KEY, _tables)


def moment_now() -> int:
    """Give the present moment as the tables hold it."""
    return round(time.time() * 1000)


def _tables(metadata: MetaData) -> Tables:
    return Tables(
        _endpoints(metadata),
        _subscriptions(metadata),
        _messages(metadata),
        _deliveries(metadata),
        _attempts(metadata),
        _received(metadata),
    )


def _endpoints(metadata: MetaData) -> Table:
    return Table(
        "trivet_webhook_endpoints",
        metadata,
        Column("id", _COUNTED, primary_key=True, autoincrement=True),
        # Whose it is: it hears what is sent for this owner; empty for what is sent for nobody.
        Column("owner", String(200), nullable=False, index=True),
        Column("url", String(2000), nullable=False),
        Column("description", String(200), nullable=False),
        # JSON: a list of secrets, newest first, each with the moment until which it is good.
        Column("secrets", Text, nullable=False),
        Column("is_active", Boolean, nullable=False),
        Column("created", BigInteger, nullable=False),
        Column("failing_since", BigInteger),
        Column("disabled", BigInteger),
        Column("reason", String(200)),
        sqlite_autoincrement=True,  # a number is never given twice
    )


def _subscriptions(metadata: MetaData) -> Table:
    """What an endpoint wants to hear: an event, all below a name (``order.*``), or all (``*``)."""
    return Table(
        "trivet_webhook_subscriptions",
        metadata,
        Column("endpoint_id", BigInteger, primary_key=True, autoincrement=False),
        Column("event", String(LONGEST_EVENT), primary_key=True, index=True),
    )


def _messages(metadata: MetaData) -> Table:
    return Table(
        "trivet_webhook_messages",
        metadata,
        Column("id", String(40), primary_key=True),
        Column("event", String(LONGEST_EVENT), nullable=False),
        Column("body", _LONG, nullable=False),
        Column("created", BigInteger, nullable=False, index=True),
    )


def _deliveries(metadata: MetaData) -> Table:
    deliveries = Table(
        "trivet_webhook_deliveries",
        metadata,
        Column("message_id", String(40), primary_key=True),
        Column("endpoint_id", BigInteger, primary_key=True, autoincrement=False),
        Column("state", String(10), nullable=False),
        # How often it was sent again by hand: a job of an earlier round has nothing to do.
        Column("round", SmallInteger, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("created", BigInteger, nullable=False),
        Column("changed", BigInteger, nullable=False),
    )
    Index(
        "ix_trivet_webhook_deliveries_endpoint",
        deliveries.c.endpoint_id,
        deliveries.c.created,
    )
    return deliveries


def _attempts(metadata: MetaData) -> Table:
    attempts = Table(
        "trivet_webhook_attempts",
        metadata,
        Column("id", _COUNTED, primary_key=True, autoincrement=True),
        Column("message_id", String(40), nullable=False),
        Column("endpoint_id", BigInteger, nullable=False),
        Column("moment", BigInteger, nullable=False),
        Column("status", SmallInteger),
        Column("milliseconds", Integer, nullable=False),
        # The first bytes of what was answered, as they came.
        Column("answer", _LONG, nullable=False),
        Column("error", String(200)),
    )
    Index("ix_trivet_webhook_attempts_delivery", attempts.c.message_id, attempts.c.endpoint_id)
    return attempts


def _received(metadata: MetaData) -> Table:
    return Table(
        "trivet_webhook_received",
        metadata,
        # A digest of source and id: some databases take ids for the same that differ by case.
        Column("key", String(64), primary_key=True),
        Column("source", String(200), nullable=False),
        Column("message_id", String(LONGEST_ID), nullable=False),
        Column("event", String(LONGEST_EVENT), nullable=False),
        Column("body", _LONG, nullable=False),
        Column("created", BigInteger, nullable=False, index=True),
    )
