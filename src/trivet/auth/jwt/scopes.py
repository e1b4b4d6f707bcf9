"""Scopes as OAuth 2 writes them (RFC 6749, 3.3): names and patterns of permissions, with spaces."""

from __future__ import annotations

from collections.abc import Sequence

from trivet.auth.jwt.errors import GrantRefused
from trivet.auth.permissions.names import covers, is_permission

__all__ = ["EVERYTHING", "scopes_of", "within"]

EVERYTHING = "*"
_LONGEST = 2000  # characters: they stand in each token


def scopes_of(text: str) -> tuple[str, ...]:
    """Give the scopes of a text, each once, in order; raises `GrantRefused` for what is none."""
    scopes = tuple(dict.fromkeys(text.split())) if len(text) <= _LONGEST else ("",)
    if not all(is_permission(one) for one in scopes):
        raise GrantRefused("invalid_scope", "A scope is a name of a permission, or '*'")
    return scopes


def within(asked: Sequence[str], given: Sequence[str]) -> tuple[str, ...]:
    """Give the scopes that are asked for, or all that are given where none is.

    Raises `GrantRefused` where more is asked for than is given.
    """
    for one in asked:
        if not covers(given, one):
            raise GrantRefused("invalid_scope", "More is asked for than was given")
    return tuple(asked or given)
