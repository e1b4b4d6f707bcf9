"""Known by a session: what a browser's cookie stands for.

A browser sends the cookie with whatever another site's page makes it send. So nobody is known by it
in a request that may change something, unless it comes from this site's own pages.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from starlette.requests import HTTPConnection

from trivet.auth.accounts import Accounts
from trivet.auth.identity import Identity
from trivet.errors import HTTPException
from trivet.middleware.csrf import SAFE_METHODS, Csrf
from trivet.sessions import Sessions

__all__ = ["ACTING", "BySession"]

ACTING = "auth.acting"  # in a session: as which account its user acts, and until when


class BySession:
    """The means of browsers."""

    name = "session"
    challenge: str | None = None

    def __init__(
        self, accounts: Accounts[Any], sessions: Sessions, csrf: Csrf | None = None
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._csrf = csrf

    async def identify(self, connection: HTTPConnection) -> Identity | None:
        """Give who is signed in by the session of a request, or None."""
        session = await self._sessions.of_request(connection)
        if session.user is None:
            return None
        self.check_sender(connection)
        user = await self._accounts.by_handle(session.user)
        if user is None or not user.is_active:
            return None
        acting = session.get(ACTING)
        if acting is None or acting["until"] <= datetime.now(UTC).timestamp():
            return Identity(user, self.name, authenticated_at=session.authenticated_at)
        acted = await self._accounts.by_handle(acting["user"])
        if acted is None or not acted.is_active:
            return Identity(user, self.name, authenticated_at=session.authenticated_at)
        # Never recent: what asks for it is the account's own affair.
        return Identity(acted, self.name, impersonator=user)

    def check_sender(self, connection: HTTPConnection) -> None:
        """Raise `HTTPException` (403) where another site's page may have sent it.

        Where the application has a `Csrf` of its own, that has judged already.
        """
        scope = connection.scope
        if self._csrf is None or scope.get("method", "") in SAFE_METHODS:
            return
        hooks = getattr(scope.get("app"), "hooks", ())
        if any(isinstance(hook, Csrf) for hook in hooks):
            return
        refusal = self._csrf.connect(scope)
        if refusal is not None:
            raise HTTPException(refusal.status, json.loads(refusal.body)["detail"])
