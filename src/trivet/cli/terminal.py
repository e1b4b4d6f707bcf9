"""Colour where a terminal has it, and tables that line up.

NO_COLOR (any value) switches colour off, FORCE_COLOR on; otherwise the stream decides.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TextIO

import typer

__all__ = ["Pen"]

_STYLES: dict[str, dict[str, str | bool]] = {
    "bad": {"fg": "red", "bold": True},
    "dim": {"dim": True},
    "good": {"fg": "green", "bold": True},
    "mark": {"fg": "cyan", "bold": True},
    "name": {"fg": "cyan"},
    "strong": {"bold": True},
    "warn": {"fg": "yellow", "bold": True},
}


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
        self.has_colour = _wants_colour(self._stream)

    def paint(self, text: str, style: str) -> str:
        """Give `text` in a style by meaning: bad, warn, good, mark, name, strong or dim."""
        if not self.has_colour or not text:
            return text
        chosen = _STYLES[style]
        colour = chosen.get("fg")
        return typer.style(
            text,
            fg=colour if isinstance(colour, str) else None,
            bold=bool(chosen.get("bold")) or None,
            dim=bool(chosen.get("dim")) or None,
        )

    def write(self, text: str = "") -> None:
        """Write one line, or several."""
        print(text, file=self._stream)

    def table(
        self, headings: Sequence[str], rows: Sequence[Sequence[str]], styles: Sequence[str] = ()
    ) -> None:
        """Write rows in columns as wide as their widest cell; `styles` are the columns' styles."""
        widths = [
            max(len(row[column]) for row in [headings, *rows]) for column in range(len(headings))
        ]
        head = "  ".join(cell.ljust(width) for cell, width in zip(headings, widths, strict=True))
        self.write(self.paint(head.rstrip(), "dim"))
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            cells[-1] = cells[-1].rstrip()
            painted = [
                self.paint(cell, styles[column])
                if column < len(styles) and styles[column]
                else cell
                for column, cell in enumerate(cells)
            ]
            self.write("  ".join(painted).rstrip())
