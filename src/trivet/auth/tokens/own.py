"""What people do with their own tokens, once: endpoints and pages call it alike.

Who is signed in makes tokens after a recent sign-in. A token does so where one of its scopes says
so by name (``api_token.make``): ``*`` is what an account may do, and making what outlives a token
is not part of it. No token gets a scope that who makes it does not have, or ends after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import HTTPConnection

from trivet.auth.current import knowing_of, known_identity
from trivet.auth.errors import NotAllowed, NotRecent
from trivet.auth.identity import Identity
from trivet.auth.permissions.names import covers
from trivet.auth.tokens.by_token import token_id_of
from trivet.auth.tokens.keeping import TokenKeeping
from trivet.auth.tokens.table import ApiToken
from trivet.binding.plan import SecurityScopes

__all__ = ["OwnTokens", "TokenLifetimes"]

_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class TokenLifetimes:
    """How long tokens count that people make for themselves, in seconds."""

    usual: float = 90 * _DAY
    """For those of whom nobody says how long."""
    longest: float = 366 * _DAY


class OwnTokens:
    """The tokens of who is signed in."""

    def __init__(self, keeping: TokenKeeping, lifetimes: TokenLifetimes) -> None:
        self._keeping = keeping
        self._lifetimes = lifetimes

    async def list(self, connection: HTTPConnection) -> list[ApiToken]:
        """Give the tokens of who is signed in, the newest first."""
        identity = await _allowed(connection, "api_token.view")
        return await self._keeping.of(identity.user)

    async def make(
        self,
        connection: HTTPConnection,
        *,
        name: str,
        scopes: Sequence[str],
        lifetime: float | None = None,
    ) -> tuple[str, ApiToken]:
        """Make a token for who is signed in; gives its text, which nobody can give again.

        Raises `NotSignedIn`, `NotRecent`, `NotAllowed`, and `ValueError` for scopes or a lifetime
        that cannot be.
        """
        identity = await _allowed(connection, "api_token.make")
        if identity.scopes is None and not identity.is_recent(knowing_of(connection).recent):
            raise NotRecent
        if identity.scopes is not None:
            for one in scopes:
                if not covers(identity.scopes, one):
                    raise NotAllowed("A token gets no scope that who makes it does not have")
        seconds = self._lifetimes.usual if lifetime is None else lifetime
        if not 0 < seconds <= self._lifetimes.longest:
            most = int(self._lifetimes.longest / _DAY)
            raise ValueError(f"A token counts for at most {most} days")
        maker = token_id_of(connection)
        parent = None if maker is None else await ApiToken.find(maker)
        if parent is not None and parent.expires_at is not None:
            left = (parent.expires_at - datetime.now(UTC)).total_seconds()
            seconds = min(seconds, left)
        return await self._keeping.make(
            identity.user,
            name=name,
            scopes=scopes,
            lifetime=seconds,
            made_by=maker,
            connection=connection,
        )

    async def revoke(self, connection: HTTPConnection, id: str) -> bool:
        """Let one of the tokens of who is signed in count no more; False where there is none."""
        identity = await _allowed(connection, "api_token.revoke")
        return await self._keeping.revoke(identity.user, id, connection=connection)


async def _allowed(connection: HTTPConnection, name: str) -> Identity:
    """Give who asks, if they are there as a whole or by a scope that is for this alone."""
    identity = await known_identity(connection, SecurityScopes())
    if identity.impersonator is not None:
        raise NotAllowed
    if identity.scopes is not None and not covers(identity.scopes - {"*"}, name):
        raise NotAllowed
    return identity
