"""Rates: not washed away by a success, by a header, by how a log-in is written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.attacks.target import Target, target_on
from tests.auth.site import OTHER_PASSWORD, PASSWORD
from trivet.auth import TooManyAttempts
from trivet.db import Database

_LIMIT = 10  # of one account from one address, in five minutes


async def _tries(target: Target, log_ins: Iterator[str], **headers: str) -> int:
    """Give how many tries are answered before the first is refused."""
    for n in range(_LIMIT + 2):
        given = {"log_in": next(log_ins), "password": OTHER_PASSWORD}
        answer = await target.client(headers=headers).post("/auth/sign-in", json=given)
        if answer.status_code == 429:
            return n
        assert answer.status_code == 401, answer.text
    return _LIMIT + 2


def _turns(*texts: str) -> Iterator[str]:
    while True:
        yield from texts


async def test_letter_case_and_space_are_the_same_log_in(target: Target) -> None:
    await target.make()
    spelled = ("ann@example.org", "Ann@Example.ORG", " ann@example.org", "ann@example.org\t")

    assert await _tries(target, _turns(*spelled)) == _LIMIT


async def test_a_name_in_other_letters_of_unicode_is_the_same_log_in(database: Database) -> None:
    target = target_on(database, log_in="username")
    async with target.auth.database.own_transaction():
        await target.auth.accounts.make(username="strasse", password=PASSWORD)
    spelled = (  # small, in two alphabets of mathematics, of full width, in a circle, with blanks
        *("strasse", "Stra\u00dfe", "STRASSE", "\uff53trasse", "\U0001d4c8trasse", "\u24c8trasse"),
        *("\U0001d42ctrasse", "\u017ftrasse", "\u00a0strasse", "strasse\u3000"),
    )
    async with target.auth.database.own_transaction():
        for one in spelled:
            assert await target.auth.accounts.find(one) is not None, one

    assert await _tries(target, _turns(*spelled)) == _LIMIT


async def test_a_success_of_ones_own_washes_nothing_away(target: Target) -> None:
    await target.make()
    await target.make("eve@example.org")
    refused = 0
    for _ in range(_LIMIT + 2):
        own = {"log_in": "eve@example.org", "password": PASSWORD}
        await target.client().post("/auth/sign-in", json=own)
        given = {"log_in": "ann@example.org", "password": OTHER_PASSWORD}
        answer = await target.client().post("/auth/sign-in", json=given)
        refused += answer.status_code == 429

    assert refused == 2


async def test_the_right_password_at_last_is_refused_too(target: Target) -> None:
    await target.make()
    for _ in range(_LIMIT):
        given = {"log_in": "ann@example.org", "password": OTHER_PASSWORD}
        await target.client().post("/auth/sign-in", json=given)

    given = {"log_in": "ann@example.org", "password": PASSWORD}
    answer = await target.client().post("/auth/sign-in", json=given)

    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    "name",
    [
        *("x-forwarded-for", "x-real-ip", "forwarded", "true-client-ip", "cf-connecting-ip"),
        *("x-client-ip", "x-originating-ip", "x-remote-addr", "x-cluster-client-ip"),
    ],
)
async def test_no_header_is_another_address(target: Target, name: str) -> None:
    await target.make()
    count = 0
    for n in range(_LIMIT + 2):
        value = f"for=10.0.0.{n}" if name == "forwarded" else f"10.0.0.{n}"
        given = {"log_in": "ann@example.org", "password": OTHER_PASSWORD}
        answer = await target.client(headers={name: value}).post("/auth/sign-in", json=given)
        count += answer.status_code == 401

    assert count == _LIMIT


async def test_of_two_doors_to_one_password_the_tries_are_counted_each(target: Target) -> None:
    await target.make()
    browser = await target.signed_in()
    given = {"present": OTHER_PASSWORD, "new": "six silver spoons"}
    changed = [await browser.post("/auth/change-password", json=given) for _ in range(6)]
    confirmed = [
        await browser.post("/auth/confirm-identity", json={"password": OTHER_PASSWORD})
        for _ in range(6)
    ]

    statuses = [answer.status_code for answer in (*changed, *confirmed)]
    assert statuses == [401] * _LIMIT + [429] * 2


async def test_nobody_shuts_the_door_to_sign_up_for_all(target: Target) -> None:
    for n in range(_LIMIT + 2):
        given = {"email": f"eve{n}@example.org", "password": PASSWORD}
        last = await target.client().post("/auth/sign-up", json=given)
    assert last.status_code == 429
    guessing = target.auth.guessing

    for _ in range(200):  # of others, from elsewhere
        await guessing.count("sign-up", "", None)


async def test_nobodys_mailbox_is_filled_from_many_addresses(target: Target) -> None:
    guessing = target.auth.guessing
    for _ in range(100):
        await guessing.count("sign-up-letter", "ann@example.org", None)
    with pytest.raises(TooManyAttempts):
        await guessing.count("sign-up-letter", "Ann@example.org", None)
