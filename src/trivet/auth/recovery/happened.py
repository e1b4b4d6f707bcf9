"""What happens to recovery codes, as events of the trail."""

from __future__ import annotations

from dataclasses import dataclass

from trivet.auth.happened import Happened

__all__ = ["RecoveryCodeUsed", "RecoveryCodesMade"]


@dataclass(frozen=True, kw_only=True)
class RecoveryCodesMade(Happened):
    """Somebody was given new recovery codes; earlier ones count no more."""

    kind = "recovery-codes-made"


@dataclass(frozen=True, kw_only=True)
class RecoveryCodeUsed(Happened):
    """Somebody used a recovery code; `details` has how many are ``left``."""

    kind = "recovery-code-used"
