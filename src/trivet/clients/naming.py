"""Names in a document as names in code: words, their case, and no two alike."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

__all__ = ["Names", "camel", "pascal", "snake", "words"]

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def words(text: str) -> list[str]:
    """Give the words of a name, as they are written: `readBook_byID` has read, Book, by, ID."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _WORD.findall(plain)


def snake(text: str, fallback: str = "value") -> str:
    """Give a name as a function of Python has it; never one that begins with a digit."""
    if re.fullmatch(r"[a-z][a-z0-9_]*", text):
        return text
    joined = "_".join(words(text)).lower() or fallback
    return f"{fallback}_{joined}" if joined[0].isdigit() else joined


def pascal(text: str, fallback: str = "Model") -> str:
    """Give a name as a class has it; capitals that are there stay."""
    joined = "".join(word[0].upper() + word[1:] for word in words(text)) or fallback
    return f"{fallback}{joined}" if joined[0].isdigit() else joined


def camel(text: str, fallback: str = "value") -> str:
    """Give a name as a function of TypeScript has it."""
    first, *rest = snake(text, fallback).split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


class Names:
    """Gives each name once: who asks for a name that is taken gets it with a number."""

    def __init__(self, taken: Collection[str] = ()) -> None:
        self._taken = set(taken)

    def take(self, name: str) -> str:
        """Give `name`, or `name_2`, `name_3` … where it is taken."""
        found, number = name, 2
        while found in self._taken:
            joint = "_" if name[:1].islower() else ""
            found, number = f"{name}{joint}{number}", number + 1
        self._taken.add(found)
        return found
