"""API tokens: made, found by what somebody shows, listed and revoked.

Within the present unit of work, but for when one was last used, which is written beside it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import or_
from starlette.requests import HTTPConnection

from trivet.auth.accounts import Accounts
from trivet.auth.permissions.names import is_permission
from trivet.auth.tokens.form import Shown, TokenForm, is_same
from trivet.auth.tokens.happened import TokenMade, TokenRevoked
from trivet.auth.tokens.table import ApiToken
from trivet.auth.trail import Trail, where_from
from trivet.db import Database

__all__ = ["TokenKeeping"]

_log = logging.getLogger("trivet.auth")
_USED_EVERY = timedelta(minutes=1)
_MOST_SCOPES = 100
_LONGEST_SCOPE = 100


class TokenKeeping:
    """The API tokens of an application's accounts."""

    def __init__(
        self, database: Database, accounts: Accounts[Any], trail: Trail, form: TokenForm
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._trail = trail
        self._writing: set[str] = set()
        self.form = form

    async def make(
        self,
        user: Any,
        *,
        name: str,
        scopes: Sequence[str],
        lifetime: float | None,
        made_by: str | None = None,
        connection: HTTPConnection | None = None,
    ) -> tuple[str, ApiToken]:
        """Make a token for an account; gives its text, which is kept nowhere, and its row.

        It ends after `lifetime` seconds, never for None. Raises `ValueError` for scopes that are no
        names of permissions, or none at all.
        """
        asked = list(dict.fromkeys(scopes))
        if not 0 < len(asked) <= _MOST_SCOPES:
            raise ValueError(f"A token has 1 to {_MOST_SCOPES} scopes; ['*'] is all rights")
        for one in asked:
            if len(one) > _LONGEST_SCOPE or not is_permission(one):
                raise ValueError(f"{one[:_LONGEST_SCOPE]!r} is no name of a permission")
        shown = self.form.make()
        now = datetime.now(UTC)
        token = ApiToken(
            id=shown.id,
            digest=shown.digest,
            user=user.handle,
            name=name,
            scopes=asked,
            created_at=now,
            expires_at=None if lifetime is None else now + timedelta(seconds=lifetime),
            made_by=made_by,
        )
        await token.save()
        details = {"id": token.id, "name": name, "scopes": asked, "made_by": made_by}
        await self._trail.note(
            TokenMade(user=user.handle, details=details, **where_from(connection))
        )
        return shown.text, token

    async def read(self, text: str) -> tuple[ApiToken, Any] | None:
        """Give the token that a text is, and whose it is; None for all that does not count."""
        shown = self.form.read(text)
        token = None if shown is None else await self._counting(shown)
        user = None if token is None else await self._accounts.by_handle(token.user)
        if token is None or user is None or not user.is_active:
            return None
        return token, user

    async def of(self, user: Any) -> list[ApiToken]:
        """Give the tokens of an account, the newest first."""
        query = ApiToken.where(user=user.handle)
        return await query.order_by(ApiToken.created_at.desc(), ApiToken.id)

    async def revoke(self, user: Any, id: str, *, connection: HTTPConnection | None = None) -> bool:
        """Let a token of an account count no more; False where the account has no such token."""
        token = await ApiToken.where(user=user.handle, id=id).first()
        if token is None:
            return False
        await self._revoke(token, connection)
        return True

    async def revoke_all(self, user: Any, *, connection: HTTPConnection | None = None) -> int:
        """Let no token of an account count any more; gives how many they were."""
        tokens = await self.of(user)
        for token in tokens:
            await self._revoke(token, connection)
        return len(tokens)

    async def forget_expired(self) -> int:
        """Delete tokens that have ended; gives how many they were."""
        return await ApiToken.where(expires_at__lte=datetime.now(UTC)).delete()

    async def note_used(self, token: ApiToken) -> None:
        """Write that a token is used, where a minute has passed since that was last written.

        In a transaction of its own: an answer that fails does not undo it, and none waits for a row
        that others' requests write. Where this request is writing already, the next one does it.
        """
        now = datetime.now(UTC)
        before = now - _USED_EVERY
        if (token.used_at is not None and token.used_at > before) or token.id in self._writing:
            return
        unit = self._database.open_unit
        if unit is not None and unit.is_writing:
            return
        self._writing.add(token.id)
        try:
            async with self._database.own_transaction():
                is_due = or_(ApiToken.used_at.is_(None), ApiToken.used_at <= before)
                await ApiToken.where(ApiToken.id == token.id, is_due).update(used_at=now)
        except Exception:
            # Nobody is kept out because a moment could not be written down.
            _log.warning("when the token %s was used could not be written", token.id, exc_info=True)
        finally:
            self._writing.discard(token.id)

    async def _counting(self, shown: Shown) -> ApiToken | None:
        token = await ApiToken.find(shown.id)
        # For an id that is nobody's a digest is compared as well: ids are no secrets, and all the
        # same nothing here tells which there are.
        is_it = is_same(shown.digest, "" if token is None else token.digest)
        if token is None or not is_it:
            return None
        has_ended = token.expires_at is not None and token.expires_at <= datetime.now(UTC)
        return None if has_ended else token

    async def _revoke(self, token: ApiToken, connection: HTTPConnection | None) -> None:
        await ApiToken.where(id=token.id).delete()
        details = {"id": token.id, "name": token.name}
        await self._trail.note(
            TokenRevoked(user=token.user, details=details, **where_from(connection))
        )
