"""What happens to API tokens, for the trail."""

from __future__ import annotations

from dataclasses import dataclass

from trivet.auth.happened import Happened

__all__ = ["TokenMade", "TokenRevoked"]


@dataclass(frozen=True, kw_only=True)
class TokenMade(Happened):
    """An API token was made; `details` has ``id``, ``name`` and ``scopes``."""

    kind = "token-made"


@dataclass(frozen=True, kw_only=True)
class TokenRevoked(Happened):
    """An API token counts no more; `details` has ``id`` and ``name``."""

    kind = "token-revoked"
