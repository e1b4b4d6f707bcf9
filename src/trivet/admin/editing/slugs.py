"""A name for addresses, made of a title."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["slugged"]

_LONGEST = 100  # characters, where the column says nothing


def slugged(text: str, most: int | None = None) -> str:
    """Give a text in small letters and digits of any alphabet, with dashes between its words."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(one for one in plain if not unicodedata.combining(one)).casefold()
    words = re.findall(r"[^\W_]+", plain)
    return "-".join(words)[: most or _LONGEST].strip("-")
