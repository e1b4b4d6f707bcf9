"""Which passwords may be chosen: small rules, each with one sentence for people.

What a rule looks at is bounded before it looks: a password has at most 1,024 bytes by then, and of
what is known about a person only so much is compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Protocol

from trivet.auth.passwords.patterns import bare, folded, plain_letters
from trivet.auth.passwords.refused import Reason

__all__ = ["MinimumLength", "NotLikeUser", "NotOnlyDigits", "Rule"]


class Rule(Protocol):
    """Says why a password may not be chosen: anything with this method is one."""

    async def check(self, password: str, about: Sequence[str], /) -> Reason | None:
        """Give a reason against a password, or None; `about` is what is known of the person."""


@dataclass(frozen=True)
class MinimumLength:
    """At least so many characters; NIST SP 800-63B asks for 8 or more."""

    characters: int = 8

    async def check(self, password: str, about: Sequence[str], /) -> Reason | None:
        """Give a reason against a password that is shorter."""
        if len(password) >= self.characters:
            return None
        return Reason(
            "too-short", f"This password is too short: use at least {self.characters} characters."
        )


@dataclass(frozen=True)
class NotOnlyDigits:
    """Something besides digits, of any script."""

    async def check(self, password: str, about: Sequence[str], /) -> Reason | None:
        """Give a reason against a password of digits alone."""
        if not password.isdigit():
            return None
        return Reason(
            "only-digits", "This password has nothing but digits: add words or other characters."
        )


_PARTS = re.compile(r"[\W_]+")
_MOST_TEXTS, _MOST_PARTS, _MOST_LETTERS = 8, 24, 64
_SHORTEST_PART = 3
_SHORTEST_INSIDE = 4  # letters of a name that count where they stand inside of a password


@dataclass(frozen=True)
class NotLikeUser:
    """Not much like what is known of a person: the e-mail address, the names, and their parts.

    `most` is how alike the two may be, from 0 to 1. Of 8 texts the first 64 letters are compared,
    and 64 of the password: at most 96 comparisons of 64 letters.
    """

    most: float = 0.75

    async def check(self, password: str, about: Sequence[str], /) -> Reason | None:
        """Give a reason against a password that is like one of the texts or of their parts."""
        typed = _cut(password)
        chosen = {typed, bare(typed), *plain_letters(bare(typed))} - {""}
        for part in _parts(about):
            if any(self._are_alike(one, part) for one in chosen):
                return Reason(
                    "like-user", "This password is too much like your name or your e-mail address."
                )
        return None

    def _are_alike(self, chosen: str, part: str) -> bool:
        shorter, longer = sorted((chosen, part), key=len)
        if len(shorter) >= _SHORTEST_INSIDE and len(shorter) * 2 >= len(longer):
            backwards = shorter[::-1]
            if shorter in longer or backwards in longer:
                return True
        matcher = SequenceMatcher(None, chosen, part, autojunk=False)
        # The two quick ones are never less, and cheap.
        return (
            matcher.real_quick_ratio() >= self.most
            and matcher.quick_ratio() >= self.most
            and matcher.ratio() >= self.most
        )


def _cut(text: str) -> str:
    # Folding spells out: one character may become 18.
    return folded(text[:_MOST_LETTERS])[:_MOST_LETTERS]


def _parts(about: Sequence[str]) -> Iterator[str]:
    """Give the texts and their words, in lower case, each once; so many and no more."""
    seen: dict[str, None] = {}
    for text in about[:_MOST_TEXTS]:
        whole = _cut(text)
        name = whole.partition("@")[0]
        for part in (whole, name, *_PARTS.split(whole), "".join(_PARTS.split(name))):
            if len(part) >= _SHORTEST_PART and len(seen) < _MOST_PARTS:
                seen[part] = None
    return iter(seen)
