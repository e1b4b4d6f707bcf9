"""Guessing a second factor: another session, browser or address gives no new tries."""

from __future__ import annotations

from tests.attacks.target import Target
from tests.auth.site import PASSWORD
from trivet.auth import GuessingRates
from trivet.auth.options import AuthOptions

_EMAIL = "two@example.org"


async def _half(target: Target) -> object:
    browser = target.client()
    given = {"log_in": _EMAIL, "password": PASSWORD}
    answer = await browser.post("/auth/sign-in", json=given)
    return browser if answer.status_code == 200 else None


async def test_a_new_session_gives_no_new_tries(target: Target) -> None:
    await target.make(_EMAIL)
    tries = 0
    for _ in range(9):
        browser = await _half(target)
        assert browser is not None
        for _ in range(4):
            answer = await browser.post("/second?code=wrong")  # type: ignore[attr-defined]
            tries += answer.status_code == 200

    assert tries == 10


async def test_a_right_code_does_not_give_back_the_tries(target: Target) -> None:
    await target.make(_EMAIL)
    statuses = []
    for n in range(12):
        browser = await _half(target)
        if browser is None:
            break
        code = "right" if n % 2 else "wrong"
        answer = await browser.post(f"/second?code={code}")  # type: ignore[attr-defined]
        statuses.append(answer.status_code)

    assert statuses.count(200) <= 10


async def test_who_was_never_asked_for_it_has_nothing_to_guess(target: Target) -> None:
    await target.make(_EMAIL)
    for cookies in ({}, {"session": "A" * 43}):
        answer = await target.client(cookies=cookies).post("/second?code=right")
        assert answer.status_code == 401


def test_the_rates_of_an_account_hold_whatever_the_address() -> None:
    rates = AuthOptions().rates

    assert rates == GuessingRates()
    assert rates.account.startswith("100/")
