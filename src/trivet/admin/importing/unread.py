"""What cannot be read, in words for who has sent it."""

from __future__ import annotations

__all__ = ["Unread"]


class Unread(Exception):  # what is wrong with a file, in its own words
    """The file cannot be read; the text says why."""
