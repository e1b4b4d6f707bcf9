"""A session of Django's becomes one of ours: once, for the account that it is of, or for nobody.

What a session names is a key of Django's. Which of our accounts that is, names and addresses say,
by the rule that the accounts were taken over by; that it is the same person, the stored password
says: its hash, salt and all, stands in both tables, and a digest of it in the session. So an
account that only has the same name is never somebody's, and a password that was changed on either
side ends what was signed in before. Accounts without any hash to compare are nobody's either.
"""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from sqlalchemy import inspect
from starlette.requests import HTTPConnection

from trivet.auth.django_sessions.names import email_of, username_of
from trivet.auth.django_sessions.rows import DjangoRows
from trivet.auth.django_sessions.signed import is_digest_of, read_session
from trivet.auth.identity import Identity
from trivet.auth.part import Auth
from trivet.auth.users import NO_PASSWORD
from trivet.http.exchange import Scope
from trivet.sessions.cookies import Cookies

__all__ = ["SPENT", "ByDjangoSession"]

SPENT = "trivet.auth.django_sessions.spent"
"""By name: importing it makes its table."""

_KEY = re.compile(r"[a-z0-9]{8,40}")
_log = logging.getLogger("trivet.auth")


@dataclass(slots=True, eq=False)
class ByDjangoSession:
    """The means of browsers that have a session of Django's; it is asked when no other knows."""

    auth: Auth
    rows: DjangoRows
    cookies: Cookies
    secrets: Sequence[str] = field(repr=False)
    is_kept: bool
    is_remembered: bool
    name: str = "django-session"
    challenge: str | None = None

    async def identify(self, connection: HTTPConnection) -> Identity | None:
        """Give who is signed in in Django, and from now on here; None for nobody.

        Raises `HTTPException` (403) where another site's page may have sent the request.
        """
        key = self._key(connection.scope)
        if key is None or _is_embedded(connection.scope):
            return None
        session = await self.auth.sessions.of_request(connection)
        notes = session.notes
        if session.user is not None or notes.is_read_only or notes.is_over:
            return None
        data = await self.rows.data_of(key)
        held = None if data is None else read_session(data, self.secrets)
        user = None if held is None else await self._account(held)
        if held is None or user is None:
            _log.debug("a session of Django's is over, or nobody's here")
            return None
        self.auth.by_session.check_sender(connection)
        remember = self.is_remembered and held.get("_session_expiry") != 0
        if not await self._take(connection, key, user, remember=remember):
            _log.debug("a session of Django's was not taken over: %s signs in", user.handle)
            return None
        return await self.auth.by_session.identify(connection)

    async def end(self, connection: HTTPConnection) -> None:
        """Let a session of Django's end with ours, in a browser in which somebody signs out."""
        key = self._key(connection.scope)
        if key is not None:
            await self.rows.delete(key)

    def _key(self, scope: Scope) -> str | None:
        value = self.cookies.read(scope)
        return value if value is not None and _KEY.fullmatch(value) else None

    async def _take(
        self, connection: HTTPConnection, key: str, user: Any, *, remember: bool
    ) -> bool:
        """Begin a session of ours in the place of one of Django's; False where that cannot be.

        Whether it may is asked before anything is written, and who was first behind that.
        """
        if not await self.auth.signing_in.may_go_on(connection, user):
            return False
        if self.is_kept:
            is_first = await import_module(SPENT).spend(self.auth.database, key)
        else:
            is_first = await self.rows.delete(key)
        if is_first:
            await self.auth.signing_in.go_on(connection, user, of="django", remember=remember)
        return bool(is_first)

    # -- whose it is -----------------------------------------------------------------------------

    async def _account(self, held: Mapping[str, Any]) -> Any:
        """Give our account of what a session of Django's holds, or None."""
        key, digest = held.get("_auth_user_id"), held.get("_auth_user_hash")
        if not isinstance(key, str):
            return None  # a visitor who never signed in
        theirs = await self.rows.account(key)
        if theirs is None or not theirs.get("is_active", True):
            return None
        stored = theirs.get("password")
        if not isinstance(stored, str) or not is_digest_of(digest, stored, self.secrets):
            return None
        if stored in ("", NO_PASSWORD):
            return None
        for name, value in self._lookups(theirs).items():
            user = await self.auth.accounts.model.where(**{name: value}).first()
            if user is not None and _is_same(user.password, stored):
                return user
        return None

    def _lookups(self, theirs: Mapping[str, Any]) -> dict[str, Any]:
        """Give by which columns one of our accounts may be found, and what would stand there."""
        found = {"username": username_of(theirs), "email": email_of(theirs)}
        lookups: dict[str, Any] = {name: text for name, text in found.items() if text is not None}
        mapper = inspect(self.auth.accounts.model)
        key = mapper.primary_key[0]  # accounts keep their keys where they could
        if isinstance(theirs["id"], key.type.python_type):
            lookups[mapper.get_property_by_column(key).key] = theirs["id"]
        return lookups


def _is_embedded(scope: Scope) -> bool:
    """Tell whether another site's page shows or fetches this, rather than leads to it.

    Browsers do not keep our cookie then, so that both sessions would be lost.
    """
    sent = {name: value for name, value in scope["headers"] if name.startswith(b"sec-fetch-")}
    if sent.get(b"sec-fetch-site") != b"cross-site":
        return False
    return sent.get(b"sec-fetch-dest") != b"document"


def _is_same(ours: str, theirs: str) -> bool:
    return hmac.compare_digest(
        ours.encode(errors="surrogatepass"), theirs.encode(errors="surrogatepass")
    )
