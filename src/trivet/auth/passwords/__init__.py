"""Passwords: hashing, verifying whatever hashed them, and rules for those that are chosen.

``from trivet.auth.passwords import Passwords``
"""

from __future__ import annotations

from importlib.util import find_spec

from trivet.errors import MissingExtraError

if find_spec("argon2") is None:
    raise MissingExtraError("argon2-cffi", "auth", what="trivet.auth.passwords")

from trivet.auth.passwords.breach import NotBreached
from trivet.auth.passwords.not_common import NotCommon
from trivet.auth.passwords.passwords import Passwords, Verdict
from trivet.auth.passwords.refused import PasswordRefused, Reason
from trivet.auth.passwords.rules import MinimumLength, NotLikeUser, NotOnlyDigits, Rule

__all__ = [
    "MinimumLength",
    "NotBreached",
    "NotCommon",
    "NotLikeUser",
    "NotOnlyDigits",
    "PasswordRefused",
    "Passwords",
    "Reason",
    "Rule",
    "Verdict",
]
