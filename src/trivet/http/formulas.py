"""Texts in CSV that a spreadsheet would take for formulas: an apostrophe keeps them texts.

OWASP, CSV Injection.
"""

from __future__ import annotations

__all__ = ["guarded", "unguarded"]

_BEGIN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  # as Excel


def guarded(text: str) -> str:
    """Give a text as a cell that no spreadsheet computes."""
    return f"'{text}" if text.startswith(_BEGIN) else text


def unguarded(text: str) -> str:
    """Give the text of such a cell."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(_BEGIN) else text
