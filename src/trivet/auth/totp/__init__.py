"""Codes of an app as a second factor. ``from trivet.auth.totp import Totp``"""

from __future__ import annotations

from trivet.errors import MissingExtraError

try:
    from trivet.auth.totp.part import Totp
except ModuleNotFoundError as error:
    if error.name not in {"joserfc", "pyotp", "segno"}:
        raise
    raise MissingExtraError(error.name, "auth", what="Totp") from error

from trivet.auth.recovery import RecoveryCodes, RecoveryCodesMade, RecoveryCodeUsed
from trivet.auth.totp.apps import Apps, Begun, TotpStatus
from trivet.auth.totp.codes import CodeRefused
from trivet.auth.totp.happened import TotpDisabled, TotpEnabled
from trivet.auth.totp.sealing import UnreadableSecret

__all__ = [
    "Apps",
    "Begun",
    "CodeRefused",
    "RecoveryCodeUsed",
    "RecoveryCodes",
    "RecoveryCodesMade",
    "Totp",
    "TotpDisabled",
    "TotpEnabled",
    "TotpStatus",
    "UnreadableSecret",
]
