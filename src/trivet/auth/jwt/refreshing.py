"""Refresh tokens in the database: families begun, gone on with, and ended.

Of two who use one token at the same moment one is first: the row is written by a statement that
asks for the version that was read. Going on is a transaction of its own, so that a theft stays
noted although its request is refused.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped
from starlette.requests import HTTPConnection

from trivet.auth.accounts import Accounts
from trivet.auth.jwt.families import Family, Refused, used
from trivet.auth.jwt.happened import RefreshTokenStolen
from trivet.auth.jwt.scopes import within
from trivet.auth.tokens.form import Shown, TokenForm
from trivet.auth.trail import Trail, where_from
from trivet.db import BareModel, Database, UtcDateTime, field

__all__ = ["Refreshed", "Refreshing", "StoredFamily"]

_TRIES = 10  # each that fails means that another one has succeeded
_HIDDEN = {"private": True}


class StoredFamily(BareModel):
    """One family of refresh tokens, from a sign-in to its end."""

    __tablename__ = "auth_refresh_families"

    id: Mapped[str] = field(max_length=12, primary_key=True)
    """Stands in each of its tokens."""
    user: Mapped[str] = field(max_length=32, index=True)
    client: Mapped[str | None] = field(max_length=100, default=None)
    scopes: Mapped[list[str]] = field(JSON)
    started_at: Mapped[datetime] = field(UtcDateTime)
    """When they proved who they are."""
    expires_at: Mapped[datetime] = field(UtcDateTime, index=True)
    current: Mapped[list[str]] = field(JSON, info=_HIDDEN)
    previous: Mapped[str | None] = field(max_length=64, default=None, info=_HIDDEN)
    replaced_at: Mapped[datetime] = field(UtcDateTime)
    version: Mapped[int] = field(default=0)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh token gave: another one, and whose it is."""

    token: str
    user: Any  # Any: the application's model of accounts
    scopes: tuple[str, ...]
    """Those that were asked for, or all of the sign-in's."""
    started_at: datetime
    client: str | None


class Refreshing:
    """The families of an application; `lifetime` and `grace` in seconds."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts[Any],
        trail: Trail,
        form: TokenForm,
        *,
        lifetime: float,
        grace: float,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._trail = trail
        self._form = form
        self._lifetime = lifetime
        self._grace = grace

    async def begin(
        self, user: Any, scopes: Sequence[str], client: str | None, at: datetime
    ) -> str:
        """Begin a family at a sign-in, in the present unit of work; gives its first token."""
        shown = self._form.make()
        await StoredFamily(
            id=shown.id,
            user=user.handle,
            client=client,
            scopes=list(scopes),
            started_at=at,
            expires_at=at + timedelta(seconds=self._lifetime),
            current=[shown.digest],
            replaced_at=at,
        ).save()
        return shown.text

    async def go_on(
        self, text: str, asked: Sequence[str], connection: HTTPConnection | None
    ) -> Refreshed | None:
        """Use a token, which counts once, and give the next one; None where it does not count.

        Raises `GrantRefused` for scopes beyond the family's, and the token still counts. One that
        was replaced ends its family, and the trail is told. So does one of an account that
        is not active any more, or whose password was changed since.
        """
        shown = self._form.read(text)
        if shown is None:
            return None
        for _ in range(_TRIES):
            async with self._apart():
                found = await self._step(shown, asked, connection)
            if not isinstance(found, _AnotherWasFirst):
                return found
        return None

    async def end(self, text: str) -> Any:  # Any: the application's model of accounts
        """End the family of a token; gives whose it was, or None where it is of none."""
        shown = self._form.read(text)
        family = None if shown is None else await StoredFamily.find(shown.id)
        if family is None:
            return None
        await self._end(family)
        return await self._accounts.by_handle(family.user)

    async def end_all(self, user: Any) -> int:
        """End all families of an account; gives how many they were."""
        return await StoredFamily.where(user=user.handle).delete()

    async def forget_expired(self) -> int:
        """Delete families that are over; gives how many they were."""
        return await StoredFamily.where(expires_at__lte=datetime.now(UTC)).delete()

    async def _step(
        self, shown: Shown, asked: Sequence[str], connection: HTTPConnection | None
    ) -> Refreshed | _AnotherWasFirst | None:
        stored = await StoredFamily.find(shown.id)
        now = datetime.now(UTC)
        if stored is None or stored.id != shown.id or stored.expires_at <= now:
            return None
        family = Family(tuple(stored.current), stored.previous, stored.replaced_at)
        following = self._form.with_id(stored.id)
        after = used(family, shown.digest, following.digest, now, self._grace)
        if after is Refused.STOLEN:
            await self._end(stored)
            details = {"client": stored.client} if stored.client else {}
            await self._trail.note(
                RefreshTokenStolen(user=stored.user, details=details, **where_from(connection))
            )
            return None
        if isinstance(after, Refused):
            return None
        user = await self._accounts.by_handle(stored.user)
        if user is None or not user.is_active or _is_older(stored.started_at, user):
            await self._end(stored)
            return None
        scopes = within(asked, stored.scopes)
        changed = await StoredFamily.where(id=stored.id, version=stored.version).update(
            current=list(after.current),
            previous=after.previous,
            replaced_at=after.replaced_at,
            version=stored.version + 1,
        )
        if changed != 1:
            return _AnotherWasFirst()
        return Refreshed(following.text, user, scopes, stored.started_at, stored.client)

    async def _end(self, stored: StoredFamily) -> None:
        await StoredFamily.where(id=stored.id).delete()

    @asynccontextmanager
    async def _apart(self) -> AsyncIterator[None]:
        unit = self._database.open_unit
        if unit is not None and unit.is_writing:
            # The one writer of an SQLite file would wait for itself.
            yield
            return
        async with self._database.own_transaction():
            yield


class _AnotherWasFirst:
    """The row was written by another one between reading and writing it."""


def _is_older(moment: datetime, user: Any) -> bool:
    return user.password_changed_at is not None and user.password_changed_at > moment
