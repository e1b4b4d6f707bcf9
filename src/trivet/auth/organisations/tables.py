"""Organisations, who belongs to them, and who is invited.

An organisation is named by its handle wherever others see it, like an account: keys count up, and
tell how many there are.
"""

from __future__ import annotations

from datetime import datetime
from secrets import token_urlsafe

from sqlalchemy.orm import Mapped

from trivet.db import ForeignKey, Model, UtcDateTime, created, field, unique

__all__ = ["Invitation", "Membership", "Organisation"]

_HANDLE_BYTES = 16
_MOST_OF_ROLE = 50
_MOST_OF_EMAIL = 254


def _new_handle() -> str:
    return token_urlsafe(_HANDLE_BYTES)


class Organisation(Model):
    """Accounts that work together; what belongs to it has its key."""

    __tablename__ = "organisations"

    name: Mapped[str] = field(max_length=100)
    handle: Mapped[str] = field(max_length=32, unique=True, default_factory=_new_handle, init=False)
    """Names it in paths and headers; random, and never changed."""
    created_at: Mapped[datetime] = created()


class Membership(Model):
    """That an account belongs to an organisation, and as what."""

    __tablename__ = "organisation_members"
    __table_args__ = (unique("organisation_id", "user"),)

    organisation_id: Mapped[int] = field(ForeignKey(Organisation.id, ondelete="CASCADE"))
    user: Mapped[str] = field(max_length=32, index=True)
    """The handle of the account."""
    role: Mapped[str] = field(max_length=_MOST_OF_ROLE)
    joined_at: Mapped[datetime] = created()


class Invitation(Model):
    """That somebody with an address may join; the link that was sent is one of `Links`."""

    __tablename__ = "organisation_invitations"
    __table_args__ = (unique("organisation_id", "email"),)

    organisation_id: Mapped[int] = field(ForeignKey(Organisation.id, ondelete="CASCADE"))
    email: Mapped[str] = field(max_length=_MOST_OF_EMAIL)
    role: Mapped[str] = field(max_length=_MOST_OF_ROLE)
    by: Mapped[str] = field(max_length=32)
    """The handle of who invites."""
    expires_at: Mapped[datetime] = field(UtcDateTime)
    handle: Mapped[str] = field(max_length=32, unique=True, default_factory=_new_handle, init=False)
    invited_at: Mapped[datetime] = created()
