"""What is noted in a request's scope: its locale, and by which headers that was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trivet.http.exchange import Scope

if TYPE_CHECKING:
    from trivet.i18n.locale import Locale

__all__ = ["NOTE", "Note", "note_of"]

NOTE = "trivet.locale"


class Note:
    """The locale of one request; `varies` are the headers that it and its zone depend on."""

    __slots__ = ("locale", "varies")

    def __init__(self, locale: Locale) -> None:
        self.locale = locale
        self.varies: list[bytes] = []

    def depends_on(self, header: bytes) -> None:
        """Remember a header, once."""
        if header not in self.varies:
            self.varies.append(header)


def note_of(scope: Scope) -> Note | None:
    """Give what is noted, or None where nobody has asked for a locale."""
    note: Note | None = scope.get(NOTE)
    return note
