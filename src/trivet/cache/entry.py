"""How a value lies in a store: JSON behind a head of times and tags.

JSON and never pickle: whoever can write to the store (another service on the same Redis, a hole in
it) could otherwise run code in every process that reads. A whole number without tags is its own
decimal digits, so that a store can count with it.

The head is binary: a version, when the value is no longer fresh, when it was made, and how many
bytes of tags follow (a JSON object of tag → token). Times are seconds since 1970, UTC, by the clock
of who wrote. What has another version, or is broken, is no entry.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = ["Entry", "packed", "unpacked"]

_HEAD = struct.Struct(">BddI")
_VERSION = 1
_NUMBER = frozenset(b"-0123456789")
_NO_MARKS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Entry:
    """A value as JSON. `marks` are its tags, each with the token that it had before the value."""

    payload: bytes
    made: float
    fresh_until: float
    marks: Mapping[str, str] = field(default_factory=lambda: _NO_MARKS)


def packed(entry: Entry) -> bytes:
    """Give an entry as bytes."""
    marks = json.dumps(dict(entry.marks)).encode() if entry.marks else b""
    head = _HEAD.pack(_VERSION, entry.fresh_until, entry.made, len(marks))
    return head + marks + entry.payload


def unpacked(data: bytes | None) -> Entry | None:
    """Give the entry that bytes are; None for what is none."""
    if not data:
        return None
    if data[0] in _NUMBER:
        return Entry(data, 0.0, math.inf)
    try:
        version, fresh_until, made, size = _HEAD.unpack_from(data)
        if version != _VERSION:
            return None
        start = _HEAD.size + size
        marks = json.loads(data[_HEAD.size : start]) if size else _NO_MARKS
    except (struct.error, ValueError):
        return None
    return Entry(data[start:], made, fresh_until, marks)
