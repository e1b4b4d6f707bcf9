"""Slowing down who guesses: by account and address together, by account, and by address.

Counted is every attempt, whether it succeeds or not: a success of one's own would wash away what
was guessed at others. Nobody is locked out by what another does: the rate of an account alone is
wide, that of account and address together is narrow.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from hashlib import blake2b

from starlette.requests import HTTPConnection

from trivet.auth.errors import TooManyAttempts
from trivet.errors import HTTPException
from trivet.security.rate import MemoryRates, Rate, RatesAway, RateStore
from trivet.security.rate_limit import address_of

__all__ = ["SECOND_FACTOR", "Guessing", "GuessingRates"]

SECOND_FACTOR = "second-factor"

_AWAY = "5"  # seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class GuessingRates:
    """How often somebody may try, as `RateLimit` reads it."""

    together: str = "10/5 minutes"
    """With one account, from one address."""
    account: str = "100/hour"
    """With one account, from wherever."""
    address: str = "60/minute"
    """From one address, with whatever account."""
    second_factor: str = "20/hour"
    """At the second factor of one account, from wherever: three codes of a million are right."""


class Guessing:
    """Counts attempts in a store of rates; of this process alone, where none is given."""

    def __init__(self, store: RateStore | None = None, rates: GuessingRates | None = None) -> None:
        rates = rates or GuessingRates()
        self._store = store or MemoryRates()
        self._together = Rate.read(rates.together)
        self._account = Rate.read(rates.account)
        self._address = Rate.read(rates.address)
        self._by_kind = {SECOND_FACTOR: Rate.read(rates.second_factor)}

    async def count(self, what: str, whose: str, connection: HTTPConnection | None) -> None:
        """Count an attempt at `what` with the account `whose`; raises `TooManyAttempts` (429).

        `whose` is what was typed in, whether there is such an account or not; one that can be
        written in several ways is one. Empty for what is no account's, which each address does by
        itself.
        """
        one = unicodedata.normalize("NFKC", whose.strip()).casefold()
        # A digest, because anybody may send long texts, and a store of rates keeps no addresses.
        key = blake2b(f"{what} {one}".encode(errors="replace"), digest_size=12).hexdigest()
        rate = self._by_kind.get(what, self._account)
        asked = [(f"auth:account:{key}", rate)] if one else []
        if connection is not None:
            address = address_of(connection)
            asked.append((f"auth:together:{key}:{address}", self._together))
            asked.append((f"auth:address:{what}:{address}", self._address))
        for name, rate in reversed(asked):
            try:
                taken = await self._store.take(name, rate)
            except RatesAway as error:
                detail = "Attempts cannot be counted at the moment"
                raise HTTPException(503, detail, {"Retry-After": _AWAY}) from error
            if not taken.allowed:
                raise TooManyAttempts(taken.retry_after)
