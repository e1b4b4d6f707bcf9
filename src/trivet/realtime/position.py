"""Where a message stands in its topic: what a client gives back to go on from there.

Numbers grow within an epoch. An epoch ends when a back end has forgotten how far a topic was: a
process that ended, a server that lost its data, a topic that was silent for long. Positions of
different epochs say nothing about each other.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

__all__ = ["Position", "new_epoch"]


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the history of one topic; to clients it is a text without a meaning."""

    epoch: str
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.number}"

    @classmethod
    def read(cls, text: str) -> Position | None:
        """Give the position that a client sent back, or None for a text that is none of ours."""
        epoch, dot, number = text.rpartition(".")
        if not (dot and epoch and number.isascii() and number.isdigit() and len(number) < 20):
            return None
        return cls(epoch, int(number))


def new_epoch() -> str:
    """Give the name of an epoch that was never used."""
    return secrets.token_hex(6)
