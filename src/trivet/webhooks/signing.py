"""The signature of Standard Webhooks (standardwebhooks.com): HMAC-SHA256 of id, time and body."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable
from hashlib import sha256

from trivet.webhooks.secrets import key_of

__all__ = ["sign", "signed_headers"]


def sign(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """Give the signature ``v1,…`` by one secret; `timestamp` is in seconds since 1970, UTC."""
    text = b"%b.%d.%b" % (id.encode(), timestamp, body)
    return "v1," + base64.b64encode(hmac.new(key_of(secret), text, sha256).digest()).decode()


def signed_headers(secrets: Iterable[str], id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Give the headers of a webhook: one signature for each secret that is good at present."""
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(one, id, timestamp, body) for one in secrets),
    }
