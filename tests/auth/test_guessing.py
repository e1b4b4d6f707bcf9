"""Attempts are counted; nobody's attempt keeps another from what is no account's."""

from __future__ import annotations

import pytest
from starlette.requests import HTTPConnection

from trivet.auth import TooManyAttempts
from trivet.auth.guessing import Guessing, GuessingRates

RATES = GuessingRates(together="2/hour", account="3/hour", address="9/hour")


def from_address(address: str) -> HTTPConnection:
    return HTTPConnection({"type": "http", "client": (address, 1), "headers": []})


async def test_an_account_is_guarded_from_all_addresses_together() -> None:
    guessing = Guessing(rates=RATES)
    for number in range(3):
        await guessing.count("password", "ann", from_address(f"192.0.2.{number}"))

    with pytest.raises(TooManyAttempts):
        await guessing.count("password", "ann", from_address("192.0.2.9"))


async def test_what_is_no_accounts_is_counted_by_address_alone() -> None:
    guessing = Guessing(rates=RATES)
    for number in range(9):
        await guessing.count("sign-up", "", from_address(f"192.0.2.{number}"))
    await guessing.count("sign-up", "", from_address("192.0.2.1"))

    with pytest.raises(TooManyAttempts):
        await guessing.count("sign-up", "", from_address("192.0.2.1"))
