"""Signed access tokens, and refresh tokens: ``from trivet.auth.jwt import JwtTokens``."""

from __future__ import annotations

from importlib.util import find_spec

from trivet.errors import MissingExtraError

if find_spec("joserfc") is None:
    raise MissingExtraError("joserfc", "auth", what="trivet.auth.jwt")

from trivet.auth.jwt.errors import GrantRefused
from trivet.auth.jwt.granting import Grant, Granting
from trivet.auth.jwt.happened import RefreshTokenStolen
from trivet.auth.jwt.keys import SigningKeys
from trivet.auth.jwt.part import JwtTokens
from trivet.auth.jwt.refreshing import Refreshing, StoredFamily

__all__ = [
    "Grant",
    "GrantRefused",
    "Granting",
    "JwtTokens",
    "RefreshTokenStolen",
    "Refreshing",
    "SigningKeys",
    "StoredFamily",
]
