"""Saying that something happened: one message, and one delivery for each endpoint that listens.

All of it is rows of the caller's transaction: nothing is sent of what is rolled back, and nothing
that is committed is forgotten.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select

from trivet.db import Database, Unit
from trivet.errors import SetupError
from trivet.schema.encode import to_json
from trivet.webhooks.deliveries import Outgoing, State
from trivet.webhooks.endpoints import check_event, names_of
from trivet.webhooks.tables import Tables, moment_now

__all__ = ["Sender"]


class Sender:
    """Sends what is to be told; `most_body` is in bytes."""

    def __init__(
        self,
        database: Database,
        tables: Tables,
        enqueue: Callable[[Sequence[Outgoing]], Awaitable[int]],
        *,
        most_body: int,
    ) -> None:
        self._database = database
        self._tables = tables
        self._enqueue = enqueue
        self._most_body = most_body

    async def send(self, event: str, data: Any, owner: str | None) -> str | None:
        """Tell the endpoints of an owner; gives the message's id, None where nobody listens."""
        check_event(event)
        unit = self._database.unit
        ids = await self._listening(unit, event, owner)
        return await self._store(unit, event, data, ids) if ids else None

    async def send_to(self, endpoint_id: int, event: str, data: Any) -> str:
        """Tell one endpoint, whatever it listens to; gives the message's id."""
        check_event(event)
        return await self._store(self._database.unit, event, data, [endpoint_id])

    async def _listening(self, unit: Unit, event: str, owner: str | None) -> list[int]:
        endpoints, subscriptions = self._tables.endpoints, self._tables.subscriptions
        wanted = (
            select(endpoints.c.id)
            .join(subscriptions, subscriptions.c.endpoint_id == endpoints.c.id)
            .where(
                subscriptions.c.event.in_(names_of(event)),
                endpoints.c.owner == (owner or ""),
                endpoints.c.is_active,
                endpoints.c.disabled.is_(None),
            )
            .distinct()
            .order_by(endpoints.c.id)
        )
        return [row[0] for row in await unit.rows(wanted)]

    async def _store(self, unit: Unit, event: str, data: Any, endpoint_ids: list[int]) -> str:
        now = moment_now()
        body = to_json(
            {
                "type": event,
                "timestamp": datetime.fromtimestamp(now / 1000, UTC).isoformat(),
                "data": data,
            }
        )
        if len(body) > self._most_body:
            raise SetupError(
                f"a webhook of {event!r} has {len(body)} bytes, and receivers take"
                f" {self._most_body} at most",
                code="webhooks.body",
                mend="send the key, and let the receiver ask for the rest",
            )
        id = f"msg_{uuid.uuid4().hex}"
        tables = self._tables
        await unit.execute(
            insert(tables.messages).values(id=id, event=event, body=body, created=now)
        )
        await unit.execute(
            insert(tables.deliveries),
            [
                {
                    "message_id": id, "endpoint_id": endpoint_id, "state": State.PENDING,
                    "round": 0, "attempts": 0, "created": now, "changed": now,
                }
                for endpoint_id in endpoint_ids
            ],
        )  # fmt: skip
        await self._enqueue([(id, endpoint_id, 0) for endpoint_id in endpoint_ids])
        return id
