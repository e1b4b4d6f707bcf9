"""What is kept: who somebody is at providers, and sign-ins that are under way there."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from sqlalchemy.orm import Mapped

from trivet.db import BareModel, Model, UtcDateTime, created, field

__all__ = ["LinkedLogin", "StoredTrip", "digest_of"]

_HIDDEN = {"private": True}


def digest_of(*texts: str) -> str:
    """Give what texts are found by; others have another one, also where they differ by a capital.

    Databases that take capitals for small letters would find another person by a subject itself.
    """
    return sha256("\n".join(texts).encode()).hexdigest()


class LinkedLogin(Model):
    """Whom an account is at a provider. The provider's tokens are not kept."""

    __tablename__ = "auth_linked_logins"

    digest: Mapped[str] = field(max_length=64, unique=True, info=_HIDDEN)
    """Of issuer and subject."""
    user: Mapped[str] = field(max_length=32, index=True, info=_HIDDEN)
    """The account's handle."""
    issuer: Mapped[str] = field(max_length=255)
    subject: Mapped[str] = field(max_length=255, info=_HIDDEN)
    label: Mapped[str] = field(max_length=254, default="")
    """What its owner knows it by: never looked anything up by."""
    linked_at: Mapped[datetime] = created()
    used_at: Mapped[datetime | None] = field(UtcDateTime, default=None)


class StoredTrip(BareModel):
    """A sign-in that is under way at a provider; the state is the browser's, here is its digest."""

    __tablename__ = "auth_trips"

    digest: Mapped[str] = field(max_length=64, primary_key=True, info=_HIDDEN)
    binding: Mapped[str] = field(max_length=64, info=_HIDDEN)
    """The digest of a secret in the session of who began it."""
    provider: Mapped[str] = field(max_length=30)
    verifier: Mapped[str] = field(max_length=64, info=_HIDDEN)
    nonce: Mapped[str] = field(max_length=64, info=_HIDDEN)
    redirect_uri: Mapped[str] = field(max_length=500)
    next: Mapped[str] = field(max_length=2048)
    remember: Mapped[bool] = field(default=False)
    user: Mapped[str | None] = field(max_length=32, default=None)
    """The account to which somebody is to be linked; None for a sign-in."""
    expires_at: Mapped[datetime] = field(UtcDateTime, index=True)
