"""The secrets that webhooks are signed with: as Standard Webhooks writes them, ``whsec_…``."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Sequence

from pydantic import SecretStr

from trivet.errors import SetupError

__all__ = ["key_of", "new_secret", "plain_secrets"]

_PREFIX = "whsec_"
_BYTES = 32  # the specification wants 24 to 64


def new_secret() -> str:
    """Give a new secret."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """Give the bytes that a ``whsec_…`` stands for; raises `SetupError`."""
    text = secret.removeprefix(_PREFIX)
    try:
        # Padding that was left out is filled up, as the libraries of Standard Webhooks do.
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise SetupError(
            "a secret of Standard Webhooks is base64 behind whsec_, and this one is not",
            code="webhooks.secret",
            mend='StandardSignature("whsec_…")',
        )
    return key


def plain_secrets(given: Sequence[str | SecretStr | None], name: str) -> tuple[str, ...]:
    """Give secrets as texts; raises `SetupError` where there is none, or an empty one."""
    found = [one.get_secret_value() if isinstance(one, SecretStr) else one for one in given]
    if not found or not all(isinstance(one, str) and one.strip() for one in found):
        raise SetupError(
            f"{name} was given no secret, or an empty one, and anybody could sign with that",
            code="webhooks.secret",
            mend=f"{name}(settings.webhook_secret)",
        )
    return tuple(one for one in found if one)
