"""The Authorization header: a scheme, a space, and what proves it (RFC 9110, 11.6.2)."""

from __future__ import annotations

from starlette.requests import HTTPConnection

__all__ = ["authorization_of", "split_authorization"]


def split_authorization(value: str | None) -> tuple[str, str]:
    """Split a header's value into scheme and credentials; both are empty where it is."""
    scheme, _, credentials = (value or "").partition(" ")
    return scheme, credentials.strip()


def authorization_of(connection: HTTPConnection) -> tuple[str, str]:
    """Give scheme and credentials of a request or WebSocket."""
    return split_authorization(connection.headers.get("authorization"))
