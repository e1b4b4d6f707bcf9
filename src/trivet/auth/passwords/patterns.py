"""Forms of passwords that are guessed first: rows of keys, runs, repeats, dates; disguises.

Every function reads a text a fixed number of times.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

__all__ = ["bare", "folded", "is_pattern", "plain_letters"]

_LEET = str.maketrans({
    "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g",
    "@": "a", "$": "s", "!": "i", "|": "l", "+": "t", "(": "c", "€": "e", "£": "l",
})  # fmt: skip
_ONE_AS_L = str.maketrans({"1": "l", "!": "l"})
_TAIL = re.compile(r"[^a-z]{1,6}\Z")
_HEAD = re.compile(r"\A[^a-z]{1,4}")
# As keys lie on keyboards: English, German, French, the pad of numbers, and columns downwards.
_ROWS = (
    "`1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "~!@#$%^&*()_+",
    "qwertzuiopü", "asdfghjklöä", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn",
    "1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik,", "9ol.",
    "qaz", "wsx", "edc", "rfv", "tgb", "yhn", "ujm",
    "147", "258", "369", "159", "357", "741", "852", "963", "7410", "789", "456", "123",
    "abcdefghijklmnopqrstuvwxyz", "01234567890",
)  # fmt: skip
_SHORTEST_WALK = 3
_DATE = re.compile(
    r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])(?:19|20)[0-9]{2}"
    r"|(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:19|20)[0-9]{2}"
    r"|(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])[0-9]{2}"
    r"|(?:19|20)[0-9]{2}"
)
_LONGEST_UNIT = 6  # characters that are repeated


def folded(text: str) -> str:
    """Give a text without case, width and accents."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def bare(text: str) -> str:
    """Give a folded text without the few signs that are put in front of and behind a word."""
    return _HEAD.sub("", _TAIL.sub("", text))


def plain_letters(text: str) -> Iterator[str]:
    """Give a folded text with letters in the place of digits and signs that look like them."""
    yield text.translate(_LEET)
    yield text.translate(_ONE_AS_L).translate(_LEET)


def is_pattern(text: str) -> bool:
    """Tell whether a folded text is nothing but rows of keys, runs, a date, or one thing again."""
    return bool(text) and (
        _is_again(text)
        or _DATE.fullmatch(text) is not None
        or _is_walk(text)
        or (_is_walk(text[::2]) and _is_walk(text[1::2]))  # two hands by turns: 1q2w3e4r
        or _is_run(text)
    )


def _is_again(text: str) -> bool:
    size = len(text)
    return any(
        text == (text[:unit] * (size // unit + 1))[:size]
        for unit in range(1, min(_LONGEST_UNIT, size // 2) + 1)
    )


def _is_run(text: str) -> bool:
    """Tell whether each character is as far from the last one as that from the one before."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return len(text) > 1 and len(steps) == 1 and abs(steps.pop()) <= 2


def _is_walk(text: str) -> bool:
    """Tell whether a text is cut into walks along rows, each as long as it can be."""
    at = 0
    if not text:
        return False
    while at < len(text):
        size = _walk_at(text, at)
        if size < _SHORTEST_WALK:
            return False
        at += size
    return True


def _walk_at(text: str, at: int) -> int:
    """Give the length of the longest walk that begins at a place."""
    best = 0
    for row in _BOTH_WAYS:
        start = row.find(text[at])
        if start < 0:
            continue
        size = 0
        while at + size < len(text) and row[start + size : start + size + 1] == text[at + size]:
            size += 1
        best = max(best, size)
    return best


_BOTH_WAYS = (*_ROWS, *(row[::-1] for row in _ROWS))
