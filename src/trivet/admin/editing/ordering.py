"""The order of rows as whole numbers that grow: what was typed stays where it can."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["numbered"]


def numbered(given: Sequence[int | None]) -> list[int]:
    """Give a number to each row: rows are sorted by theirs, new ones without one come last.

    Numbers that grow already stay as they are; where two are the same, the latter and those behind
    it move up.
    """
    order = sorted(range(len(given)), key=lambda at: (given[at] is None, given[at] or 0, at))
    found = [0] * len(given)
    last: int | None = None
    for place in order:
        number = given[place]
        if number is None or (last is not None and number <= last):
            number = 1 if last is None else last + 1
        found[place] = last = number
    return found
