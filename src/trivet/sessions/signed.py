"""Sessions in the cookie itself, signed: `Sessions(CookieSessions(secrets))`.

Nothing is kept on the server, and so nothing can be listed, ended, or taken back there: a cookie
that somebody has copied counts until it ends by itself, after a sign-out and a rotation too. Values
are signed, not encrypted: the visitor can read them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import ClassVar, NoReturn

from pydantic import SecretStr

from trivet.errors import SetupError
from trivet.security.signing import BadToken, Signer
from trivet.sessions.kept import Kept
from trivet.sessions.session import SessionError
from trivet.sessions.store import SessionStore

__all__ = ["CookieSessions"]

# Browsers drop cookies above 4,093 bytes; name and attributes have their part of it.
_LARGEST = 3900
_NAMES = tuple(one.name for one in fields(Kept) if one.name not in ("address", "agent"))


class CookieSessions(SessionStore):
    """Keep each session in its visitor's cookie, signed with `secrets`; see `Signer` for them.

    A session may have about 2,800 bytes of values. Raises `SessionError` beyond that.
    """

    name: ClassVar[str] = "the cookie"
    lives_in_cookie: ClassVar[bool] = True

    def __init__(self, secrets: str | SecretStr | Sequence[str | SecretStr]) -> None:
        self._signer = Signer(secrets, purpose="sessions")

    async def find(self, token: str, now: int) -> Kept | None:
        try:
            found = self._signer.read(token, max_age=None)
        except BadToken:
            return None
        if len(found) != len(_NAMES):  # of another version of ours
            return None
        kept = Kept(**dict(zip(_NAMES, found, strict=True)), address="", agent="")
        return kept if kept.expires > now else None

    async def insert(self, kept: Kept, instead_of: tuple[str, str] | None) -> str:
        return self._signed(kept)

    async def update(self, kept: Kept, token: str, *, rotates: bool) -> str | None:
        return self._signed(kept)

    async def touch(self, kept: Kept, token: str) -> None:
        """Do nothing: the next cookie says it."""

    async def delete(self, id: str) -> None:
        """Do nothing: the browser is told to forget it."""

    async def was_replaced(self, token: str, now: int) -> bool:
        return False

    async def of(self, user: str, now: int) -> list[Kept]:
        _refuse("lists")

    async def end(self, id: str, user: str) -> bool:
        _refuse("ends")

    async def end_all(self, user: str, except_id: str | None) -> int:
        _refuse("ends")

    async def forget_expired(self, now: int) -> int:
        return 0

    def _signed(self, kept: Kept) -> str:
        token = self._signer.sign([getattr(kept, name) for name in _NAMES])
        if len(token) > _LARGEST:
            raise SessionError(
                f"the session would be a cookie of {len(token)} bytes, and browsers drop those"
                f" above 4,093 with their attributes. Keep less in it, or keep sessions in a"
                " database: Sessions(DatabaseSessions(db))"
            )
        return token


def _refuse(what: str) -> NoReturn:
    raise SetupError(
        f"nobody {what} sessions that are kept in cookies: they are with the visitors alone",
        code="sessions.in-cookies",
        mend="Sessions(DatabaseSessions(db)), or Sessions(RedisSessions(url))",
    )
