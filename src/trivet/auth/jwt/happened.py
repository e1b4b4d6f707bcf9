"""What happens to refresh tokens, for the trail."""

from __future__ import annotations

from dataclasses import dataclass

from trivet.auth.happened import Happened

__all__ = ["RefreshTokenStolen"]


@dataclass(frozen=True, kw_only=True)
class RefreshTokenStolen(Happened):
    """A refresh token came again after it was replaced: two have it, and its family has ended."""

    kind = "refresh-token-stolen"
