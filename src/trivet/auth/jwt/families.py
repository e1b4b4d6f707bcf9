"""Families of refresh tokens: which one counts, and what another one means. Values alone.

A family begins with a sign-in. Each of its tokens counts once and gives the next one. A token that
was replaced and comes again is in two hands, and nobody knows in whose rightly: the family ends.

But an answer may be lost on its way, and two windows may ask at the same moment. For a few seconds
after it was replaced a token gives one more that counts beside the next one. Of those the first
that is used replaces them all, so that a thief who was quick is found out with the next use.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from trivet.auth.tokens.form import is_same

__all__ = ["Family", "Refused", "used"]

_MOST_BESIDE = 5


class Refused(Enum):
    """Why a token gives no other one."""

    STOLEN = "stolen"
    """It was replaced: the family is to end."""
    TOO_MANY = "too many"
    """It was replaced a moment ago and came too often since; the family goes on."""


@dataclass(frozen=True, slots=True)
class Family:
    """Which tokens of a family count, by their digests."""

    current: tuple[str, ...]
    previous: str | None
    """What was replaced last."""
    replaced_at: datetime


def used(
    family: Family, digest: str, next_one: str, now: datetime, grace: float
) -> Family | Refused:
    """Give what a family is after the token of `digest` was used and gave `next_one`.

    `grace` is the seconds for which the last that was replaced may come again.
    """
    # All are compared, so that no time tells which one it was.
    compared = [is_same(digest, one) for one in family.current]
    if True in compared:
        return Family((next_one,), digest, now)
    was_last = family.previous is not None and is_same(digest, family.previous)
    if not was_last or now - family.replaced_at > timedelta(seconds=grace):
        return Refused.STOLEN
    if len(family.current) >= _MOST_BESIDE:
        return Refused.TOO_MANY
    return Family((*family.current, next_one), family.previous, family.replaced_at)
