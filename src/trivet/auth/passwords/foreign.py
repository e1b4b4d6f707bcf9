"""Hashes that other frameworks stored, so that their users keep their passwords.

Verified and never made. What a stored text asks for is bounded before any of it is done; what is
of no known form, or asks for too much, is nobody's password.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

from trivet.auth.passwords.argon import Argon
from trivet.errors import MissingExtraError

__all__ = ["LONGEST_STORED", "is_of_another", "verify_foreign"]

LONGEST_STORED = 512  # characters
# About a second or two of one processor for each of these, and 128 MiB.
_MOST_ITERATIONS = 5_000_000
_MOST_ROUNDS = 15  # of bcrypt: 2¹⁵
_MOST_SCRYPT_BYTES = 128 * 1024 * 1024  # 128 · N · r
_MOST_SCRYPT_WORK = 2**20  # N · r · p
_BCRYPT_READS = 72  # bytes; what stands behind them never counted

_SALT = r"(?P<salt>[^$]{0,128})"
_BASE64 = r"(?P<hash>[A-Za-z0-9+/]{16,172}={0,2})"
_HEX = r"(?P<hash>[0-9a-f]{32,128})"
_BCRYPT = r"\$2[aby]\$(?P<rounds>[0-9]{2})\$[./A-Za-z0-9]{53}"

Found = re.Match[str]


def verify_foreign(secret: bytes, stored: str) -> bool:
    """Tell whether a stored hash is the secret's; blocks for what it costs.

    Raises `MissingExtraError` for one of bcrypt's where bcrypt is not installed.
    """
    if len(stored) > LONGEST_STORED:
        return False
    for form, verify in _FORMS:
        found = form.fullmatch(stored)
        if found is not None:
            return verify(secret, found)
    return False


def is_of_another(stored: str) -> bool:
    """Tell whether a stored text has a form that is known here."""
    return len(stored) <= LONGEST_STORED and any(form.fullmatch(stored) for form, _ in _FORMS)


def _pbkdf2(secret: bytes, found: Found, expected: bytes) -> bool:
    rounds = int(found["rounds"])
    if not 1 <= rounds <= _MOST_ITERATIONS:
        return False
    digest = found["digest"]
    made = hashlib.pbkdf2_hmac(digest, secret, found["salt"].encode(), rounds)
    return hmac.compare_digest(made, expected)


def _scrypt(secret: bytes, found: Found, expected: bytes) -> bool:
    n, r, p = int(found["n"]), int(found["r"]), int(found["p"])
    is_power = n > 1 and n & (n - 1) == 0
    if not (is_power and r and p) or n * r * p > _MOST_SCRYPT_WORK:
        return False
    if 128 * n * r > _MOST_SCRYPT_BYTES:
        return False
    try:
        made = hashlib.scrypt(
            secret, salt=found["salt"].encode(), n=n, r=r, p=p,
            maxmem=2 * _MOST_SCRYPT_BYTES, dklen=len(expected),
        )  # fmt: skip
    except ValueError:  # what the library itself will not do
        return False
    return hmac.compare_digest(made, expected)


def _in_base64(verify: Callable[[bytes, Found, bytes], bool]) -> Callable[[bytes, Found], bool]:
    def read(secret: bytes, found: Found) -> bool:
        try:
            expected = base64.b64decode(found["hash"], validate=True)
        except binascii.Error:
            return False
        return verify(secret, found, expected)

    return read


def _in_hex(verify: Callable[[bytes, Found, bytes], bool]) -> Callable[[bytes, Found], bool]:
    def read(secret: bytes, found: Found) -> bool:
        return len(found["hash"]) % 2 == 0 and verify(secret, found, bytes.fromhex(found["hash"]))

    return read


def _bcrypt(secret: bytes, found: Found) -> bool:
    if not 4 <= int(found["rounds"]) <= _MOST_ROUNDS:
        return False
    try:
        library: Any = import_module("bcrypt")  # Any: a module
    except ImportError as error:
        raise MissingExtraError("bcrypt", "bcrypt", what="a password stored by bcrypt") from error
    try:
        # Given more, some of its versions raise, and none reads more.
        return bool(library.checkpw(secret[:_BCRYPT_READS], found["bcrypt"].encode()))
    except ValueError:
        return False


def _bcrypt_sha256(secret: bytes, found: Found) -> bool:
    return _bcrypt(hashlib.sha256(secret).hexdigest().encode(), found)


def _argon2(secret: bytes, found: Found) -> bool:
    return _READER.verify(secret, found["argon2"])


_READER = Argon(1, 8, 1)  # what a stored hash costs stands in it
_NUMBER = r"[0-9]{1,9}"
_FORMS: tuple[tuple[re.Pattern[str], Callable[[bytes, Found], bool]], ...] = tuple(
    (re.compile(form), verify)
    for form, verify in (
        # Django's
        (
            rf"pbkdf2_(?P<digest>sha256|sha1)\$(?P<rounds>{_NUMBER})\${_SALT}\${_BASE64}",
            _in_base64(_pbkdf2),
        ),
        (
            rf"scrypt\$(?P<n>{_NUMBER})\${_SALT}\$(?P<r>{_NUMBER})\$(?P<p>{_NUMBER})\${_BASE64}",
            _in_base64(_scrypt),
        ),
        (rf"bcrypt_sha256\$(?P<bcrypt>{_BCRYPT})", _bcrypt_sha256),
        (rf"bcrypt\$(?P<bcrypt>{_BCRYPT})", _bcrypt),
        (r"argon2(?P<argon2>\$argon2.{20,400})", _argon2),
        # Werkzeug's
        (
            rf"pbkdf2:(?P<digest>sha1|sha256|sha512):(?P<rounds>{_NUMBER})\${_SALT}\${_HEX}",
            _in_hex(_pbkdf2),
        ),
        (
            rf"scrypt:(?P<n>{_NUMBER}):(?P<r>{_NUMBER}):(?P<p>{_NUMBER})\${_SALT}\${_HEX}",
            _in_hex(_scrypt),
        ),
        # bcrypt's own
        (rf"(?P<bcrypt>{_BCRYPT})", _bcrypt),
    )
)
