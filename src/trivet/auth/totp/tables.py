"""What is kept of an app that makes codes: a row for each account.

Accounts are named by their handle. The secret is sealed where the application gives `secrets`.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped

from trivet.db import BareModel, UtcDateTime, field

__all__ = ["StoredTotp"]

_MOST_OF_SECRET = 500  # one that is sealed has about 250
_HIDDEN = {"private": True}


class StoredTotp(BareModel):
    """The app of one account: it counts where there is a `secret`."""

    __tablename__ = "auth_totp"

    user: Mapped[str] = field(max_length=32, primary_key=True)
    """The account's handle."""
    secret: Mapped[str | None] = field(max_length=_MOST_OF_SECRET, default=None, info=_HIDDEN)
    pending: Mapped[str | None] = field(max_length=_MOST_OF_SECRET, default=None, info=_HIDDEN)
    """A secret of which no code was shown yet."""
    begun_at: Mapped[datetime] = field(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = field(UtcDateTime, default=None)
    last_step: Mapped[int] = field(BigInteger, default=0)
    """The newest step whose code was taken: it and those before it count no more."""
    codes_made_at: Mapped[datetime | None] = field(UtcDateTime, default=None)
    """When the recovery codes were made."""
