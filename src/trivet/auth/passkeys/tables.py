"""What is kept of passkeys: a row for each, with its public key; nothing in it is secret."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger
from sqlalchemy.orm import Mapped

from trivet.db import BareModel, UtcDateTime, created, field

__all__ = ["StoredPasskey"]

_MOST_OF_CREDENTIAL = 1364  # 1023 bytes (WebAuthn, 4) in Base64


class StoredPasskey(BareModel):
    """A passkey of an account."""

    __tablename__ = "auth_passkeys"

    id: Mapped[str] = field(max_length=64, primary_key=True)
    """The digest of the credential's id, which is too long for an index."""
    user: Mapped[str] = field(max_length=32, index=True)
    """The account's handle."""
    credential: Mapped[str] = field(max_length=_MOST_OF_CREDENTIAL)
    """The credential's id, in Base64."""
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = field(BigInteger)
    """How often the device says it has signed; 0 for ever where it does not count."""
    transports: Mapped[list[str]] = field(JSON, default_factory=list)
    aaguid: Mapped[str] = field(max_length=36)
    """The make of the device, as far as it tells."""
    is_synced: Mapped[bool]
    """True where it may be on several devices; this never changes."""
    is_backed_up: Mapped[bool]
    name: Mapped[str] = field(max_length=100)
    """What its owner calls it."""
    created_at: Mapped[datetime] = created()
    used_at: Mapped[datetime | None] = field(UtcDateTime, default=None)
