"""Races: of two who do the same at once, one does, and nobody is answered with an error of ours."""

from __future__ import annotations

import asyncio

import pytest

from tests.attacks.target import Target, target_on
from tests.auth.site import PASSWORD
from tests.db.conftest import URLS
from trivet.auth import User
from trivet.db import Database


@pytest.fixture(params=list(URLS), scope="module")
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


async def _count(target: Target) -> int:
    async with target.auth.database.own_transaction():
        return await User.all().count()


async def test_two_sign_ups_with_one_address_make_one_account(target: Target) -> None:
    given = {"email": "new@example.org", "password": PASSWORD}

    answers = await asyncio.gather(
        *(target.client().post("/auth/sign-up", json=given) for _ in range(4))
    )

    assert {(answer.status_code, answer.text) for answer in answers} == {
        (202, '{"detail":"Look into your mail: a letter is on its way"}')
    }
    assert await _count(target) == 1
    assert await target.trail() == ["account-created"]


async def test_two_sign_ups_with_one_name_make_one_account(database: Database) -> None:
    target = target_on(database, log_in="username", confirm_email=False)
    given = {"username": "ann", "password": PASSWORD}

    answers = await asyncio.gather(
        *(target.client().post("/auth/sign-up", json=given) for _ in range(4))
    )

    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]
    assert await _count(target) == 1


async def test_two_who_use_one_link_at_once_are_one_who_signs_in(target: Target) -> None:
    await target.make()
    await target.client().post("/auth/ask-for-link", json={"email": "ann@example.org"})
    given = {"token": target.token()}

    answers = await asyncio.gather(
        *(target.client().post("/auth/sign-in/link", json=given) for _ in range(3))
    )

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 200
    assert set(statuses[1:]) <= {400, 409}, statuses
    assert (await target.trail()).count("signed-in") == 1


async def test_two_who_confirm_at_once_confirm_once(target: Target) -> None:
    given = {"email": "new@example.org", "password": PASSWORD}
    await target.client().post("/auth/sign-up", json=given)
    token = {"token": target.token()}

    answers = await asyncio.gather(
        *(target.client().post("/auth/confirm-email", json=token) for _ in range(3))
    )

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 200
    assert set(statuses[1:]) <= {400, 409}, statuses
    assert (await target.trail()).count("email-confirmed") == 1


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ufeff", "\uffff", "\U0010ffff", "😀" * 8])
async def test_no_text_is_an_error_of_ours_on_any_database(target: Target, text: str) -> None:
    owner, path = await target.founded()
    await target.make("help@example.org", permissions=["users.impersonate"])
    helper = await target.signed_in("help@example.org")
    answers = [
        await target.client().post("/auth/sign-in", json={"log_in": text, "password": text}),
        await target.client().post("/auth/ask-for-reset", json={"email": text}),
        await target.client().post("/auth/ask-for-link", json={"email": f"{text}@example.org"}),
        await target.client().post("/auth/confirm-email", json={"token": text}),
        await target.client().post(
            "/auth/sign-up", json={"email": "x@example.org", "password": PASSWORD, "name": text}
        ),
        await owner.patch("/auth/me", json={"name": text}),
        await owner.patch("/auth/me", json={"locale": text}),
        await owner.patch(path, json={"name": text}),
        await owner.post(f"{path}/transfer", json={"to": text, "role": "guest"}),
        await owner.post(f"{path}/invitations", json={"email": text, "role": "guest"}),
        await helper.post("/auth/impersonation", json={"handle": text}),
        await owner.get("/auth/me", headers={"cookie": "session=" + ascii(text)[1:-1]}),
    ]

    assert all(answer.status_code < 500 for answer in answers)
