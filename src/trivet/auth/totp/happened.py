"""What happens to apps that make codes, as events of the trail."""

from __future__ import annotations

from dataclasses import dataclass

from trivet.auth.happened import Happened

__all__ = ["TotpDisabled", "TotpEnabled"]


@dataclass(frozen=True, kw_only=True)
class TotpEnabled(Happened):
    """Somebody set up an app that makes codes, or another one."""

    kind = "totp-enabled"


@dataclass(frozen=True, kw_only=True)
class TotpDisabled(Happened):
    """Somebody took away the app, and the recovery codes with it."""

    kind = "totp-disabled"
