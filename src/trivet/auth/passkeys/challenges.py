"""Challenges: random, for one purpose and one browser, ending, and counting once.

A challenge is a token of `Links`; the visitor's session says which one this browser was given. The
row is what lets it count once: a session may be kept by the browser itself, which can show an old
one again. Each costs a row, which is gone once it is used, and forgotten after its time.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import HTTPConnection

from trivet.auth.links import Links
from trivet.auth.passkeys.refused import CeremonyOver
from trivet.db import LostRace
from trivet.security.signing import BadToken
from trivet.sessions import Sessions

__all__ = ["Challenges"]

_GIVEN = "auth.passkeys"  # in a session: tokens by purpose


class Challenges:
    """Gives challenges to browsers, and takes each back once."""

    def __init__(self, links: Links, sessions: Sessions, lifetime: float) -> None:
        self._links = links
        self._sessions = sessions
        self.lifetime = lifetime

    async def give(self, connection: HTTPConnection, purpose: str, user: Any = None) -> bytes:
        """Give a new challenge; one that this browser was given before for it is forgotten."""
        session = await self._sessions.of_request(connection)
        token = await self._links.make(f"passkey-{purpose}", user, self.lifetime)
        session[_GIVEN] = {**session.get(_GIVEN, {}), purpose: token}
        return token.encode()

    async def look(self, connection: HTTPConnection, purpose: str, user: Any = None) -> bytes:
        """Give the challenge that this browser was given; raises `CeremonyOver`."""
        session = await self._sessions.of_request(connection)
        token = session.get(_GIVEN, {}).get(purpose, "")
        try:
            link = await self._links.look(f"passkey-{purpose}", token)
        except BadToken as error:
            raise CeremonyOver from error
        if link.user != ("" if user is None else user.handle):
            raise CeremonyOver
        return str(token).encode()

    async def use(self, connection: HTTPConnection, purpose: str) -> None:
        """Let it count no more; raises `CeremonyOver` for all but one who use it at once."""
        session = await self._sessions.of_request(connection)
        given = dict(session.get(_GIVEN, {}))
        token = given.pop(purpose, "")
        session[_GIVEN] = given
        try:
            await self._links.use(f"passkey-{purpose}", token)
        except (BadToken, LostRace) as error:
            raise CeremonyOver from error
