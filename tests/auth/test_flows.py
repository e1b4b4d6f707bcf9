"""Signing up, confirming, resetting, changing: letters whose links count once, and tell nobody."""

from __future__ import annotations

import asyncio

import pytest

from tests.auth.site import OTHER_PASSWORD, PASSWORD, Site, site_on
from trivet.auth import MagicLinks
from trivet.db import Database
from trivet.errors import SetupError


def _new(email: str = "ann@example.org", password: str = PASSWORD) -> dict[str, str]:
    return {"email": email, "password": password}


async def test_who_signs_up_confirms_their_address_and_signs_in(site: Site) -> None:
    client = site.client()
    assert (await client.post("/auth/sign-up", json=_new())).status_code == 202
    letter = site.letters.messages[-1]
    assert letter.to == ("ann@example.org",)
    assert "https://shop.example.org/account/confirm?token=" in (letter.text or "")

    assert (
        await client.post("/auth/confirm-email", json={"token": site.token()})
    ).status_code == 200

    await site.signed_in()
    again = await client.post("/auth/confirm-email", json={"token": site.token()})
    assert again.status_code == 400
    assert await site.trail() == ["account-created", "email-confirmed", "signed-in"]


async def test_signing_up_tells_nobody_who_has_an_account(site: Site) -> None:
    await site.make()
    client = site.client()
    known = await client.post("/auth/sign-up", json=_new())
    unknown = await client.post("/auth/sign-up", json=_new("bob@example.org"))
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    to_ann, to_bob = site.letters.messages
    assert "already" in (to_ann.subject or "")
    assert to_bob.to == ("bob@example.org",)
    weak = [
        await client.post("/auth/sign-up", json=_new(email, "password"))
        for email in ("ann@example.org", "carl@example.org")
    ]
    assert weak[0].status_code == 422
    assert weak[0].text == weak[1].text


async def test_asking_for_a_reset_tells_nobody_who_has_an_account(site: Site) -> None:
    await site.make()
    await site.make("off@example.org", is_active=False)
    client = site.client()
    answers = [
        await client.post("/auth/ask-for-reset", json={"email": email})
        for email in ("ann@example.org", "nobody@example.org", "off@example.org", "no address")
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {
        (202, '{"detail":"If there is such an account, a letter is on its way"}')
    }
    assert [letter.to for letter in site.letters.messages] == [("ann@example.org",)]


async def test_a_reset_sets_the_password_ends_all_sessions_and_counts_once(site: Site) -> None:
    await site.make()
    elsewhere = await site.signed_in()
    client = site.client()
    await client.post("/auth/ask-for-reset", json={"email": "ann@example.org"})
    first = site.token()
    await client.post("/auth/ask-for-reset", json={"email": "ann@example.org"})
    token = site.token()

    old = await client.post("/auth/reset-password", json={"token": first, "password": PASSWORD})
    assert old.status_code == 400
    weak = await client.post("/auth/reset-password", json={"token": token, "password": "1234"})
    assert weak.status_code == 422
    done = await client.post(
        "/auth/reset-password", json={"token": token, "password": OTHER_PASSWORD}
    )
    assert done.status_code == 200
    replayed = await client.post(
        "/auth/reset-password", json={"token": token, "password": "an attacker's own"}
    )
    assert replayed.status_code == 400

    assert (await elsewhere.get("/auth/me")).status_code == 401
    given = {"log_in": "ann@example.org", "password": OTHER_PASSWORD}
    assert (await client.post("/auth/sign-in", json=given)).status_code == 200
    assert "was changed" in (site.letters.messages[-1].subject or "")


async def test_of_two_who_use_a_link_at_once_one_does(site: Site) -> None:
    await site.make()
    await site.client().post("/auth/ask-for-reset", json={"email": "ann@example.org"})
    token = site.token()
    answers = await asyncio.gather(
        *(
            site.client().post("/auth/reset-password", json={"token": token, "password": password})
            for password in (OTHER_PASSWORD, "nine yellow kettles")
        ),
        return_exceptions=True,
    )
    statuses = [getattr(answer, "status_code", 500) for answer in answers]
    assert statuses.count(200) == 1, statuses


async def test_a_link_is_for_its_purpose_alone(site: Site) -> None:
    await site.client().post("/auth/sign-up", json=_new())
    token = site.token()
    answer = await site.client().post(
        "/auth/reset-password", json={"token": token, "password": OTHER_PASSWORD}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("token", ["x", "..", "é" * 50, "a" * 100, "%00"])
async def test_what_is_no_token_is_refused(site: Site, token: str) -> None:
    answer = await site.client().post("/auth/confirm-email", json={"token": token})
    assert answer.status_code == 400


async def test_a_link_never_goes_where_a_request_says(site: Site) -> None:
    await site.make()
    client = site.client(headers={"host": "evil.example", "x-forwarded-host": "evil.example"})
    await client.post("/auth/ask-for-reset", json={"email": "ann@example.org"})
    assert "evil" not in (site.letters.messages[-1].text or "")


async def test_without_a_site_no_letter_has_a_link(database: Database) -> None:
    site = site_on(database, site=None)
    await site.make()
    with pytest.raises(SetupError, match="where the site is") as caught:
        await site.client().post("/auth/ask-for-reset", json={"email": "ann@example.org"})
    assert caught.value.code == "auth.no-site"
    found = [finding.code for finding in site.auth.checks(site.app)]
    assert "auth.no-site" in found


async def test_a_changed_password_signs_other_devices_out(site: Site) -> None:
    await site.make()
    here, there = await site.signed_in(), await site.signed_in()
    wrong = await here.post(
        "/auth/change-password", json={"present": OTHER_PASSWORD, "new": OTHER_PASSWORD}
    )
    assert wrong.status_code == 401

    done = await here.post(
        "/auth/change-password", json={"present": PASSWORD, "new": OTHER_PASSWORD}
    )

    assert done.status_code == 200
    assert (await here.get("/auth/me")).status_code == 200
    assert (await there.get("/auth/me")).status_code == 401


async def test_without_mail_who_signs_up_signs_in_at_once(database: Database) -> None:
    site = site_on(database, has_mail=False)
    client = site.client()
    assert (await client.post("/auth/sign-up", json=_new())).json() == {
        "detail": "The account is made"
    }
    await site.signed_in()
    assert (await client.post("/auth/sign-up", json=_new())).status_code == 409
    assert (await client.post("/auth/ask-for-reset", json={"email": "a@b.c"})).status_code == 404


@pytest.mark.parametrize(
    "given", [{"password": PASSWORD}, {"email": "no address", "password": PASSWORD}]
)
async def test_an_address_that_is_none_is_told_by_its_field(
    site: Site, given: dict[str, str]
) -> None:
    answer = await site.client().post("/auth/sign-up", json=given)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "email"]


async def test_where_nobody_may_sign_up_there_is_no_such_page(database: Database) -> None:
    site = site_on(database, sign_up=False)
    assert (await site.client().post("/auth/sign-up", json=_new())).status_code == 404


async def test_a_letter_that_cannot_be_sent_undoes_the_account(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(message: object) -> None:
        raise OSError("no mail today")

    monkeypatch.setattr(site.letters, "send", away)
    with pytest.raises(OSError, match="no mail today"):
        await site.client().post("/auth/sign-up", json=_new())
    async with site.auth.database.own_transaction():
        assert await site.auth.accounts.by_email("ann@example.org") is None


async def test_a_first_password_asks_for_a_recent_sign_in(site: Site) -> None:
    site.app.use(MagicLinks(site.auth))
    async with site.auth.database.own_transaction():
        await site.auth.accounts.make(email="ann@example.org")
    client = site.client()
    await client.post("/auth/ask-for-link", json={"email": "ann@example.org"})
    await client.post("/auth/sign-in/link", json={"token": site.token()})
    given = {"present": "", "new": PASSWORD}

    site.auth.recent = -1.0
    assert (await client.post("/auth/change-password", json=given)).status_code == 403
    site.auth.recent = 600.0
    assert (await client.post("/auth/change-password", json=given)).status_code == 200
