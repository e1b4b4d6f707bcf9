"""Peppers: a secret of the application in every hash, so that a stolen table alone is of no use.

A password goes through HMAC-SHA256 with the pepper before it is hashed. A stored hash names the
pepper it was made with, so that a new one is put in front, as with other secrets.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Sequence

from pydantic import SecretStr

from trivet.errors import SetupError

__all__ = ["Peppers"]

_STORED = re.compile(r"pepper:(?P<name>[0-9a-f]{8})(?P<rest>\$.*)")
_SHORTEST = 32


class Peppers:
    """The peppers of an application: the first is used, all are known; raises `SetupError`."""

    def __init__(self, given: str | SecretStr | Sequence[str | SecretStr] | None) -> None:
        if given is None:
            given = []
        elif isinstance(given, str | SecretStr):
            given = [given]
        keys = [_checked(one) for one in given]
        # A dictionary keeps its order: the first is the one in use.
        self._keys = {_name(key): key for key in keys}
        self._first = next(iter(self._keys), None)

    def added(self, secret: bytes) -> bytes:
        """Give what is hashed in the place of a password."""
        return secret if self._first is None else _mixed(self._keys[self._first], secret)

    def wrapped(self, stored: str) -> str:
        """Give a hash of what `added` gave as it is stored."""
        return stored if self._first is None else f"pepper:{self._first}{stored}"

    def read(self, stored: str, secret: bytes) -> tuple[str, bytes] | None:
        """Give the hash in a stored text and what it was made of; None for a pepper not known."""
        found = _STORED.fullmatch(stored)
        if found is None:
            return stored, secret
        key = self._keys.get(found["name"])
        return None if key is None else (found["rest"], _mixed(key, secret))

    def is_current(self, stored: str) -> bool:
        """Tell whether a stored text was made with the pepper in use, if any."""
        found = _STORED.fullmatch(stored)
        return (None if found is None else found["name"]) == self._first


def _checked(given: str | SecretStr) -> bytes:
    text = given.get_secret_value() if isinstance(given, SecretStr) else given
    if len(text) < _SHORTEST:
        raise SetupError(
            f"a pepper of {len(text)} characters can be guessed",
            code="auth.pepper",
            mend='python -c "import secrets; print(secrets.token_urlsafe(32))"',
        )
    return text.encode()


def _mixed(key: bytes, secret: bytes) -> bytes:
    # Text, because bytes of any kind may stand in it, and bcrypt's kin stop at the first NUL.
    return base64.b64encode(hmac.digest(key, b"trivet.password\x00" + secret, "sha256"))


def _name(key: bytes) -> str:
    return hmac.digest(key, b"trivet.pepper-name", "sha256").hex()[:8]
