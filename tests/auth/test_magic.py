"""Signing in by a link: once, soon, by POST, and with the second factor as ever."""

from __future__ import annotations

from typing import Any

from tests.auth.site import Site
from trivet.auth import MagicLinks


async def test_a_link_signs_in_once(site: Site) -> None:
    site.app.use(MagicLinks(site.auth))
    async with site.auth.database.own_transaction():
        await site.auth.accounts.make(email="ann@example.org")
    client = site.client()
    asked = await client.post("/auth/ask-for-link", json={"email": "Ann@example.org"})
    assert asked.status_code == 202
    assert "https://shop.example.org/account/link?token=" in str(site.letters.messages[-1].text)
    token = site.token()

    answer = await client.post("/auth/sign-in/link", json={"token": token})
    assert answer.json()["user"]["email"] == "ann@example.org"
    assert (await client.get("/auth/me")).json()["email_confirmed_at"] is not None

    again = await site.client().post("/auth/sign-in/link", json={"token": token})
    assert again.status_code == 400
    assert await site.trail() == ["signed-in", "email-confirmed"]


async def test_asking_tells_nobody_who_has_an_account(site: Site) -> None:
    site.app.use(MagicLinks(site.auth))
    await site.make()
    answers = [
        await site.client().post("/auth/ask-for-link", json={"email": email})
        for email in ("ann@example.org", "nobody@example.org")
    ]
    assert answers[0].text == answers[1].text
    assert len(site.letters.messages) == 1


async def test_a_link_is_one_factor_of_two(site: Site) -> None:
    class Always:
        name = "always"

        async def has(self, user: Any) -> bool:
            return True

    site.app.use(MagicLinks(site.auth))
    site.auth.signing_in.factors.append(Always())
    await site.make()
    client = site.client()
    await client.post("/auth/ask-for-link", json={"email": "ann@example.org"})
    answer = await client.post("/auth/sign-in/link", json={"token": site.token()})
    assert answer.json() == {"user": None, "second_factors": ["always"]}
    assert (await client.get("/auth/me")).status_code == 401


async def test_a_link_of_an_account_that_is_off_signs_nobody_in(site: Site) -> None:
    site.app.use(MagicLinks(site.auth))
    user = await site.make()
    client = site.client()
    await client.post("/auth/ask-for-link", json={"email": "ann@example.org"})
    async with site.auth.database.own_transaction():
        found = await site.auth.accounts.by_handle(user.handle)
        assert found is not None
        await found.update(is_active=False)
    answer = await client.post("/auth/sign-in/link", json={"token": site.token()})
    assert answer.status_code == 401
