"""What is kept of recovery codes: a row for each, with a digest alone."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from trivet.db import BareModel, field

__all__ = ["StoredRecoveryCode"]


class StoredRecoveryCode(BareModel):
    """A recovery code that was not used yet."""

    __tablename__ = "auth_recovery_codes"

    digest: Mapped[str] = field(max_length=64, primary_key=True, info={"private": True})
    user: Mapped[str] = field(max_length=32, index=True)
    """The account's handle."""
