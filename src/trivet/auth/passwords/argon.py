"""Argon2id (RFC 9106) by argon2-cffi: ours, and what others wrote in its standard form."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError

from trivet.errors import SetupError

__all__ = ["Argon"]

_STORED = re.compile(
    r"\$argon2(?P<kind>id|i|d)\$v=(?P<version>16|19)\$m=(?P<memory>[0-9]{1,7})"
    r",t=(?P<time>[0-9]{1,3}),p=(?P<lanes>[0-9]{1,2})"
    r"\$(?P<salt>[A-Za-z0-9+/]{11,86})\$(?P<hash>[A-Za-z0-9+/]{16,172})"
)
_SALT, _HASH = 16, 32  # bytes
# What a stored hash may ask for: seconds of one processor and 256 MiB, not minutes and GiBs.
_MOST_MEMORY = 262_144  # KiB
_MOST_WORK = 2_097_152  # KiB times passes
_MOST_LANES = 16
# The least that OWASP names: 19 MiB and 2 passes, or as much work in more memory and one pass.
_LEAST_MEMORY, _LEAST_WORK = 7_168, 35_840


@dataclass(frozen=True)
class Argon:
    """What a hash costs: passes, memory in KiB, and lanes, which are threads of one hash."""

    time_cost: int
    memory_cost: int
    parallelism: int

    def __post_init__(self) -> None:
        is_whole = 1 <= self.parallelism <= _MOST_LANES and self.time_cost >= 1
        is_whole = is_whole and self.memory_cost >= 8 * self.parallelism
        if not (is_whole and _is_bounded(self.memory_cost, self.time_cost)):
            raise SetupError(
                f"a password cannot cost time_cost={self.time_cost!r},"
                f" memory_cost={self.memory_cost!r} (KiB), parallelism={self.parallelism!r}:"
                f" at most {_MOST_MEMORY} KiB, at most {_MOST_WORK} KiB times passes, 1 to"
                f" {_MOST_LANES} lanes of at least 8 KiB each",
                code="auth.password-cost",
                mend="Passwords(time_cost=2, memory_cost=65536, parallelism=1)",
            )

    @property
    def is_weak(self) -> bool:
        """True where it costs less than what is advised for passwords."""
        return self.memory_cost < _LEAST_MEMORY or self.memory_cost * self.time_cost < _LEAST_WORK

    def hash(self, secret: bytes) -> str:
        """Give the hash of a secret with a salt of its own; blocks for its cost."""
        return self._hasher().hash(secret)

    def verify(self, secret: bytes, stored: str) -> bool:
        """Tell whether a hash is the secret's, never for one that costs too much; blocks."""
        if not self.can_read(stored):
            return False
        try:
            # The library compares in constant time.
            return self._hasher().verify(stored, secret)
        except (Argon2Error, InvalidHashError, ValueError):
            return False

    def nobodys(self) -> str:
        """Give a hash that takes as much work to verify as others, and is of nothing known."""
        salt, made = (
            base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
            for size in (_SALT, _HASH)
        )
        cost = f"m={self.memory_cost},t={self.time_cost},p={self.parallelism}"
        return f"$argon2id$v=19${cost}${salt}${made}"

    def can_read(self, stored: str) -> bool:
        """Tell whether a text is a hash of Argon2 that costs no more than we give."""
        found = _STORED.fullmatch(stored)
        if found is None or not 1 <= int(found["lanes"]) <= _MOST_LANES:
            return False
        return _is_bounded(int(found["memory"]), int(found["time"]))

    def is_current(self, stored: str) -> bool:
        """Tell whether a hash is one that `hash` would make."""
        found = _STORED.fullmatch(stored)
        if found is None:
            return False
        wanted = ("id", "19", self.memory_cost, self.time_cost, self.parallelism)
        has = (
            found["kind"], found["version"], int(found["memory"]), int(found["time"]),
            int(found["lanes"]),
        )  # fmt: skip
        return has == wanted and len(found["hash"]) >= _letters(_HASH)

    def _hasher(self) -> PasswordHasher:
        return PasswordHasher(
            self.time_cost, self.memory_cost, self.parallelism, _HASH, _SALT, type=Type.ID
        )


def _is_bounded(memory: int, time: int) -> bool:
    return memory <= _MOST_MEMORY and memory * time <= _MOST_WORK


def _letters(size: int) -> int:
    """Give how many letters of Base64 without padding as many bytes are."""
    return -(-size * 4 // 3)
