"""Placeholders of texts, ``%(name)s`` and ``{name}``: what a translation has lost, or made up."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from babel.messages.catalog import Catalog, Message

__all__ = ["Broken", "broken", "placeholders"]

_PERCENT = re.compile(r"%%|%\([^)]*\)[-#0 +]*[0-9*]*(?:\.[0-9*]+)?[a-zA-Z]?")
_BRACES = re.compile(r"\{[A-Za-z_][^{}]*\}")

Broken = tuple[Message, str, str]
"""A message, the translation that is wrong, and what is wrong with it."""


def placeholders(text: str) -> set[str]:
    """Give the placeholders of a text; those without a name are none."""
    found = {*_PERCENT.findall(text), *_BRACES.findall(text)}
    return found - {"%%"}


def broken(catalogue: Catalog) -> Iterator[Broken]:
    """Give the translations whose placeholders are not those of the text that they translate."""
    for message in catalogue:
        if not message.id or message.fuzzy:
            continue
        texts = [message.id] if isinstance(message.id, str) else list(message.id)
        wanted = set().union(*map(placeholders, texts))
        has_plural = len(texts) > 1
        given = [message.string] if isinstance(message.string, str) else message.string or ()
        for translation in filter(None, given):
            wrong = _wrong(translation, wanted, has_plural=has_plural)
            if wrong is not None:
                yield message, translation, wrong


def _wrong(translation: str, wanted: set[str], *, has_plural: bool) -> str | None:
    own = placeholders(translation)
    # A form for one may say the number in words.
    may_miss = {one for one in wanted if has_plural and one.startswith(("%(num)", "{"))}
    if own - wanted:
        return f"has {_listed(own - wanted)}, which the text has not"
    if wanted - own - may_miss:
        return f"has lost {_listed(wanted - own - may_miss)}"
    is_filled = any(one.startswith("%") for one in wanted)
    if is_filled and "%" in _PERCENT.sub("", translation):
        return "has a % that begins no placeholder: write %%"
    return None


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names))
