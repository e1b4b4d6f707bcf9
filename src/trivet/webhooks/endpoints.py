"""The endpoints that webhooks go to: where, of which events, by which secrets.

Everything here reads and writes in the present unit of work.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, insert, null, select, update

from trivet.db import Database, NotFound
from trivet.errors import SetupError
from trivet.jobs.moments import as_datetime
from trivet.webhooks.destinations import Destinations
from trivet.webhooks.sealed import SealedSecrets
from trivet.webhooks.secrets import key_of, new_secret
from trivet.webhooks.tables import LONGEST_EVENT, Tables, moment_now

__all__ = ["Endpoint", "Endpoints", "check_event", "names_of"]

_EVENT = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_WANTED = re.compile(r"\*|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.\*)?")
_ONE_DAY = 86_400.0  # seconds


@dataclass(frozen=True)
class Endpoint:
    """Where webhooks go to; moments are in UTC."""

    id: int
    url: str
    events: tuple[str, ...]
    owner: str | None
    description: str
    secret: str = field(repr=False)
    """The newest; who verifies is given it once."""
    is_active: bool
    created: datetime | None
    failing_since: datetime | None
    disabled: datetime | None
    """When we gave it up; None while we have not."""
    reason: str | None
    """Why we gave it up."""


class Endpoints:
    """The endpoints that are kept in a database."""

    def __init__(
        self, database: Database, tables: Tables, destinations: Destinations, sealed: SealedSecrets
    ) -> None:
        self._sealed = sealed
        self._database = database
        self._tables = tables
        self._destinations = destinations

    async def add(
        self,
        url: str,
        events: Sequence[str] = ("*",),
        *,
        owner: str | None = None,
        description: str = "",
        secret: str | None = None,
    ) -> Endpoint:
        """Let a URL hear events: ``order.placed``, ``order.*`` or ``*``; gives it with its secret.

        It hears what is sent for its `owner`; without one, what is sent for nobody in particular.
        Raises `DestinationRefused`, which is answered with 422.
        """
        self._destinations.read(url)
        if secret is not None:
            key_of(secret)
        secrets = [self._sealed.kept(secret or new_secret(), owner)]
        made = await self._database.unit.execute(
            insert(self._tables.endpoints).values(
                owner=owner or "", url=url, description=description[:200],
                secrets=json.dumps(secrets), is_active=True, created=moment_now(),
            )
        )  # fmt: skip
        (id,) = made.inserted_primary_key
        await self._subscribe(id, events)
        return await self.get(id)

    async def get(self, id: int) -> Endpoint:
        """Give one; raises `NotFound`."""
        endpoints = self._tables.endpoints
        found = await self._read(select(endpoints).where(endpoints.c.id == id))
        if not found:
            raise NotFound(Endpoint, id)
        return found[0]

    async def all(self) -> list[Endpoint]:
        """Give all endpoints of all owners."""
        endpoints = self._tables.endpoints
        return await self._read(select(endpoints).order_by(endpoints.c.id))

    async def of(self, owner: str | None) -> list[Endpoint]:
        """Give the endpoints of an owner; of None, those that are nobody's in particular."""
        endpoints = self._tables.endpoints
        wanted = select(endpoints).where(endpoints.c.owner == (owner or ""))
        return await self._read(wanted.order_by(endpoints.c.id))

    async def change(
        self,
        id: int,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        description: str | None = None,
        is_active: bool | None = None,
    ) -> Endpoint:
        """Change what is given; one that is made active is forgiven that it was disabled."""
        values: dict[str, Any] = {}
        if url is not None:
            self._destinations.read(url)
            values["url"] = url
        if description is not None:
            values["description"] = description[:200]
        if is_active is not None:
            values["is_active"] = is_active
        if is_active:
            values |= {"disabled": null(), "reason": null(), "failing_since": null()}
        await self.get(id)
        if values:
            await self._update(id, values)
        if events is not None:
            subscriptions = self._tables.subscriptions
            await self._database.unit.execute(
                delete(subscriptions).where(subscriptions.c.endpoint_id == id)
            )
            await self._subscribe(id, events)
        return await self.get(id)

    async def rotate_secret(self, id: int, *, keep: float = _ONE_DAY) -> str:
        """Give an endpoint a new secret; the old ones sign beside it for `keep` seconds more."""
        endpoints = self._tables.endpoints
        unit = self._database.unit
        columns = (endpoints.c.secrets, endpoints.c.owner)
        wanted = select(*columns).where(endpoints.c.id == id).with_for_update()
        found = (await unit.execute(wanted)).one_or_none()
        if found is None:
            raise NotFound(Endpoint, id)
        now = moment_now()
        until = now + round(keep * 1000)
        old = [
            one for one in json.loads(found.secrets) if one["until"] is None or one["until"] > now
        ]
        for one in old:
            one["until"] = min(until, one["until"] or until)
        secret = new_secret()
        kept = [self._sealed.kept(secret, found.owner), *old]
        await self._update(id, {"secrets": json.dumps(kept)})
        return secret

    async def seal(self) -> int:
        """Seal anew what is stored as it is, or by an older secret; gives of how many endpoints.

        For once, where secrets were given to an application that had endpoints already.
        """
        endpoints = self._tables.endpoints
        columns = (endpoints.c.id, endpoints.c.owner, endpoints.c.secrets)
        count = 0
        for row in await self._database.unit.rows(select(*columns).with_for_update()):
            anew = self._sealed.anew(row.secrets, row.owner)
            if anew is not None:
                await self._update(row.id, {"secrets": anew})
                count += 1
        return count

    async def remove(self, id: int) -> None:
        """Send nothing there any more; what is still on its way is given up."""
        tables = self._tables
        for table, column in (
            (tables.subscriptions, tables.subscriptions.c.endpoint_id),
            (tables.attempts, tables.attempts.c.endpoint_id),
            (tables.deliveries, tables.deliveries.c.endpoint_id),
            (tables.endpoints, tables.endpoints.c.id),
        ):
            await self._database.unit.execute(delete(table).where(column == id))

    async def _read(self, wanted: Select[Any]) -> list[Endpoint]:
        unit = self._database.unit
        rows = await unit.rows(wanted)
        subscriptions = self._tables.subscriptions
        events: dict[int, list[str]] = {row.id: [] for row in rows}
        if rows:
            of_them = subscriptions.c.endpoint_id.in_(events)
            for row in await unit.rows(
                select(subscriptions).where(of_them).order_by(subscriptions.c.event)
            ):
                events[row.endpoint_id].append(row.event)
        return [self._endpoint(row, events[row.id]) for row in rows]

    def _endpoint(self, row: Any, events: list[str]) -> Endpoint:
        return Endpoint(
            row.id, row.url, tuple(events), row.owner or None, row.description,
            self._sealed.newest(row.secrets, row.owner), row.is_active, as_datetime(row.created),
            as_datetime(row.failing_since), as_datetime(row.disabled), row.reason,
        )  # fmt: skip

    async def _subscribe(self, id: int, events: Sequence[str]) -> None:
        rows = [{"endpoint_id": id, "event": _wanted(event)} for event in dict.fromkeys(events)]
        if not rows:
            raise _no_event("no event at all")
        await self._database.unit.execute(insert(self._tables.subscriptions), rows)

    async def _update(self, id: int, values: dict[str, Any]) -> None:
        endpoints = self._tables.endpoints
        await self._database.unit.execute(
            update(endpoints).where(endpoints.c.id == id).values(values)
        )


def names_of(event: str) -> list[str]:
    """Give all that an endpoint may have subscribed to, to hear of an event."""
    parts = event.split(".")
    return [event, "*", *(".".join(parts[:count]) + ".*" for count in range(1, len(parts)))]


def check_event(event: str) -> None:
    """Raise `SetupError` for what no event can be called."""
    if not _EVENT.fullmatch(event) or len(event) > LONGEST_EVENT:
        raise _no_event(repr(event))


def _wanted(event: str) -> str:
    if not _WANTED.fullmatch(event) or len(event) > LONGEST_EVENT:
        raise _no_event(repr(event))
    return event


def _no_event(found: str) -> SetupError:
    return SetupError(
        f"{found} is no name of events: letters, digits, - and _, in parts between dots, at most"
        f" {LONGEST_EVENT} characters",
        code="webhooks.event",
        mend='"order.placed", or "order.*" for all below it',
    )
