"""What Django has signed: the data of a session, and the digest of a password in it.

Read and never written. The signature is checked before anything is decoded (`django.core.signing`),
all that is read is JSON, and never a pickle; what is packed is unpacked up to a bound.
"""

from __future__ import annotations

import hmac
import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

__all__ = ["MOST_OF_DATA", "is_digest_of", "read_session"]

MOST_OF_DATA = 1024 * 1024
"""Bytes of a session's JSON, and of the text in which it is signed."""

# `SessionBase.key_salt` of the stores that keep sessions in the database: db and cached_db.
_OF_SESSIONS = b"django.contrib.sessions.SessionStore" + b"signer"
_OF_PASSWORDS = b"django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"


def read_session(text: str, secrets: Sequence[str]) -> dict[str, Any] | None:  # Any: JSON
    """Give what a row's `session_data` holds; None for what none of `secrets` has signed as JSON.

    It does not end by itself: the row's `expire_date` says when.
    """
    if len(text) > MOST_OF_DATA or not text.isascii():
        return None
    signed, _, signature = text.encode().rpartition(b":")
    payload, _, moment = signed.rpartition(b":")
    if not payload or not moment:
        return None
    made = [_base64(_mac(_OF_SESSIONS, signed, secret)) for secret in secrets]
    if not any(hmac.compare_digest(signature, one) for one in made):
        return None
    try:
        found = json.loads(_unpacked(payload))
    except (ValueError, zlib.error, RecursionError):  # not JSON: what PickleSerializer wrote too
        return None
    return found if isinstance(found, dict) else None


def is_digest_of(digest: object, password: str, secrets: Sequence[str]) -> bool:
    """Tell whether a session's `_auth_user_hash` is of an account's stored password."""
    if not isinstance(digest, str) or not digest.isascii():
        return False
    stored = password.encode(errors="surrogatepass")
    made = [_mac(_OF_PASSWORDS, stored, secret).hex() for secret in secrets]
    return any(hmac.compare_digest(digest, one) for one in made)


def _mac(salt: bytes, value: bytes, secret: str) -> bytes:
    """Give `django.utils.crypto.salted_hmac` by SHA-256."""
    return hmac.digest(sha256(salt + secret.encode()).digest(), value, sha256)


def _base64(value: bytes) -> bytes:
    return urlsafe_b64encode(value).rstrip(b"=")


def _unpacked(payload: bytes) -> bytes:
    """Give the JSON of a signed payload; raises `ValueError` and `zlib.error`."""
    is_packed = payload.startswith(b".")
    plain = payload[1:] if is_packed else payload
    data = urlsafe_b64decode(plain + b"=" * (-len(plain) % 4))
    if not is_packed:
        return data
    unpacking = zlib.decompressobj()
    found = unpacking.decompress(data, MOST_OF_DATA)
    if not unpacking.eof:
        raise ValueError(f"more than {MOST_OF_DATA} bytes, or cut short")
    return found
