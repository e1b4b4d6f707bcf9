"""Recovery codes: a way in for who has lost their second factor, whichever it is.

`Totp` and `Passkeys` bring them along: ``from trivet.auth.recovery import Recovery`` is for a
second factor of one's own.
"""

from __future__ import annotations

from trivet.auth.recovery.codes import RecoveryCodes
from trivet.auth.recovery.happened import RecoveryCodesMade, RecoveryCodeUsed
from trivet.auth.recovery.part import Recovery
from trivet.auth.recovery.tables import StoredRecoveryCode

__all__ = [
    "Recovery",
    "RecoveryCodeUsed",
    "RecoveryCodes",
    "RecoveryCodesMade",
    "StoredRecoveryCode",
]
