"""Tokens in the Authorization header (RFC 6750): read, refused, and never looked for elsewhere.

Not in the query: addresses are written into logs and histories. Not in a WebSocket's list of
protocols: the handler that accepts it would have to answer with one of them.
"""

from __future__ import annotations

from starlette.requests import HTTPConnection

from trivet.errors import HTTPException
from trivet.security.authorization import split_authorization

__all__ = ["BEARER", "TokenRefused", "bearer_of"]

BEARER = "Bearer"  # the challenge of a means that takes such tokens


class TokenRefused(HTTPException):
    """A token that does not count, whatever the reason; answered with 401."""

    def __init__(self, challenge: str = 'Bearer error="invalid_token"') -> None:
        super().__init__(401, "The token is not valid", {"WWW-Authenticate": challenge})


def bearer_of(connection: HTTPConnection) -> str | None:
    """Give the bearer token of a request or WebSocket, or None.

    Raises `TokenRefused` where there are several Authorization headers: it is for nobody to guess
    which one is meant.
    """
    given = connection.headers.getlist("authorization")
    if len(given) > 1:
        raise TokenRefused
    scheme, token = split_authorization(given[0] if given else None)
    return token if scheme.lower() == "bearer" else None
