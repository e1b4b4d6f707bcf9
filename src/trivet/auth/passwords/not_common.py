"""The passwords that everybody thinks of, found by what they are made of.

A list would have each spelling; here a few hundred words, and how people disguise them: capitals,
accents, digits that look like letters, a year or a few signs behind, the word twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from trivet.auth.passwords.patterns import bare, folded, is_pattern, plain_letters
from trivet.auth.passwords.refused import Reason

__all__ = ["NotCommon"]

_WORDS = Path(__file__).with_name("not_common.txt")
_LONGEST = 64  # letters: what is longer is on nobody's list
_APART = re.compile(r"([a-z@$!|]+)([^a-z]*)")
_JOINTS = re.compile(r"[\s._-]+")


@cache
def _words() -> frozenset[str]:
    """Give the words; read once, with the first password that is chosen."""
    lines = _WORDS.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if line[:1] != "#" for word in line.split())


@dataclass(frozen=True)
class NotCommon:
    """Not one that many people have: words, names, rows of keys, dates, and all in disguise.

    `also` are words of your own that many would think of, such as the name of the site.
    """

    also: Sequence[str] = ()
    _also: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        own = frozenset("".join(_JOINTS.split(folded(word))) for word in self.also)
        object.__setattr__(self, "_also", own)

    async def check(self, password: str, about: Sequence[str], /) -> Reason | None:
        """Give a reason against a password that many have."""
        text = folded(password) if len(password) <= _LONGEST else ""
        if not text or len(text) > _LONGEST or not self._is_common(text):
            return None
        return Reason(
            "common", "This password is one that many people use: it would be tried first."
        )

    def _is_common(self, text: str) -> bool:
        joined = "".join(_JOINTS.split(text))
        if is_pattern(text) or is_pattern(joined):
            return True
        return any(self._is_made_of_words(one) for one in {joined, bare(joined), *_parted(joined)})

    def _is_made_of_words(self, text: str) -> bool:
        """Tell whether a text is a word, in disguise or not, backwards, or twice."""
        for one in (text, *plain_letters(text)):
            if self._is_word(one) or self._is_word(one[::-1]):
                return True
            half, is_odd = divmod(len(one), 2)
            if not is_odd and one[:half] == one[half:] and self._is_word(one[:half]):
                return True
        return False

    def _is_word(self, text: str) -> bool:
        return text in _words() or text in self._also


def _parted(text: str) -> list[str]:
    """Give the word before a row of digits that are a pattern themselves: `dragon12345678`."""
    found = _APART.fullmatch(text)
    if found is None or not is_pattern(found[2]):
        return []
    return [found[1]]
