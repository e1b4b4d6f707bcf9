"""Which of Django's sessions were taken over and left where they are; loaded with the first use.

Importing it makes a table, which an application that lets rows be deleted does not want.
"""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy.orm import Mapped

from trivet.db import BareModel, Database, UniqueViolation, field

__all__ = ["SpentSession", "spend"]


class SpentSession(BareModel):
    """A session of Django's that leads to none of ours any more.

    Its row stays: Django may make a session last longer for as long as it likes.
    """

    __tablename__ = "auth_spent_django_sessions"

    digest: Mapped[str] = field(max_length=64, primary_key=True, info={"private": True})
    """SHA-256 of the key that the browser has."""


async def spend(database: Database, key: str) -> bool:
    """Note that a session was taken over; False where it was already. Of two at once one may."""
    digest = sha256(key.encode()).hexdigest()
    if await SpentSession.where(digest=digest).first() is not None:
        return False
    try:
        async with database.transaction():
            await SpentSession(digest=digest).save()
    except UniqueViolation:
        return False
    return True
