"""Who gets access tokens for what: the grants of OAuth 2 (RFC 6749), without forms and answers.

A person by password, where the account has no second factor: this flow has no place for one, and a
token without it would be a way around it. Whoever has a refresh token. A service, by one of its API
tokens as the secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.requests import HTTPConnection

from trivet.auth.accounts import Accounts
from trivet.auth.errors import NotAllowed, SignInFailed
from trivet.auth.happened import SignedIn, SignedOut
from trivet.auth.jwt.claims import Statement, Statements
from trivet.auth.jwt.errors import GrantRefused
from trivet.auth.jwt.keys import SigningKeys
from trivet.auth.jwt.refreshing import Refreshing
from trivet.auth.jwt.scopes import EVERYTHING, scopes_of, within
from trivet.auth.passwords import PasswordRefused
from trivet.auth.signing_in import SigningIn
from trivet.auth.tokens.keeping import TokenKeeping
from trivet.auth.trail import Trail, where_from

__all__ = ["Grant", "Granting"]

_LONGEST_CLIENT = 100
_NO_GRANT = "The token does not count"


@dataclass(frozen=True, slots=True)
class Grant:
    """What is given: an access token, and where it can go on a refresh token."""

    access_token: str = field(repr=False)
    expires_in: float
    """In seconds."""
    scope: str
    refresh_token: str | None = field(default=None, repr=False)


class Granting:
    """Gives access tokens; `services` are the API tokens that count as secrets of services."""

    def __init__(
        self,
        keys: SigningKeys,
        statements: Statements,
        refreshing: Refreshing,
        signing_in: SigningIn,
        accounts: Accounts[Any],
        trail: Trail,
        services: TokenKeeping | None,
    ) -> None:
        self._keys = keys
        self._statements = statements
        self._signing_in = signing_in
        self._accounts = accounts
        self._trail = trail
        self._services = services
        self.refreshing = refreshing

    async def by_password(
        self,
        connection: HTTPConnection,
        *,
        log_in: str,
        password: str,
        scope: str = "",
        client: str | None = None,
    ) -> Grant:
        """Give tokens for a log-in and a password; without scopes for all rights of the account.

        Raises `GrantRefused`, and `TooManyAttempts`.
        """
        scopes = scopes_of(scope) or (EVERYTHING,)
        try:
            user = await self._signing_in.by_password(log_in, password, connection)
        except (SignInFailed, NotAllowed) as error:
            raise GrantRefused("invalid_grant", str(error.detail)) from error
        except PasswordRefused as error:  # too long to be anybody's
            raise GrantRefused("invalid_grant", str(SignInFailed().detail)) from error
        if await self._signing_in.factors_of(user):
            await self._signing_in.refuse(user, "second-factor", connection)
            raise GrantRefused(
                "mfa_required",
                "This account has a second factor: sign in on the site, and make an API token",
            )
        grant = await self.issue(user, scopes=scopes, client=client)
        user.signed_in_at = datetime.now(UTC)
        await self._accounts.model.save(user)
        details = {"factors": ["password"], "by": "access-token"}
        event = SignedIn(user=user.handle, details=details, **where_from(connection))
        await self._trail.note(event)
        return grant

    async def issue(
        self,
        user: Any,
        *,
        scopes: Sequence[str] = (EVERYTHING,),
        client: str | None = None,
        is_refreshed: bool = True,
    ) -> Grant:
        """Give tokens to an account that has just proved who it is, in whatever way.

        For sign-ins of your own: nothing is asked here but that the account is active. Without
        `is_refreshed` there is an access token alone, and nothing is stored.
        """
        if not user.is_active or user.is_service:
            raise GrantRefused("invalid_grant", "The account is not active")
        if client is not None and not (client.isprintable() and len(client) <= _LONGEST_CLIENT):
            raise GrantRefused("invalid_client", "The client's id is not printable, or too long")
        now = datetime.now(UTC)
        refresh_token = None
        if is_refreshed:
            refresh_token = await self.refreshing.begin(user, scopes, client, now)
        return self._grant(user, scopes, client, now, refresh_token)

    async def by_refresh_token(
        self, connection: HTTPConnection, *, token: str, scope: str = ""
    ) -> Grant:
        """Give tokens for a refresh token, which counts once; raises `GrantRefused`.

        Scopes may be fewer than those of the sign-in; the next refresh token has all of them.
        """
        found = await self.refreshing.go_on(token, scopes_of(scope), connection)
        if found is None:
            raise GrantRefused("invalid_grant", _NO_GRANT)
        return self._grant(found.user, found.scopes, found.client, found.started_at, found.token)

    async def by_service(
        self, connection: HTTPConnection, *, client: str, secret: str, scope: str = ""
    ) -> Grant:
        """Give a service's access token, for its handle and one of its API tokens.

        Its scopes are those of the API token, or fewer. Raises `GrantRefused`.
        """
        if self._services is None:
            raise GrantRefused("unsupported_grant_type", "Services have no access tokens here")
        asked = scopes_of(scope)
        found = await self._services.read(secret)
        if found is None or found[1].handle != client or not found[1].is_service:
            raise GrantRefused(
                "invalid_client", "The client or its secret is not right", status=401
            )
        token, user = found
        await self._services.note_used(token)
        return self._grant(user, within(asked, token.scopes), client, None, None)

    async def revoke(self, connection: HTTPConnection, token: str) -> None:
        """End the family of a refresh token; what is none, or does not count, is no mistake."""
        user = await self.refreshing.end(token)
        if user is not None:
            await self._trail.note(SignedOut(user=user.handle, **where_from(connection)))

    def _grant(
        self,
        user: Any,
        scopes: Sequence[str],
        client: str | None,
        authenticated_at: datetime | None,
        refresh_token: str | None,
    ) -> Grant:
        statement = Statement(
            user.handle,
            frozenset(scopes),
            datetime.now(UTC).timestamp(),
            None if authenticated_at is None else authenticated_at.timestamp(),
            client,
        )
        access_token = self._keys.sign(self._statements.write(statement))
        return Grant(access_token, self._statements.lifetime, " ".join(scopes), refresh_token)
