"""Sign-ins that are under way at a provider: begun by one visitor, ended once, by the same one.

The state is random and its digest alone is kept. It counts once, for a few minutes, for the
provider it was made for, and only in the session that began it: that session has a secret, which
never leaves the server, and of which the row has the digest. A state that counts is used up in a
transaction of its own before anything is asked, so that it stays used up whatever comes of it.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe

from starlette.requests import HTTPConnection

from trivet.auth.providers.provider import Trip
from trivet.auth.providers.tables import StoredTrip, digest_of
from trivet.db import Database
from trivet.sessions import Session, Sessions

__all__ = ["Begun", "Trips"]

_BINDING = "auth.with"  # in the visitor's session
_BYTES = 32
_LONGEST_STATE = 100


@dataclass(frozen=True, slots=True, repr=False)
class Begun:
    """What somebody had in mind who went to a provider."""

    trip: Trip
    next: str
    remember: bool
    user: str | None
    """The handle of the account to be linked; None for a sign-in."""


class Trips:
    """Begins and ends them. `lifetime` is in seconds."""

    def __init__(self, database: Database, sessions: Sessions, lifetime: float) -> None:
        self._database = database
        self._sessions = sessions
        self._lifetime = lifetime

    def plan(self, redirect_uri: str) -> Trip:
        """Give the secrets of a new one, which counts once it is kept."""
        state, verifier, nonce = (token_urlsafe(_BYTES) for _ in range(3))
        return Trip(state, verifier, nonce, redirect_uri)

    async def keep(self, session: Session, provider: str, begun: Begun) -> None:
        """Let one count in a session, in the present unit of work."""
        trip = begun.trip
        binding = session.get(_BINDING)
        if not isinstance(binding, str):
            binding = session[_BINDING] = token_urlsafe(_BYTES)
        await StoredTrip(
            digest=digest_of(trip.state),
            binding=digest_of(binding),
            provider=provider,
            verifier=trip.verifier,
            nonce=trip.nonce,
            redirect_uri=trip.redirect_uri,
            next=begun.next,
            remember=begun.remember,
            user=begun.user,
            expires_at=datetime.now(UTC) + timedelta(seconds=self._lifetime),
        ).save()

    async def use(self, connection: HTTPConnection, provider: str, state: str) -> Begun | None:
        """Give what a state stands for, and let it count no more; None where it does not count.

        Of two who use it at once one gets it. One of another session stays: who knows it, and has
        not begun it, ends nothing.
        """
        if not 0 < len(state) <= _LONGEST_STATE:
            return None
        session = await self._sessions.of_request(connection)
        binding = session.get(_BINDING)
        if not isinstance(binding, str):
            return None
        unit = self._database.open_unit
        if unit is not None and unit.is_writing:
            # SQLite's one writer would wait for itself; what fails now takes this back with it.
            return await self._used(provider, state, binding)
        async with self._database.own_transaction():
            return await self._used(provider, state, binding)

    async def _used(self, provider: str, state: str, binding: str) -> Begun | None:
        # Held: of two at once one waits; and no replica is asked, which may not have it yet.
        stored = await StoredTrip.where(digest=digest_of(state)).for_update().first()
        if stored is None or stored.provider != provider or stored.expires_at <= datetime.now(UTC):
            return None
        if not hmac.compare_digest(stored.binding, digest_of(binding)):
            return None
        if await StoredTrip.where(digest=stored.digest).delete() != 1:
            return None
        trip = Trip(state, stored.verifier, stored.nonce, stored.redirect_uri)
        return Begun(trip, stored.next, stored.remember, stored.user)

    async def forget_expired(self) -> int:
        """Delete those whose time is over; gives how many. A server does it once an hour."""
        async with self._database.own_transaction():
            return await StoredTrip.where(expires_at__lte=datetime.now(UTC)).delete()
