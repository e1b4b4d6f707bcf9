"""Who asks, and how that is known: an account, with what limits it in this request.

A `Means` is one way to know it: a session, a token, a signed statement. Each reads its own kind of
credentials and leaves others alone. The first that knows somebody decides; credentials that are a
means' own and wrong are refused, and never taken for nobody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from starlette.requests import HTTPConnection

__all__ = ["ANONYMOUS", "Identity", "Means", "bound", "identity_of"]

_KEY = "_trivet_identity"  # on an account


@dataclass(frozen=True, slots=True, eq=False)
class Identity:
    """Who asks; `ANONYMOUS` where nobody is known."""

    user: Any = None  # Any: the application's model of accounts
    means: str = ""
    """By what they are known: ``session``, ``token``, …"""
    scopes: frozenset[str] | None = None
    """What of the account's rights goes with this request; None for all of them."""
    authenticated_at: datetime | None = None
    """When they last proved who they are, in UTC; None for programs, which cannot."""
    impersonator: Any = None
    """The account of who acts as this one; None where they are who they are."""

    @property
    def is_known(self) -> bool:
        """True where somebody is signed in."""
        return self.user is not None

    def is_recent(self, seconds: float) -> bool:
        """Tell whether they proved who they are in the last `seconds`."""
        if self.authenticated_at is None:
            return False
        return datetime.now(UTC) - self.authenticated_at <= timedelta(seconds=seconds)


ANONYMOUS = Identity()


def bound(identity: Identity) -> Identity:
    """Let an account say by what it is known here, so that what limits it goes where it goes."""
    if identity.user is not None:
        identity.user.__dict__[_KEY] = identity
    return identity


def identity_of(who: Any) -> Identity:
    """Give the identity of an account, of None, or of an identity.

    An account that a request brought is limited as that request is; another one is whole.
    """
    if isinstance(who, Identity):
        return who
    if who is None:
        return ANONYMOUS
    known: Identity | None = who.__dict__.get(_KEY)
    return known or Identity(who)


class Means(Protocol):
    """One way to know who asks."""

    name: str
    challenge: str | None
    """What `WWW-Authenticate` says of it (RFC 9110, 11.6.1); None for what browsers send alone."""

    async def identify(self, connection: HTTPConnection) -> Identity | None:
        """Give who asks, or None where there are no credentials of this kind.

        Raises `HTTPException` (401) for such as are of this kind and do not count.
        """
