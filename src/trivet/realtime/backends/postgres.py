"""PostgreSQL: messages in a table, and NOTIFY as a hint that there are new ones.

Hints name topics, never messages, and are gathered (`Database.notify`), because each commit of one
takes a lock on all of the server's. A topic's row is locked while a message gets its number, so
that numbers become visible in their order and without holes; each message is a statement of its
own, never part of a transaction that lasts.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.exc import DBAPIError

from trivet.db import Database, DatabaseAway, DatabaseBusy
from trivet.errors import SetupError
from trivet.realtime.backends.backend import Backend, Entry, Heard, History, Keep
from trivet.realtime.errors import BackendAway
from trivet.realtime.position import Position, new_epoch

__all__ = ["PostgresBackend"]

_LOG = logging.getLogger("trivet.realtime")
_CHANNEL = "trivet_realtime"
_MESSAGES, _PEOPLE = "m", "p"  # what a hint is about: the first letter of its payload
_CLEANED = 60.0  # seconds between two times that what is too old is deleted
_FORGOTTEN = 7 * 24 * 3600  # seconds after which a silent topic begins a new epoch
_NO_TABLE = "42P01"

_PUBLISH = """
WITH topic AS (
  INSERT INTO trivet_realtime_topics AS t (name, epoch, number, used_at)
  VALUES ($1, $2, 1, now())
  ON CONFLICT (name) DO UPDATE SET number = t.number + 1, used_at = now()
  RETURNING epoch, number
), trimmed AS (
  DELETE FROM trivet_realtime_messages m USING topic
  WHERE m.topic = $1 AND m.number <= topic.number - $5::bigint
)
INSERT INTO trivet_realtime_messages (topic, number, data, sent_at, expires_at)
SELECT $1, number, $3, now(), now() + make_interval(secs => $4) FROM topic
RETURNING number, (SELECT epoch FROM topic)
"""
# A topic that was never published to has a row too, whose epoch is the one to go on from.
_READ = """
WITH made AS (
  INSERT INTO trivet_realtime_topics (name, epoch, number, used_at)
  SELECT $1, $2, 0, now()
  WHERE NOT EXISTS (SELECT FROM trivet_realtime_topics WHERE name = $1)
  ON CONFLICT (name) DO NOTHING
  RETURNING epoch, number
), topic AS (
  SELECT epoch, number FROM trivet_realtime_topics WHERE name = $1 UNION ALL SELECT * FROM made
)
SELECT topic.epoch, topic.number, m.number, m.data, extract(epoch FROM m.sent_at)::float8,
  (SELECT min(number) FROM trivet_realtime_messages
    WHERE topic = $1 AND expires_at > now())
FROM topic LEFT JOIN trivet_realtime_messages m
  ON m.topic = $1 AND m.expires_at > now() AND (topic.epoch <> $3 OR m.number > $4)
    AND m.number <= topic.number
ORDER BY m.number
"""
_LATEST = "SELECT name, epoch, number FROM trivet_realtime_topics WHERE name = ANY($1::text[])"
_HOLD = """
INSERT INTO trivet_realtime_people (topic, process, members) VALUES ($1, $2, $3)
ON CONFLICT (topic, process) DO UPDATE SET members = excluded.members
"""
_LET_GO = "DELETE FROM trivet_realtime_people WHERE topic = $1 AND process = $2"
_HELD = """
SELECT process, members FROM trivet_realtime_people JOIN trivet_realtime_processes USING (process)
WHERE topic = $1 AND expires_at > now()
"""
_BEAT = """
INSERT INTO trivet_realtime_processes (process, expires_at)
VALUES ($1, now() + make_interval(secs => $2))
ON CONFLICT (process) DO UPDATE SET expires_at = excluded.expires_at
"""
_ALIVE = "SELECT process FROM trivet_realtime_processes WHERE expires_at > now()"
_CLEAN = (
    "DELETE FROM trivet_realtime_messages WHERE expires_at < now()",
    "DELETE FROM trivet_realtime_processes WHERE expires_at < now() - interval '1 minute'",
    "DELETE FROM trivet_realtime_people p WHERE NOT EXISTS"
    " (SELECT FROM trivet_realtime_processes o WHERE o.process = p.process)",
    "DELETE FROM trivet_realtime_topics t"
    f" WHERE used_at < now() - make_interval(secs => {_FORGOTTEN})"
    " AND NOT EXISTS (SELECT FROM trivet_realtime_messages m WHERE m.topic = t.name)",
)


class PostgresBackend(Backend):
    """Messages are carried by a PostgreSQL database, and kept in it.

    Its tables belong to the models of `database`, so that migrations make them. Good for some
    hundred messages a second. While the database is away, publishing raises `BackendAway`, and
    clients get what came meanwhile once it is there again.
    """

    least = Keep("", 1000, 30.0)
    poll = 3.0

    def __init__(self, database: Database) -> None:
        if not database.is_postgres:
            raise SetupError(
                f"PostgresBackend needs a PostgreSQL database, and {database.name!r} is another",
                code="realtime.not-postgres",
                mend='Database("postgresql://…"), or Realtime() where there is one process',
            )
        self._database = database
        self._listening: asyncio.Task[None] | None = None
        self._cleaning: asyncio.Task[None] | None = None
        declare_tables(database.metadata)

    async def open(self, heard: Heard) -> None:
        self._listening = asyncio.create_task(self._listen(heard))
        self._cleaning = asyncio.create_task(self._clean())

    async def close(self) -> None:
        tasks = [task for task in (self._listening, self._cleaning) if task is not None]
        self._listening = self._cleaning = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self, heard: Heard) -> None:
        async with self._database.listen(_CHANNEL) as listener:
            while True:
                # Without hints the hub looks by itself.
                payloads = await listener.wait(3600.0)
                if not payloads:
                    heard.missed()
                for payload in payloads:
                    tell = heard.hinted if payload.startswith(_MESSAGES) else heard.moved
                    tell(payload[1:])

    async def _clean(self) -> None:
        while True:
            await asyncio.sleep(_CLEANED * random.uniform(0.5, 1.5))
            try:
                for statement in _CLEAN:
                    await self._rows(statement)
            except BackendAway as error:
                _LOG.debug("nothing was deleted: %s", error)
            except Exception:
                _LOG.exception("what is too old could not be deleted")

    async def watch(self, topic: str, keep: Keep | None) -> None:
        """All topics are heard of."""

    async def unwatch(self, topic: str) -> None:
        """All topics are heard of."""

    async def publish(self, topic: str, data: bytes, keep: Keep | None) -> Position | None:
        kept = keep or self.least
        given = (topic, new_epoch(), data, float(kept.seconds), kept.count)
        ((number, epoch),) = await self._rows(_PUBLISH, *given)
        self._database.notify(_CHANNEL, _MESSAGES + topic)
        return None if keep is None else Position(epoch, number)

    async def read(self, topic: str, keep: Keep, after: Position | None) -> History:
        place = after or Position("", 0)
        while True:
            rows = await self._rows(_READ, topic, new_epoch(), place.epoch, place.number)
            if rows:  # otherwise another one has made the topic at this very moment
                break
        epoch, position, *_, first = rows[0]
        floor = position if first is None else first - 1
        entries = [
            Entry(number, number - 1, bytes(data), at)
            for _, _, number, data, at, _ in rows
            if number is not None
        ]
        return History(Position(epoch, position), entries, floor)

    async def latest(self, topics: Mapping[str, Keep]) -> Mapping[str, Position]:
        rows = await self._rows(_LATEST, list(topics))
        return {name: Position(epoch, number) for name, epoch, number in rows}

    async def hold(self, topic: str, process: str, members: bytes | None) -> None:
        if members is None:
            await self._rows(_LET_GO, topic, process)
        else:
            await self._rows(_HOLD, topic, process, members)
        self._database.notify(_CHANNEL, _PEOPLE + topic)

    async def held(self, topic: str) -> Mapping[str, bytes]:
        return {process: bytes(said) for process, said in await self._rows(_HELD, topic)}

    async def beat(self, process: str, seconds: float) -> frozenset[str]:
        await self._rows(_BEAT, process, float(seconds))
        return frozenset(name for (name,) in await self._rows(_ALIVE))

    async def _rows(self, sql: str, *values: Any) -> Sequence[Any]:
        async with translated():
            return await self._database.rows(sql, values)
        raise AssertionError("either there are rows, or it has raised")


def declare_tables(metadata: MetaData) -> None:
    """Declare the tables, once."""
    if "trivet_realtime_topics" in metadata.tables:
        return
    Table(
        "trivet_realtime_topics",
        metadata,
        Column("name", Text, primary_key=True),
        Column("epoch", Text, nullable=False),
        Column("number", BigInteger, nullable=False),
        Column("used_at", DateTime(timezone=True), nullable=False),
    )
    Table(
        "trivet_realtime_messages",
        metadata,
        Column("topic", Text, primary_key=True),
        Column("number", BigInteger, primary_key=True, autoincrement=False),
        Column("data", LargeBinary, nullable=False),
        Column("sent_at", DateTime(timezone=True), nullable=False),
        Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    )
    Table(
        "trivet_realtime_people",
        metadata,
        Column("topic", Text, primary_key=True),
        Column("process", Text, primary_key=True),
        Column("members", LargeBinary, nullable=False),
    )
    Table(
        "trivet_realtime_processes",
        metadata,
        Column("process", Text, primary_key=True),
        Column("expires_at", DateTime(timezone=True), nullable=False),
    )


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Raise what the rest knows in place of the database's errors."""
    try:
        yield
    except (DatabaseAway, DatabaseBusy, OSError) as error:
        raise BackendAway("the database", error) from error
    except Exception as error:
        known = error.orig if isinstance(error, DBAPIError) else error
        if getattr(known, "sqlstate", None) != _NO_TABLE:
            raise
        raise SetupError(
            "the tables of the channels are not there",
            code="realtime.no-tables",
            mend="trivet makemigrations && trivet migrate, or: await database.create_tables()",
        ) from error
