"""The trail of security events: who did what to which account, when and from where.

An event is written in the transaction in which it happens. What was refused is undone with the rest
of its request, so that it is written in a transaction of its own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped
from starlette.requests import HTTPConnection

from trivet.auth.current import impersonator_of
from trivet.auth.happened import Happened
from trivet.db import Database, Model, created, field
from trivet.events import Events

__all__ = ["SecurityEvent", "Trail", "Where", "where_from"]

_MOST_OF_AGENT = 200


class SecurityEvent(Model):
    """One event of the trail; it stays when the account goes."""

    __tablename__ = "security_events"

    at: Mapped[datetime] = created(index=True)
    kind: Mapped[str] = field(max_length=50, index=True)
    user: Mapped[str | None] = field(max_length=32, index=True, default=None)
    """The handle of the account that it is about."""
    by: Mapped[str | None] = field(max_length=32, default=None)
    address: Mapped[str | None] = field(max_length=45, default=None)
    agent: Mapped[str | None] = field(max_length=_MOST_OF_AGENT, default=None)
    details: Mapped[dict[str, Any]] = field(JSON, default_factory=dict)


class Where(TypedDict, total=False):
    """Where something came from, as an event has it."""

    address: str | None
    agent: str | None
    by: str | None


def where_from(connection: HTTPConnection | None) -> Where:
    """Give where a request comes from: ``SignedIn(**where_from(request))``.

    `by` is who acts as another account in it.
    """
    if connection is None:
        return {}
    client = connection.client
    agent = connection.headers.get("user-agent", "")[:_MOST_OF_AGENT]
    printable = "".join(sign if sign.isprintable() else "�" for sign in agent)
    by = impersonator_of(connection)
    return {
        "address": client.host[:45] if client else None,
        "agent": printable or None,
        "by": None if by is None else by.handle,
    }


class Trail:
    """Writes what happens, and tells who listens."""

    def __init__(self, database: Database, events: Events | None = None) -> None:
        self._database = database
        self._events = events

    async def note(self, event: Happened) -> None:
        """Write an event in the present transaction, and publish it."""
        await SecurityEvent(
            kind=event.kind,
            user=event.user,
            by=event.by,
            address=event.address,
            agent=event.agent,
            details=dict(event.details),
        ).save()
        if self._events is not None:
            await self._events.publish(event)

    async def note_refused(self, event: Happened) -> None:
        """Write an event that stays although its request is undone.

        Where the request has written something already it is written there: the one writer of an
        SQLite file would wait for itself.
        """
        unit = self._database.open_unit
        if unit is not None and unit.is_writing:
            await self.note(event)
            return
        async with self._database.own_transaction():
            await self.note(event)

    async def of(self, user: str, limit: int = 50) -> list[SecurityEvent]:
        """Give the newest events about an account, by its handle, newest first."""
        query = SecurityEvent.where(SecurityEvent.user == user)
        return await query.order_by(-SecurityEvent.id).limit(limit)
