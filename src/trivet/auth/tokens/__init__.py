"""API tokens: ``from trivet.auth.tokens import ApiTokens``."""

from __future__ import annotations

from trivet.auth.tokens.happened import TokenMade, TokenRevoked
from trivet.auth.tokens.keeping import TokenKeeping
from trivet.auth.tokens.own import OwnTokens, TokenLifetimes
from trivet.auth.tokens.part import ApiTokens
from trivet.auth.tokens.table import ApiToken

__all__ = [
    "ApiToken",
    "ApiTokens",
    "OwnTokens",
    "TokenKeeping",
    "TokenLifetimes",
    "TokenMade",
    "TokenRevoked",
]
