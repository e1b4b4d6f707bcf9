"""Tokens in the Authorization header (RFC 6750): read, refused, and never looked for elsewhere.

Not in the query: addresses are written into logs and histories. Not in a WebSocket's list of
protocols: the handler that accepts it would have to answer with one of them.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import HTTPConnection

from trivet.errors import HTTPException
from trivet.security.authorization import split_authorization

__all__ = ["BEARER", "TokenRefused", "bearer_of", "shown_scheme", "token_refused"]

BEARER = "Bearer"  # the challenge of a means that takes such tokens


class TokenRefused(HTTPException):
    """A token that does not count, whatever the reason; answered with 401."""

    def __init__(self, challenge: str = 'Bearer error="invalid_token"') -> None:
        super().__init__(401, "The token is not valid", {"WWW-Authenticate": challenge})


def token_refused(scheme: str) -> TokenRefused:
    """Give what to raise for a token that does not count, which stood behind this word."""
    return TokenRefused(f'{scheme} error="invalid_token"')


def shown_scheme(scheme: str) -> dict[str, Any]:  # Any: JSON
    """Give how the OpenAPI document says that tokens stand behind this word."""
    if scheme.lower() == BEARER.lower():
        return {"type": "http", "scheme": "bearer"}
    # Others that HTTP does not know are a header, into which people write the word as well.
    return {"type": "apiKey", "in": "header", "name": "Authorization"}


def bearer_of(connection: HTTPConnection, scheme: str = BEARER) -> str | None:
    """Give the bearer token of a request or WebSocket, or None; `scheme` is the word before it.

    Raises `TokenRefused` where there are several Authorization headers: it is for nobody to guess
    which one is meant.
    """
    given = connection.headers.getlist("authorization")
    if len(given) > 1:
        raise token_refused(scheme)
    shown, token = split_authorization(given[0] if given else None)
    return token if shown.lower() == scheme.lower() else None
