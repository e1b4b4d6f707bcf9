"""What commands write: colour where a terminal has it, tables that line up, a line that changes.

NO_COLOR (any value) switches colour off, FORCE_COLOR on; otherwise the stream decides.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TextIO

__all__ = ["Pen"]

# What selects a style (ECMA-48, 8.3.117: SGR).
_STYLES = {
    "bad": "\x1b[31m\x1b[1m",
    "dim": "\x1b[2m",
    "good": "\x1b[32m\x1b[1m",
    "mark": "\x1b[36m\x1b[1m",
    "name": "\x1b[36m",
    "strong": "\x1b[1m",
    "warn": "\x1b[33m\x1b[1m",
}
_PLAIN = "\x1b[0m"
_TO_START, _ERASE = "\r", "\x1b[K"


def _wants_colour(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


class Pen:
    """Writes to one stream, in colour where it has it."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._is_live = False
        self.has_colour = _wants_colour(self._stream)
        self.is_terminal = self._stream.isatty() and os.environ.get("TERM") != "dumb"

    def paint(self, text: str, style: str) -> str:
        """Give `text` in a style by meaning: bad, warn, good, mark, name, strong or dim."""
        if not self.has_colour or not text:
            return text
        return f"{_STYLES[style]}{text}{_PLAIN}"

    def write(self, text: str = "") -> None:
        """Write one line, or several."""
        erased = _ERASE if self._is_live else ""
        self._is_live = False
        print(f"{erased}{text}", file=self._stream, flush=True)

    def live(self, text: str) -> None:
        """Write over the last line that was live; nothing, where it is no terminal."""
        if self.is_terminal:
            # The cursor goes back: what others write next stands in its place.
            self._stream.write(f"{_ERASE}{text}{_TO_START}")
            self._stream.flush()
            self._is_live = True

    def table(
        self,
        headings: Sequence[str],
        rows: Sequence[Sequence[str]],
        styles: Sequence[str | Callable[[str], str]] = (),
    ) -> None:
        """Write rows in columns as wide as their widest cell.

        `styles` are the columns' styles, or functions that give one for a cell's text.
        """
        widths = [
            max(len(row[column]) for row in [headings, *rows]) for column in range(len(headings))
        ]
        head = "  ".join(cell.ljust(width) for cell, width in zip(headings, widths, strict=True))
        self.write(self.paint(head.rstrip(), "dim"))
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            cells[-1] = cells[-1].rstrip()
            painted = [
                self._painted(cell, styles[column]) if column < len(styles) else cell
                for column, cell in enumerate(cells)
            ]
            self.write("  ".join(painted).rstrip())

    def _painted(self, cell: str, style: str | Callable[[str], str]) -> str:
        chosen = style if isinstance(style, str) else style(cell.rstrip())
        return self.paint(cell, chosen) if chosen else cell
