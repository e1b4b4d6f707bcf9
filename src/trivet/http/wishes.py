"""What a visitor is known to wish, noted in a request's scope by who knows it: language and zone.

Who knows it (accounts) and who follows it (languages) do not know each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from trivet.http.exchange import Scope

__all__ = ["Wishes", "note_wishes", "wishes_of"]

_KEY = "trivet.wishes"


@dataclass(frozen=True, slots=True)
class Wishes:
    """The names of a locale and of a time zone, which may be any texts; None where none is said."""

    locale: str | None = None
    zone: str | None = None


_NONE = Wishes()


def note_wishes(scope: Scope, locale: str | None, zone: str | None) -> None:
    """Note what the visitor of a request wishes."""
    scope[_KEY] = Wishes(locale or None, zone or None)


def wishes_of(scope: Scope) -> Wishes:
    """Give what is noted, nothing where nobody knows the visitor yet."""
    found: Wishes = scope.get(_KEY, _NONE)
    return found
