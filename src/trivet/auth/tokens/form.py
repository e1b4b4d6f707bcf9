"""What a token looks like: ``trv_<id>_<secret><checksum>``.

The prefix and the checksum are there so that whoever scans texts for secrets knows one, and knows
it is one, without asking us. They keep nothing secret: the secret's 256 random bits do.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import choice, token_urlsafe
from zlib import crc32

from trivet.errors import SetupError

__all__ = ["Shown", "TokenForm", "is_same"]

_PREFIX = re.compile(r"[a-z][a-z0-9]{1,15}")
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID = 12  # letters: 71 bits
_SECRET = 32  # bytes, which are 43 letters
_CHECKSUM = 6  # letters: 62⁶ is above 2³²


@dataclass(frozen=True, slots=True)
class Shown:
    """A token as somebody shows it; it never prints."""

    text: str = field(repr=False)
    id: str

    @property
    def digest(self) -> str:
        """What is kept of the token."""
        return sha256(self.text.encode()).hexdigest()


class TokenForm:
    """Makes and reads tokens of one prefix; raises `SetupError` for what is no prefix."""

    def __init__(self, prefix: str) -> None:
        if not _PREFIX.fullmatch(prefix):
            raise SetupError(
                f"tokens cannot begin with {prefix!r}",
                code="auth.token-prefix",
                mend="write 2 to 16 small letters and digits, such as prefix='acme'",
            )
        self.prefix = prefix
        self._form = re.compile(
            rf"{prefix}_([0-9A-Za-z]{{{_ID}}})_[A-Za-z0-9_-]{{43}}([0-9A-Za-z]{{{_CHECKSUM}}})"
        )

    def make(self) -> Shown:
        """Give a new token."""
        id = "".join(choice(_LETTERS) for _ in range(_ID))
        return self.with_id(id)

    def with_id(self, id: str) -> Shown:
        """Give a new token for what has an id already."""
        body = f"{self.prefix}_{id}_{token_urlsafe(_SECRET)}"
        return Shown(body + checksum(body), id)

    def is_claimed(self, text: str) -> bool:
        """Tell whether a text says that it is such a token, whether it is one or not."""
        return text.startswith(f"{self.prefix}_")

    def read(self, text: str) -> Shown | None:
        """Give the token that a text is, or None; one token has one text."""
        found = self._form.fullmatch(text)
        if found is None or checksum(text[:-_CHECKSUM]) != found[2]:
            return None
        return Shown(text, found[1])


def checksum(body: str) -> str:
    """Give the CRC-32 of a text as six letters and digits, the highest first."""
    rest = crc32(body.encode())
    letters = []
    for _ in range(_CHECKSUM):
        rest, digit = divmod(rest, len(_LETTERS))
        letters.append(_LETTERS[digit])
    return "".join(reversed(letters))


def is_same(digest: str, kept: str) -> bool:
    """Tell whether two digests are one, in a time that tells nothing of where they differ."""
    return hmac.compare_digest(digest.encode(), kept.encode())
