"""What became of webhooks: the log of deliveries, and sending them again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, delete, select, update

from trivet.db import Database, NotFound
from trivet.jobs.moments import as_datetime, moment_of
from trivet.webhooks.tables import Tables, moment_now

__all__ = ["Attempt", "Deliveries", "Delivery", "Outgoing", "State", "forget"]

_MOST = 500  # rows of one statement
Outgoing = tuple[str, int, int]  # a message, an endpoint, a round


class State(StrEnum):
    """Where a delivery is on its way."""

    PENDING = "pending"
    """It is sent, or tried again, by itself."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """It is tried no more: replay it."""


@dataclass(frozen=True)
class Delivery:
    """One message on its way to one endpoint; moments are in UTC."""

    message_id: str
    endpoint_id: int
    event: str
    state: State
    attempts: int
    created: datetime | None
    changed: datetime | None


@dataclass(frozen=True)
class Attempt:
    """What an endpoint answered once; `moment` is in UTC."""

    moment: datetime | None
    status: int | None
    seconds: float
    answer: bytes
    """The first bytes of it."""
    error: str | None


class Deliveries:
    """The log of one database's webhooks; everything is in the present unit of work."""

    def __init__(
        self,
        database: Database,
        tables: Tables,
        enqueue: Callable[[Sequence[Outgoing]], Awaitable[int]],
    ) -> None:
        self._database = database
        self._tables = tables
        self._enqueue = enqueue

    async def of(
        self, endpoint_id: int, *, state: State | None = None, limit: int = 100
    ) -> list[Delivery]:
        """Give the latest deliveries to an endpoint, the newest first."""
        deliveries, messages = self._tables.deliveries, self._tables.messages
        wanted = (
            select(deliveries, messages.c.event)
            .join(messages, messages.c.id == deliveries.c.message_id)
            .where(deliveries.c.endpoint_id == endpoint_id)
            .order_by(deliveries.c.created.desc(), deliveries.c.message_id.desc())
            .limit(limit)
        )
        if state is not None:
            wanted = wanted.where(deliveries.c.state == state)
        return [
            Delivery(
                row.message_id, row.endpoint_id, row.event, State(row.state), row.attempts,
                as_datetime(row.created), as_datetime(row.changed),
            )
            for row in await self._database.unit.rows(wanted)
        ]  # fmt: skip

    async def attempts(self, message_id: str, endpoint_id: int) -> list[Attempt]:
        """Give what was tried for one delivery, in order."""
        attempts = self._tables.attempts
        wanted = (
            select(attempts)
            .where(attempts.c.message_id == message_id, attempts.c.endpoint_id == endpoint_id)
            .order_by(attempts.c.id)
        )
        return [
            Attempt(
                as_datetime(row.moment), row.status, row.milliseconds / 1000, row.answer, row.error
            )
            for row in await self._database.unit.rows(wanted)
        ]

    async def replay(self, message_id: str, endpoint_id: int) -> None:
        """Send a message to an endpoint again, with the same id; raises `NotFound`."""
        deliveries = self._tables.deliveries
        one = and_(deliveries.c.message_id == message_id, deliveries.c.endpoint_id == endpoint_id)
        if not await self._again(one):
            raise NotFound(Delivery, (message_id, endpoint_id))

    async def replay_since(
        self, endpoint_id: int, since: datetime, *, delivered_too: bool = False
    ) -> int:
        """Send an endpoint again what it was to have since a moment; gives how many.

        Without `delivered_too`, only what it does not have. `since` has a time zone.
        """
        deliveries = self._tables.deliveries
        wanted = and_(
            deliveries.c.endpoint_id == endpoint_id, deliveries.c.created >= moment_of(since)
        )
        if not delivered_too:
            wanted = and_(wanted, deliveries.c.state != State.DELIVERED)
        return await self._again(wanted)

    async def _again(self, wanted: Any) -> int:
        deliveries = self._tables.deliveries
        unit = self._database.unit
        keys = (deliveries.c.message_id, deliveries.c.endpoint_id, deliveries.c.round)
        rows = (await unit.execute(select(*keys).where(wanted).with_for_update())).all()
        if not rows:
            return 0
        await unit.execute(
            update(deliveries)
            .where(wanted)
            .values(
                state=State.PENDING, round=deliveries.c.round + 1, attempts=0, changed=moment_now()
            )
        )
        return await self._enqueue([(row[0], row[1], row[2] + 1) for row in rows])


async def forget(database: Database, tables: Tables, keep: float) -> int:
    """Delete what was sent or received more than `keep` seconds ago, some at a time."""
    before = moment_now() - round(keep * 1000)
    async with database.own_transaction() as unit:
        messages = tables.messages
        old = select(messages.c.id).where(messages.c.created < before).limit(_MOST)
        ids = (await unit.execute(old)).scalars().all()
        if ids:
            for table in (tables.attempts, tables.deliveries):
                await unit.execute(delete(table).where(table.c.message_id.in_(ids)))
            await unit.execute(delete(messages).where(messages.c.id.in_(ids)))
        received = tables.received
        old = select(received.c.key).where(received.c.created < before).limit(_MOST)
        keys = (await unit.execute(old)).scalars().all()
        if keys:
            await unit.execute(delete(received).where(received.c.key.in_(keys)))
    return len(ids) + len(keys)
