"""Names that carry a fingerprint of what is in the file: `site.css` → `site.3f2a91bc04de.css`.

A fingerprint is the first twelve hexadecimal digits of the SHA-256 of the content: 48 bits, enough
that two versions of one file do not meet. Reading blocks.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path

__all__ = ["Fingerprints", "fingerprint", "marked", "unmarked"]

_DIGITS = 12
_MARKED = re.compile(rf"(.+)\.([0-9a-f]{{{_DIGITS}}})(\.[^./]+)?", re.DOTALL)


def fingerprint(file: str | Path) -> str:
    """Give the fingerprint of a file's content."""
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:_DIGITS]


def marked(name: str, mark: str) -> str:
    """Give a name with a fingerprint before its last suffix."""
    folder, _, last = name.rpartition("/")
    stem, dot, suffix = last.rpartition(".")
    found = f"{stem}.{mark}.{suffix}" if dot and stem else f"{last}.{mark}"
    return f"{folder}/{found}" if folder else found


def unmarked(name: str) -> tuple[str, str] | None:
    """Give the name without its fingerprint, and that; None for a name that has none."""
    found = _MARKED.fullmatch(name)
    return None if found is None else (found[1] + (found[3] or ""), found[2])


class Fingerprints:
    """The fingerprints of files that `find` gives the path and the state of.

    Each is computed once and kept; with `watches` it is computed again when the file has changed.
    """

    def __init__(
        self, find: Callable[[str], tuple[str, os.stat_result | None]], *, watches: bool
    ) -> None:
        self._find = find
        self._watches = watches
        self._kept: dict[str, tuple[tuple[int, int], str]] = {}

    def of(self, name: str) -> str | None:
        """Give the fingerprint of the file called `name`; None where there is none."""
        kept = self._kept.get(name)
        if kept is not None and not self._watches:
            return kept[1]
        try:
            path, state = self._find(name)
            if state is None or not os.path.isfile(path):
                return None
            version = (state.st_mtime_ns, state.st_size)
            if kept is None or kept[0] != version:
                kept = self._kept[name] = (version, fingerprint(path))
        except (OSError, ValueError):  # a name that no file can have, or that may not be read
            return None
        return kept[1]
