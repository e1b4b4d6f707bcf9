"""What the part asks of a store of sessions; subclass it for one of your own.

A token is what the visitor's browser holds. It is 256 random bits, and a store keeps only its
digest: whoever reads the store cannot act for anybody. Each method is one step that nobody comes
between. The contract is tests/sessions/test_stores.py.
"""

from __future__ import annotations

import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Sequence
from hashlib import sha256
from typing import ClassVar

from trivet.app.part import Part
from trivet.errors import TrivetError
from trivet.sessions.kept import Kept
from trivet.watching import Probe

__all__ = ["GRACE", "SessionStore", "SessionsAway", "digest_of", "new_token"]

GRACE = 60_000
"""Milliseconds for which a store knows of a token that it was replaced."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


class SessionsAway(TrivetError):
    """The store does not answer; a request is answered with 503, nobody is taken for a stranger."""


class SessionStore(ABC):
    """Where sessions are kept."""

    name: ClassVar[str]
    """What messages call it."""
    lives_in_cookie: ClassVar[bool] = False
    """True where the token is the session itself: nothing can be listed or ended here."""
    requires: Sequence[Part] = ()
    """Parts that must be there before it."""

    def probes(self) -> Sequence[Probe]:
        """Give what to ask whether the store is there; none where a part of its own is asked."""
        return ()

    async def close(self) -> None:  # noqa: B027  # most hold nothing open
        """Close what is open; the next call may open it again."""

    @abstractmethod
    async def find(self, token: str, now: int) -> Kept | None:
        """Give the session of a token that has not ended; None for whatever else was sent."""

    @abstractmethod
    async def insert(self, kept: Kept, instead_of: tuple[str, str] | None) -> str:
        """Keep a new session and give its token; `instead_of` (id, token) ends with it."""

    @abstractmethod
    async def update(self, kept: Kept, token: str, *, rotates: bool) -> str | None:
        """Write over a session, under a new token if it `rotates`; gives the token.

        None where the token is not the session's any more: it was rotated or ended meanwhile, and
        nothing is written.
        """

    @abstractmethod
    async def touch(self, kept: Kept, token: str) -> None:
        """Write down when and from where a session was seen last, apart from what is under way."""

    @abstractmethod
    async def delete(self, id: str) -> None:
        """End a session, whatever its token is by now."""

    @abstractmethod
    async def was_replaced(self, token: str, now: int) -> bool:
        """Tell whether another token took this one's place within the last minute."""

    @abstractmethod
    async def of(self, user: str, now: int) -> list[Kept]:
        """Give the sessions of a user, the one seen last first."""

    @abstractmethod
    async def end(self, id: str, user: str) -> bool:
        """End one session of a user; False where there is none."""

    @abstractmethod
    async def end_all(self, user: str, except_id: str | None) -> int:
        """End all sessions of a user but one; gives how many."""

    @abstractmethod
    async def forget_expired(self, now: int) -> int:
        """Delete what has ended; gives how many."""


def new_token() -> str:
    """Give 256 random bits as text."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str | None:
    """Give what is kept of a token; None for text that is no token."""
    return sha256(token.encode()).hexdigest() if _TOKEN.fullmatch(token) else None
