"""The secrets of apps at rest: sealed together with the account that they belong to."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import SecretStr

from trivet.security import sealing
from trivet.security.sealing import UnreadableSecret

__all__ = ["Sealing", "UnreadableSecret"]


class Sealing(sealing.Sealing):
    """Seals and opens the secrets of apps."""

    def __init__(self, secrets: str | SecretStr | Sequence[str | SecretStr] | None) -> None:
        super().__init__(
            secrets,
            purpose="trivet.totp.secret",
            code="auth.totp-secret",
            mend="Totp(auth, secrets=[…])",
        )
