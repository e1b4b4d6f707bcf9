"""What an access token says (RFC 9068, 2.2), written and read; no keys are known here."""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any, TypeGuard

__all__ = ["Statement", "Statements"]

_EARLY = 5.0  # seconds by which clocks of several machines may differ
_JTI = 12  # bytes


@dataclass(frozen=True, slots=True)
class Statement:
    """Whose a token is, for what, and since when; moments in seconds since 1970."""

    user: str
    """The handle of the account."""
    scopes: frozenset[str]
    issued_at: float
    authenticated_at: float | None = None
    """When they proved who they are; None for programs."""
    client: str | None = None


@dataclass(frozen=True, slots=True)
class Statements:
    """Writes and reads claims for one issuer, one audience and one lifetime in seconds."""

    issuer: str
    audience: str
    lifetime: float

    def write(self, statement: Statement) -> dict[str, Any]:
        """Give the claims of a statement."""
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": statement.user,
            # In milliseconds, which RFC 7519 allows: that a password was changed in the same
            # second is before or after it.
            "iat": round(statement.issued_at, 3),
            "exp": round(statement.issued_at + self.lifetime, 3),
            "jti": token_urlsafe(_JTI),
            "scope": " ".join(sorted(statement.scopes)),
        }
        if statement.authenticated_at is not None:
            claims["auth_time"] = round(statement.authenticated_at, 3)
        if statement.client is not None:
            claims["client_id"] = statement.client
        return claims

    def read(self, claims: dict[str, Any], now: float) -> Statement | None:
        """Give what claims state at this moment; None for what is another's, over, or not whole.

        Each claim must be of its own type, and none of those that limit a token may be missing.
        """
        if claims.get("iss") != self.issuer or claims.get("aud") != self.audience:
            return None
        user, scope = claims.get("sub"), claims.get("scope")
        issued_at, expires_at = claims.get("iat"), claims.get("exp")
        if not (_is_text(user) and _is_text(scope) and _is_text(claims.get("jti"))):
            return None
        if not (_is_moment(issued_at) and _is_moment(expires_at)):
            return None
        starts_at = claims.get("nbf", issued_at)
        if not _is_moment(starts_at) or max(starts_at, issued_at) > now + _EARLY:
            return None
        if not now < expires_at <= issued_at + self.lifetime + 1:
            return None
        authenticated_at, client = claims.get("auth_time"), claims.get("client_id")
        if authenticated_at is not None and not _is_moment(authenticated_at):
            return None
        if client is not None and not _is_text(client):
            return None
        scopes = frozenset(scope.split())
        return Statement(user, scopes, issued_at, authenticated_at, client) if scopes else None


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value != ""


def _is_moment(value: object) -> TypeGuard[float]:
    # True and False are whole numbers in Python; NaN and the infinities are in no JSON of ours.
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e11
