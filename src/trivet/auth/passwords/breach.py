"""Passwords that were stolen elsewhere, asked for without telling which.

Only the first five digits of a SHA-1 leave: what comes back are hundreds of hashes that begin so,
among which we look ourselves (k-anonymity, as Have I Been Pwned's range interface has it).
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import anyio

from trivet.auth.passwords.refused import Reason

__all__ = ["NotBreached"]

_log = logging.getLogger("trivet.auth")
_PREFIX = 5
_MOST_LETTERS = 1_000_000  # of an answer, which has about 40,000


@dataclass(frozen=True)
class NotBreached:
    """Not among stolen passwords, as `fetch` tells: it is given five digits and gives lines.

    A line is the other 35 digits of a SHA-1, a colon and how often it was seen. Where `fetch`
    raises, or takes over `timeout` seconds, the password may be chosen, and a warning is logged.
    """

    fetch: Callable[[str], Awaitable[str]]
    timeout: float = 2.0

    async def check(self, password: str, about: Sequence[str], /) -> Reason | None:
        """Give a reason against a password that was seen at least once."""
        # SHA-1 is what the list is made of; it keeps nothing secret here.
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        try:
            with anyio.fail_after(self.timeout):
                lines = await self.fetch(digest[:_PREFIX])
        except Exception as error:  # whatever a fetcher raises: nobody is kept out by it
            # Without the error's words, in which the five digits may stand.
            _log.warning("stolen passwords could not be asked for: %s", type(error).__name__)
            return None
        if not _is_in(lines[:_MOST_LETTERS], digest[_PREFIX:]):
            return None
        return Reason(
            "breached", "This password was stolen from some site and is being tried: use another."
        )


def _is_in(lines: str, rest: str) -> bool:
    found = False
    for line in lines.splitlines():
        suffix, _, count = line.strip().partition(":")
        is_it = hmac.compare_digest(suffix.upper().encode(), rest.encode())
        found |= is_it and count.strip() != "0"  # zeros are there to hide how many there are
    return found
