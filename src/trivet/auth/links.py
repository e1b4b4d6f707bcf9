"""Links that count once: a random token that is mailed, and of which a hash alone is kept here.

A signature would prove that we made it; that it counts once has to be written down anyway, and what
is written down needs none. It is found by its hash, so that no time tells how much of it was right.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, Protocol

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped

from trivet.db import BareModel, UtcDateTime, field
from trivet.security.signing import BadToken

__all__ = ["HasHandle", "Link", "Links"]

_BYTES = 32
_LONGEST = 100


class StoredLink(BareModel):
    """A link that was made and not used yet."""

    __tablename__ = "auth_links"

    digest: Mapped[str] = field(max_length=64, primary_key=True, info={"private": True})
    purpose: Mapped[str] = field(max_length=50)
    user: Mapped[str] = field(max_length=32, index=True)
    expires_at: Mapped[datetime] = field(UtcDateTime, index=True)
    details: Mapped[dict[str, Any]] = field(JSON, default_factory=dict)


class HasHandle(Protocol):
    """What a link can be for: an account, or another thing that a random handle names."""

    @property
    def handle(self) -> str:
        """Never given twice."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a token stands for."""

    purpose: str
    user: str
    """The handle of the account; empty where it is nobody's."""
    details: dict[str, Any]  # Any: what JSON can write


class Links:
    """Makes links and takes them back, in the present unit of work."""

    async def make(
        self, purpose: str, user: HasHandle | None, seconds: float, **details: Any
    ) -> str:
        """Give a token that counts once, within `seconds`.

        It is for an account, for what else has a handle, or for nobody's.
        """
        token = token_urlsafe(_BYTES)
        await StoredLink(
            digest=_digest(token),
            purpose=purpose,
            user="" if user is None else user.handle,
            expires_at=datetime.now(UTC) + timedelta(seconds=seconds),
            details=details,
        ).save()
        return token

    async def look(self, purpose: str, token: str) -> Link:
        """Give what a token stands for and leave it: what opens a mail may follow its links.

        Raises `BadToken` (400) for one that does not count, whatever the reason.
        """
        stored = await self._found(purpose, token)
        return Link(stored.purpose, stored.user, stored.details)

    async def use(self, purpose: str, token: str) -> Link:
        """Give what a token stands for, and let it count no more; raises `BadToken` (400).

        Of two who use it at once one gets it.
        """
        link = await self.look(purpose, token)
        query = StoredLink.where(digest=_digest(token), expires_at__gt=datetime.now(UTC))
        if await query.delete() != 1:
            raise BadToken(_DOES_NOT_COUNT)
        return link

    async def withdraw(self, user: HasHandle, *purposes: str) -> None:
        """Let no link of an account count any more, or none for these purposes."""
        query = StoredLink.where(user=user.handle)
        await (query.where(purpose__in=list(purposes)) if purposes else query).delete()

    async def forget_expired(self) -> int:
        """Delete what counts no more; gives how many it were."""
        return await StoredLink.where(expires_at__lte=datetime.now(UTC)).delete()

    async def _found(self, purpose: str, token: str) -> StoredLink:
        if not isinstance(token, str) or not 0 < len(token) <= _LONGEST:
            raise BadToken(_DOES_NOT_COUNT)
        stored = await StoredLink.find(_digest(token))
        if stored is None or stored.purpose != purpose or stored.expires_at <= datetime.now(UTC):
            raise BadToken(_DOES_NOT_COUNT)
        return stored


_DOES_NOT_COUNT = "This link is not valid, or was used already"


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
