"""Which of an application's locales somebody should be given: the look-up of RFC 4647, 3.4.

Pure functions over texts; whatever a header holds, nothing is raised, and its first 1,000
characters and 32 ranges are all that is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from trivet.i18n.tags import script_of, truncations

__all__ = ["Negotiator", "ranges_of"]

_MOST_CHARACTERS, _MOST_RANGES = 1000, 32
_KEPT = 256  # headers whose outcome is kept: browsers send few different ones
_RANGE = re.compile(
    r"\s*(\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,7})\s*"
    r"(?:;\s*[Qq]\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?",
    re.ASCII,
)


def ranges_of(header: str) -> list[tuple[str, float]]:
    """Read an Accept-Language header (RFC 9110, 12.5.4): ranges in small letters, and weights.

    The best is first; of equal weights, what was written first. What is no range is left out.
    """
    if len(header) > _MOST_CHARACTERS:  # what is cut in the middle would be another language
        header = header[:_MOST_CHARACTERS].rpartition(",")[0]
    found = []
    for part in header.split(",", _MOST_RANGES)[:_MOST_RANGES]:
        match = _RANGE.fullmatch(part)
        if match is not None:
            found.append((match[1].lower(), float(match[2] or 1)))
    return sorted(found, key=lambda one: -one[1])


class Negotiator:
    """The tags that an application has, the first being the one for all others."""

    def __init__(self, tags: Sequence[str]) -> None:
        self.default = tags[0]
        self._by_small = {tag.lower(): tag for tag in tags}
        self._readers = {
            tag: (tag.split("-")[0].lower(), script_of(tag)) for tag in self._by_small.values()
        }
        self.chosen = lru_cache(_KEPT)(self._chosen)

    def find(self, name: str) -> str | None:
        """Give the tag that serves who asks for `name`: itself, a shorter one, one alike; or None.

        `name` may be anything that a client sent.
        """
        return next(self._candidates(name.replace("_", "-").lower()), None)

    def exactly(self, name: str) -> str | None:
        """Give the tag that is written `name`, in letters of any size; or None."""
        return self._by_small.get(name.replace("_", "-").lower())

    def _chosen(self, header: str) -> str | None:
        """Give the tag for an Accept-Language header; None where none that is accepted is there."""
        ranges = ranges_of(header)
        refused = {name for name, weight in ranges if not weight}
        wanted = [name for name, weight in ranges if weight and name != "*"]
        for name in wanted:
            for tag in self._candidates(name):
                if refused.isdisjoint(truncations(tag.lower())) or tag.lower() in wanted:
                    return tag
        return None

    def _candidates(self, name: str) -> Iterator[str]:
        for shorter in truncations(name):
            tag = self._by_small.get(shorter)
            if tag is not None:
                yield tag
        # Not in the RFC: "pt" is served by "pt-BR", and "zh-CN" by "zh-Hans", which reads alike.
        reader = (name.split("-")[0], script_of(name))
        yield from (tag for tag, own in self._readers.items() if own == reader)
