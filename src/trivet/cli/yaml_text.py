"""JSON values as YAML, for people to read; every YAML 1.1 or 1.2 reader gets the same values back.

Written here because it takes one page, and so no YAML library has to be installed to write a file.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["to_yaml"]

# Text that no reader takes for anything but text. A colon, # or quote never comes without quotes.
_PLAIN = re.compile(r"[A-Za-z/$_](?:[\w /.$+()-]*[\w/.$+()-])?", re.ASCII)
_WORDS = frozenset({"", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def to_yaml(value: Any) -> str:  # Any: JSON
    """Give a JSON value as a YAML document, with its last line end."""
    return "\n".join(_block(value, 0)).lstrip(" ") + "\n"


def _block(value: Any, depth: int) -> list[str]:
    """Give the lines of a value that begins on a line of its own."""
    pad = "  " * depth
    if isinstance(value, dict) and value:
        return [line for key, item in value.items() for line in _entry(pad, key, item, depth)]
    if isinstance(value, list) and value:
        lines: list[str] = []
        for item in value:
            inner = _block(item, depth + 1)
            # The first line of an item stands behind its dash.
            lines += [f"{pad}- {inner[0].lstrip(' ')}", *inner[1:]]
        return lines
    return [pad + _scalar(value)]


def _entry(pad: str, key: str, item: Any, depth: int) -> list[str]:
    name = f"{pad}{_scalar(key)}:"
    if isinstance(item, dict | list) and item:
        return [name, *_block(item, depth + 1)]
    if isinstance(item, str) and _is_text_of_lines(item):
        keeps = "|" if item.endswith("\n") else "|-"
        inner = "  " * (depth + 1)
        lines = item.removesuffix("\n").split("\n")
        return [f"{name} {keeps}", *(inner + line if line else "" for line in lines)]
    return [f"{name} {_scalar(item)}"]


def _is_text_of_lines(text: str) -> bool:
    """Tell whether a text can stand as it is, line for line."""
    if "\n" not in text.strip("\n") or text.startswith(("\n", " ")) or text.endswith("\n\n"):
        return False
    lines = text.removesuffix("\n").split("\n")
    return all(
        not line or (line.strip(" ") and line.isprintable() and line.isascii()) for line in lines
    )


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        is_plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
        return value if is_plain else _quoted(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        text = repr(value)
        # YAML 1.1 takes 1e+20 for text: the mantissa needs its point.
        return text if "." in text or "e" not in text else text.replace("e", ".0e")
    if isinstance(value, int):
        return str(value)
    return "{}" if isinstance(value, dict) else "[]"


def _quoted(text: str) -> str:
    """Give a text in double quotes, with everything escaped that a reader may not pass on."""
    made = []
    for letter in text:
        code = ord(letter)
        if letter in '"\\':
            made.append(f"\\{letter}")
        elif letter.isprintable():
            made.append(letter)
        elif code < 0x100:
            made.append(f"\\x{code:02x}")
        elif code < 0x10000:
            made.append(f"\\u{code:04x}")
        else:
            made.append(f"\\U{code:08x}")
    return f'"{"".join(made)}"'
