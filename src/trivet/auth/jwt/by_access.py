"""Known by an access token: a signed statement of ours, which ends soon."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from starlette.requests import HTTPConnection

from trivet.auth.accounts import Accounts
from trivet.auth.bearer import BEARER, bearer_of, token_refused
from trivet.auth.identity import Identity
from trivet.auth.jwt.claims import Statement, Statements
from trivet.auth.jwt.keys import SigningKeys
from trivet.auth.jwt.scopes import EVERYTHING

__all__ = ["ByAccess"]


class ByAccess:
    """The means of those who have signed in for tokens.

    The account is read with each request, by its handle: a token says who signed in, and only the
    database that the account is still there, active, and has the same password. It takes the check
    of a signature and this one read.
    """

    name = "jwt"

    def __init__(
        self,
        keys: SigningKeys,
        statements: Statements,
        accounts: Accounts[Any],
        scheme: str = BEARER,
    ) -> None:
        self._keys = keys
        self._statements = statements
        self._accounts = accounts
        self.challenge: str | None = scheme
        self._scheme = scheme

    async def identify(self, connection: HTTPConnection) -> Identity | None:
        """Give whose token a request shows, or None; raises `TokenRefused` (401)."""
        text = bearer_of(connection, self._scheme)
        if text is None or "." not in text:
            return None  # another means' kind: what has points in it says that it is signed
        claims = self._keys.verify(text)
        stated = None if claims is None else self._statements.read(claims, time.time())
        user = None if stated is None else await self._accounts.by_handle(stated.user)
        if stated is None or user is None or not user.is_active or _is_older(stated, user):
            raise token_refused(self._scheme)
        if stated.authenticated_at is None:
            return Identity(user, self.name, scopes=stated.scopes)
        # A person who signed in for all of their rights is there as by a session.
        is_whole = EVERYTHING in stated.scopes
        return Identity(
            user,
            self.name,
            scopes=None if is_whole else stated.scopes,
            authenticated_at=(
                datetime.fromtimestamp(stated.authenticated_at, UTC) if is_whole else None
            ),
        )


def _is_older(stated: Statement, user: Any) -> bool:
    """Tell whether a token was given before the password was changed."""
    changed_at: datetime | None = user.password_changed_at
    # Tokens count milliseconds: one that is given right behind the change, by the same request, is
    # not the older one of the two.
    return changed_at is not None and stated.issued_at < round(changed_at.timestamp(), 3)
