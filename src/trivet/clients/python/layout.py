"""Lines of Python as ruff and black lay them out: on one line, or one item a line.

Where a bracket does not fit, its items get a trailing comma, which both formatters then keep.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

__all__ = ["WIDTH", "Group", "Text", "docstring", "flat", "laid_out", "quoted", "width"]

WIDTH = 88  # what both formatters do where nobody says otherwise


@dataclass(frozen=True)
class Group:
    """Items in brackets; `has_comma` where one item may have a comma behind it too."""

    head: str
    items: tuple[Text, ...]
    tail: str
    has_comma: bool = True


Text = str | Group


def flat(text: Text) -> str:
    """Give a text on one line."""
    if isinstance(text, str):
        return text
    return text.head + ", ".join(flat(one) for one in text.items) + text.tail


def width(line: str) -> int:
    """Give how many columns a line takes."""
    return sum(map(_columns, line))


def _columns(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me"):
        return 0  # a mark on the letter before it
    return 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1


def laid_out(text: Text, depth: int, before: str = "", after: str = "") -> list[str]:
    """Give the lines of `before`, the text and `after`, indented by `depth` steps."""
    pad = "    " * depth
    line = f"{pad}{before}{flat(text)}{after}"
    if isinstance(text, str) or width(line) <= WIDTH or not text.items:
        return [line]
    lines = [f"{pad}{before}{text.head}"]
    has_comma = text.has_comma or len(text.items) > 1
    for item in text.items:
        is_star = item in ("*", "/")
        lines += laid_out(item, depth + 1, after="," if has_comma or is_star else "")
    return [*lines, f"{pad}{text.tail}{after}"]


def quoted(text: str) -> str:
    """Give a literal of a text, in double quotes unless that takes more backslashes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    made = []
    for letter in text:
        if letter in (quote, "\\"):
            made.append("\\" + letter)
        elif letter in "\"'":
            made.append(letter)
        else:
            made.append(repr(letter)[1:-1])
    return quote + "".join(made) + quote


def docstring(text: str, depth: int) -> list[str]:
    """Give the lines of a docstring; none for no text."""
    plain = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)
    lines = [line.rstrip() for line in plain.strip().replace("\\", "\\\\").split("\n")]
    joined = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).replace('"""', r"\"\"\"")
    if not joined:
        return []
    if joined.endswith('"'):
        joined = joined[:-1] + '\\"'
    pad = "    " * depth
    first, *rest = _level(joined.split("\n"))
    if first.startswith('"'):
        first = f" {first}"  # four quotes in a row are no beginning
    if not rest:
        return [f'{pad}"""{first}"""']
    return [f'{pad}"""{first}', *(pad + line if line else "" for line in rest), f'{pad}"""']


def _level(lines: list[str]) -> list[str]:
    """Take away what all lines behind the first are indented by; tabs would be rewritten."""
    first, *rest = [line.expandtabs(4) for line in lines]
    margin = min((len(line) - len(line.lstrip()) for line in rest if line), default=0)
    return [first.strip(), *(line[margin:] for line in rest)]
