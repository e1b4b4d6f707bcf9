"""What a declaration names: columns and relations, by attribute or by text; mistakes say where.

`Declaration` is who declared what, for every error of this package.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from trivet.errors import SetupError

__all__ = ["Declaration", "name_of", "plural", "words"]

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def name_of(named: Any) -> str:
    """Give the name of an attribute of a model (``Post.title``), or the text itself."""
    return named if isinstance(named, str) else str(getattr(named, "key", named))


def words(model: Any) -> str:
    """Give the name of a model in small letters: ``blog_post``."""
    return _WORDS.sub("_", model.__name__).lower()


def plural(word: str) -> str:
    """Give a word's plural by rule; `prefix` and `tags` are there for what has another one."""
    if word.endswith("y") and word[-2:-1] not in ("", *"aeiou"):
        return f"{word[:-1]}ies"
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    return f"{word}s"


@dataclass(frozen=True)
class Declaration:
    """One resource as it was declared: its name, its model, and the place in the user's code."""

    name: str
    model: Any
    where: str | None

    def mistake(self, what: str, *, code: str, mend: str) -> SetupError:
        """Give the error of a declaration that cannot work."""
        return SetupError(f"{self.name} {what}", code=code, where=self.where, mend=mend)

    def unknown(self, option: str, kind: str, name: str, known: Iterable[str]) -> SetupError:
        """Give the error of a name that the model does not have, with the nearest that it has."""
        names = sorted(known)
        near = get_close_matches(name, names, n=1)
        mend = f"{option}=[{near[0]!r}]" if near else f"one of: {', '.join(names)}"
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return self.mistake(
            f"names {name!r} in {option}, and {self.model.__name__} has no {kind} of this name"
            f"{hint}",
            code="resources.name",
            mend=mend,
        )

    def checked(
        self, option: str, kind: str, given: Any, known: Collection[str]
    ) -> tuple[str, ...]:
        """Give the names of what an option names, each of which must be known."""
        if isinstance(given, str):
            raise self.mistake(
                f"is given {option}={given!r}, a text, which would be read as its letters",
                code="resources.option",
                mend=f"{option}=[{given!r}]",
            )
        names = tuple(dict.fromkeys(name_of(one) for one in given))
        for name in names:
            if name not in known:
                raise self.unknown(option, kind, name, known)
        return names
