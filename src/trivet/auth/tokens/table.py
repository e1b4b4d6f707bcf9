"""The table of API tokens: a hash of each, whose it is, and what it may."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped

from trivet.db import BareModel, UtcDateTime, field

__all__ = ["ApiToken"]


class ApiToken(BareModel):
    """One API token; the token itself is nowhere."""

    __tablename__ = "auth_tokens"

    id: Mapped[str] = field(max_length=12, primary_key=True)
    """Stands in the token, and is no secret."""
    digest: Mapped[str] = field(max_length=64, info={"private": True})
    user: Mapped[str] = field(max_length=32, index=True)
    """The handle of the account."""
    name: Mapped[str] = field(max_length=100)
    scopes: Mapped[list[str]] = field(JSON)
    """What of the account's rights goes along; ``*`` for all of them."""
    created_at: Mapped[datetime] = field(UtcDateTime)
    expires_at: Mapped[datetime | None] = field(UtcDateTime, index=True, default=None)
    used_at: Mapped[datetime | None] = field(UtcDateTime, default=None)
    """When it was last used, a minute or so off; None for never."""
    made_by: Mapped[str | None] = field(max_length=32, default=None)
    """The id of the token that made it, or the handle of who did for another account."""
