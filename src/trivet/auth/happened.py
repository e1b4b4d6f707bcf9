"""What happens to accounts, as events: each is written to the trail, and published.

``@events.on(SignedIn)`` is within the transaction in which it happened, `events.after_commit`
behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

__all__ = [
    "AccountCreated",
    "AccountDeleted",
    "EmailConfirmed",
    "Happened",
    "PasswordChanged",
    "PasswordReset",
    "SessionTakenOver",
    "SignInRefused",
    "SignedIn",
    "SignedOut",
]


@dataclass(frozen=True, kw_only=True)
class Happened:
    """Something that happened to an account; subclasses say what."""

    kind: ClassVar[str] = "happened"
    """What the trail calls it."""

    user: str | None = None
    """The account's handle; None where it is not known."""
    by: str | None = None
    """The handle of who did it, where it was another account."""
    address: str | None = None
    agent: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)  # Any: what JSON can write


@dataclass(frozen=True, kw_only=True)
class AccountCreated(Happened):
    """An account was made."""

    kind = "account-created"


@dataclass(frozen=True, kw_only=True)
class AccountDeleted(Happened):
    """An account was deleted, and all that it could sign in by."""

    kind = "account-deleted"


@dataclass(frozen=True, kw_only=True)
class EmailConfirmed(Happened):
    """Somebody proved that the account's mail reaches them."""

    kind = "email-confirmed"


@dataclass(frozen=True, kw_only=True)
class SignedIn(Happened):
    """Somebody signed in; `details` has ``factors``."""

    kind = "signed-in"


@dataclass(frozen=True, kw_only=True)
class SessionTakenOver(Happened):
    """Somebody who was signed in elsewhere is so here now; `details` has ``of``: ``django``."""

    kind = "session-taken-over"


@dataclass(frozen=True, kw_only=True)
class SignInRefused(Happened):
    """Somebody could not sign in; `details` has ``why``, which they were not told."""

    kind = "sign-in-refused"


@dataclass(frozen=True, kw_only=True)
class SignedOut(Happened):
    """Somebody signed out, here or elsewhere."""

    kind = "signed-out"


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(Happened):
    """Somebody who was signed in changed their password."""

    kind = "password-changed"


@dataclass(frozen=True, kw_only=True)
class PasswordReset(Happened):
    """Somebody set a new password by a link that they were sent."""

    kind = "password-reset"
