"""Enumeration: no endpoint says who has an account, by status, text, headers or letters."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.attacks.target import Target
from tests.auth.site import OTHER_PASSWORD, PASSWORD

_KNOWN = ("ann@example.org", "off@example.org", "unconfirmed@example.org")
_UNKNOWN = "nobody@example.org"


def _seen(answer: httpx2.Response) -> tuple[Any, ...]:
    """Give all that a client sees, without what is drawn by chance."""
    headers = [
        (name, value.partition("=")[0] if name == "set-cookie" else value)
        for name, value in answer.headers.items()
    ]
    return answer.status_code, answer.text, tuple(headers)


async def _accounts(target: Target) -> None:
    await target.make(username="ann")
    await target.make("off@example.org", is_active=False)
    async with target.auth.database.own_transaction():
        await target.auth.accounts.make(email="unconfirmed@example.org", password=PASSWORD)


@pytest.mark.parametrize(
    ("path", "name", "more"),
    [
        ("/auth/sign-in", "log_in", {"password": OTHER_PASSWORD}),
        ("/auth/sign-in", "log_in", {"password": ""}),
        ("/auth/sign-in", "log_in", {"password": "a\x00b"}),
        ("/auth/sign-in", "log_in", {"password": "x" * 5000}),
        ("/auth/ask-for-reset", "email", {}),
        ("/auth/ask-for-link", "email", {}),
        ("/auth/sign-up", "email", {"password": PASSWORD}),
        ("/auth/sign-up", "email", {"password": "password"}),
        ("/auth/sign-up", "email", {"password": PASSWORD, "username": "ann"}),
        ("/auth/sign-up", "email", {"password": PASSWORD, "username": "no name"}),
        ("/auth/sign-up", "email", {"password": "uncommon-words", "username": "uncommon-words"}),
        ("/auth/sign-up", "email", {"password": PASSWORD, "name": "a\x00b"}),
        ("/auth/sign-up", "email", {"password": PASSWORD, "name": "x" * 201}),
    ],
)
async def test_known_and_unknown_are_answered_alike(
    target: Target, path: str, name: str, more: dict[str, str]
) -> None:
    await _accounts(target)
    seen = {
        _seen(await target.client().post(path, json={name: log_in, **more}))
        for log_in in (*_KNOWN, _UNKNOWN)
    }

    assert len(seen) == 1, seen


async def test_a_refused_password_is_told_at_its_own_field(target: Target) -> None:
    given = {"email": _UNKNOWN, "password": "password"}
    answer = await target.client().post("/auth/sign-up", json=given)

    assert {tuple(one["loc"]) for one in answer.json()["detail"]} == {("body", "password")}


async def test_the_limits_of_known_and_unknown_are_the_same(target: Target) -> None:
    await _accounts(target)
    for path, name, more in (
        ("/auth/sign-in", "log_in", {"password": OTHER_PASSWORD}),
        ("/auth/ask-for-reset", "email", {}),
        ("/auth/ask-for-link", "email", {}),
    ):
        counts = []
        for log_in in ("ann@example.org", _UNKNOWN):
            client = target.client()
            statuses = [
                (await client.post(path, json={name: log_in, **more})).status_code
                for _ in range(12)
            ]
            counts.append(statuses)
        assert counts[0] == counts[1]
        assert counts[0][-1] == 429


async def test_two_who_sign_up_at_once_learn_no_more_than_one(target: Target) -> None:
    await target.make()
    given = {"password": PASSWORD}
    browser = target.client()
    known = [
        await browser.post("/auth/sign-up", json={"email": "ann@example.org", **given})
        for _ in range(2)
    ]
    new = [await browser.post("/auth/sign-up", json={"email": _UNKNOWN, **given}) for _ in range(2)]

    assert len({_seen(answer) for answer in (*known, *new)}) == 1


async def test_letters_go_to_who_has_the_address_and_to_nobody_else(target: Target) -> None:
    await _accounts(target)
    for path in ("/auth/ask-for-reset", "/auth/ask-for-link"):
        for email in (_UNKNOWN, "off@example.org", "ann@example.org, eve@evil.example"):
            await target.client().post(path, json={"email": email})

    assert target.letters.messages == []


async def test_handles_of_others_are_no_members_whether_they_have_accounts_or_not(
    target: Target,
) -> None:
    other = await target.make("other@example.org")
    owner, path = await target.founded()
    for method, rest, body in (
        ("PATCH", "/members/{}", {"role": "guest"}),
        ("DELETE", "/members/{}", None),
    ):
        seen = {
            _seen(await owner.request(method, path + rest.format(handle), json=body))
            for handle in (other.handle, "A" * 22)
        }
        assert len(seen) == 1
    seen = {
        _seen(await owner.post(f"{path}/transfer", json={"to": handle, "role": "guest"}))
        for handle in (other.handle, "A" * 22)
    }
    assert len(seen) == 1


async def test_sessions_of_others_end_as_those_that_are_not_there(target: Target) -> None:
    await target.make()
    await target.make("bob@example.org")
    ann, bob = await target.signed_in(), await target.signed_in("bob@example.org")
    theirs = (await bob.get("/auth/sessions")).json()[0]["id"]

    seen = {_seen(await ann.delete(f"/auth/sessions/{one}")) for one in (theirs, "A" * len(theirs))}

    assert len(seen) == 1
    assert (await bob.get("/auth/me")).status_code == 200
