"""Signing in and out: sessions, one text for every refusal, attempts that are counted."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.auth.site import OTHER_PASSWORD, PASSWORD, Site, site_on
from trivet import Depends, Request
from trivet.auth import CurrentUser, OptionalUser, SecurityEvent, requires_recent_login
from trivet.db import Database
from trivet.middleware.csrf import Csrf
from trivet.sessions import CurrentSession


def _sign_in(log_in: str, password: str) -> dict[str, str]:
    return {"log_in": log_in, "password": password}


async def test_who_signs_in_is_known_until_they_sign_out(site: Site) -> None:
    @site.app.get("/who")
    async def who(user: CurrentUser) -> str:
        return user.shown_name

    @site.app.get("/maybe")
    async def maybe(user: OptionalUser) -> bool:
        return user is not None

    await site.make(name="Ann")
    client = site.client()
    assert (await client.get("/who")).status_code == 401
    assert (await client.get("/maybe")).json() is False

    answer = await client.post("/auth/sign-in", json=_sign_in(" ANN@example.org ", PASSWORD))
    assert answer.json()["user"]["email"] == "ann@example.org"
    assert "password" not in answer.text
    assert (await client.get("/who")).json() == "Ann"
    assert (await client.get("/maybe")).json() is True

    kept = client.cookies["session"]
    await client.post("/auth/sign-out")
    assert (await client.get("/who")).status_code == 401
    again = site.client(cookies={"session": kept})
    assert (await again.get("/who")).status_code == 401
    assert await site.trail() == ["signed-in", "signed-out"]


async def test_a_session_from_before_is_not_the_one_behind(site: Site) -> None:
    @site.app.post("/cart")
    async def cart(visit: CurrentSession) -> None:
        visit["cart"] = [7]

    @site.app.get("/cart")
    async def show(visit: CurrentSession) -> Any:
        return visit.get("cart")

    await site.make()
    client = site.client()
    await client.post("/cart")
    planted = client.cookies["session"]

    await client.post("/auth/sign-in", json=_sign_in("ann@example.org", PASSWORD))

    assert client.cookies["session"] != planted
    assert (await client.get("/cart")).json() == [7]
    attacker = site.client(cookies={"session": planted})
    assert (await attacker.get("/auth/me")).status_code == 401
    assert (await attacker.get("/cart")).json() is None


async def test_every_refusal_has_one_text(site: Site) -> None:
    await site.make()
    await site.make("off@example.org", is_active=False)
    await site.make("program@example.org", is_service=True)
    tries = [
        ("ann@example.org", OTHER_PASSWORD),
        ("nobody@example.org", PASSWORD),
        ("off@example.org", PASSWORD),
        ("program@example.org", PASSWORD),
        ("no address", PASSWORD),
        ("ann@example.org\x00", PASSWORD),
    ]
    answers = [await site.client().post("/auth/sign-in", json=_sign_in(*one)) for one in tries]
    assert {(answer.status_code, answer.text) for answer in answers} == {
        (401, '{"detail":"The log-in or the password is not right"}')
    }
    assert all("set-cookie" not in answer.headers for answer in answers)
    async with site.auth.database.own_transaction():
        events = await SecurityEvent.all().order_by(SecurityEvent.id)
    assert [event.details["why"] for event in events] == [
        "password", "unknown", "inactive", "inactive", "unknown", "unknown",
    ]  # fmt: skip


async def test_who_is_unknown_costs_the_work_of_a_hash_too(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []
    verify = site.auth.passwords.verify

    async def counting(password: str, stored: str | None) -> Any:
        asked.append(stored)
        return await verify(password, stored)

    monkeypatch.setattr(site.auth.passwords, "verify", counting)
    await site.client().post("/auth/sign-in", json=_sign_in("nobody@example.org", PASSWORD))
    assert asked == [None]


async def test_who_guesses_is_slowed_down_and_others_are_not(site: Site) -> None:
    await site.make()
    client = site.client()
    answers = [
        await client.post("/auth/sign-in", json=_sign_in("ann@example.org", f"guess {n}"))
        for n in range(11)
    ]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1
    # The right one does not help either, from there: nothing tells that it is.
    right = await client.post("/auth/sign-in", json=_sign_in("Ann@Example.org", PASSWORD))
    assert right.status_code == 429

    # From elsewhere she can sign in.
    async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
        scope["client"] = ("10.0.0.7", 1234)
        await site.app(scope, receive, send)

    transport = httpx2.ASGITransport(app=elsewhere)
    async with httpx2.AsyncClient(transport=transport, base_url="http://shop.test") as other:
        answer = await other.post("/auth/sign-in", json=_sign_in("ann@example.org", PASSWORD))
    assert answer.status_code == 200


async def test_an_unconfirmed_address_is_told_to_who_knows_the_password_alone(site: Site) -> None:
    async with site.auth.database.own_transaction():
        await site.auth.accounts.make(email="new@example.org", password=PASSWORD)
    client = site.client()
    wrong = await client.post("/auth/sign-in", json=_sign_in("new@example.org", OTHER_PASSWORD))
    right = await client.post("/auth/sign-in", json=_sign_in("new@example.org", PASSWORD))
    assert (wrong.status_code, right.status_code) == (401, 403)
    assert "Confirm your e-mail address" in right.text


async def test_an_account_without_an_address_has_nothing_to_confirm(database: Database) -> None:
    by_name = site_on(database, log_in="username")
    async with database.own_transaction():
        await by_name.auth.accounts.make(username="ann", password=PASSWORD)

    answer = await by_name.client().post("/auth/sign-in", json=_sign_in("ann", PASSWORD))

    assert answer.status_code == 200


async def test_names_sign_in_where_the_options_say_so(database: Database) -> None:
    by_name = site_on(database, has_mail=False, log_in="username")
    async with database.own_transaction():
        await by_name.auth.accounts.make(username="Ann", email="ann@example.org", password=PASSWORD)
    client = by_name.client()
    assert (await client.post("/auth/sign-in", json=_sign_in("ANN", PASSWORD))).status_code == 200
    assert (
        await client.post("/auth/sign-in", json=_sign_in("ann@example.org", PASSWORD))
    ).status_code == 401
    either = site_on(database, has_mail=False, log_in="either")
    for log_in in ("ann", "ann@example.org"):
        answer = await either.client().post("/auth/sign-in", json=_sign_in(log_in, PASSWORD))
        assert answer.status_code == 200


async def test_what_is_sent_besides_does_not_come_in(site: Site) -> None:
    answer = await site.client().post(
        "/auth/sign-up",
        json={"email": "eve@example.org", "password": PASSWORD, "is_superuser": True},
    )
    assert answer.status_code == 422
    await site.make()
    client = await site.signed_in()
    for more in ({"is_superuser": True}, {"roles": ["admin"]}, {"email": "x@example.org"}):
        assert (await client.patch("/auth/me", json={"name": "A", **more})).status_code == 422
    assert (await client.patch("/auth/me", json={"name": "Ann"})).json()["name"] == "Ann"


async def test_a_form_post_of_another_site_signs_nobody_in(site: Site) -> None:
    await site.make()
    for content_type in (None, "text/plain", "application/x-www-form-urlencoded"):
        headers = {} if content_type is None else {"content-type": content_type}
        answer = await site.client().post(
            "/auth/sign-in",
            content=b'{"log_in": "ann@example.org", "password": "seven green ladders"}',
            headers=headers,
        )
        assert answer.status_code == 422


async def test_sensitive_things_ask_for_a_recent_sign_in(site: Site) -> None:
    @site.app.post("/danger", dependencies=[Depends(requires_recent_login)])
    async def danger() -> str:
        return "done"

    await site.make()
    assert (await site.client().post("/danger")).status_code == 401
    client = await site.signed_in()
    assert (await client.post("/danger")).json() == "done"

    site.auth.recent = 0.0
    refused = await client.post("/danger")
    assert (refused.status_code, refused.headers["x-auth-required"]) == (403, "recent-login")
    before = client.cookies["session"]
    wrong = await client.post("/auth/confirm-identity", json={"password": OTHER_PASSWORD})
    assert wrong.status_code == 401
    site.auth.recent = 600.0
    assert (
        await client.post("/auth/confirm-identity", json={"password": PASSWORD})
    ).status_code == 200
    assert client.cookies["session"] != before
    assert (await client.post("/danger")).json() == "done"


async def test_a_browser_sees_where_it_is_signed_in_and_signs_out_elsewhere(site: Site) -> None:
    await site.make()
    here, there = await site.signed_in(), await site.signed_in()
    listed = (await here.get("/auth/sessions")).json()
    assert len(listed) == 2
    other = next(one for one in listed if not one["is_this"])

    assert (await here.delete(f"/auth/sessions/{other['id']}")).status_code == 204

    assert (await there.get("/auth/me")).status_code == 401
    assert (await here.get("/auth/me")).status_code == 200


async def test_nobody_ends_the_session_of_another(site: Site) -> None:
    await site.make()
    await site.make("eve@example.org")
    anns, eves = await site.signed_in(), await site.signed_in("eve@example.org")
    session = (await anns.get("/auth/sessions")).json()[0]["id"]
    await eves.delete(f"/auth/sessions/{session}")
    assert (await anns.get("/auth/me")).status_code == 200


class Always:
    """A second factor that everybody has."""

    name = "always"

    async def has(self, user: Any) -> bool:
        return True


async def test_half_signed_in_is_not_signed_in(site: Site) -> None:
    site.auth.signing_in.factors.append(Always())
    await site.make()
    client = site.client()
    answer = await client.post("/auth/sign-in", json=_sign_in("ann@example.org", PASSWORD))
    assert answer.json() == {"user": None, "second_factors": ["always"]}
    assert (await client.get("/auth/me")).status_code == 401
    assert await site.trail() == []


async def test_half_a_sign_in_ends_with_the_password_it_was_made_by(site: Site) -> None:
    site.auth.signing_in.factors.append(Always())

    @site.app.post("/finish")
    async def finish(request: Request) -> str:
        return str((await site.auth.signing_in.pending(request)).email)

    ann = await site.make()
    client = await site.signed_in()
    async with site.auth.database.own_transaction():
        await site.auth.accounts.set_password(ann, "eleven blue buckets")

    assert (await client.post("/finish")).status_code == 401


async def test_the_second_factor_finishes_what_the_first_began(site: Site) -> None:
    site.auth.signing_in.factors.append(Always())

    @site.app.post("/finish")
    async def finish(request: Request) -> str:
        user = await site.auth.signing_in.pending(request)
        await site.auth.signing_in.finish(request, user, factor="always")
        return str(user.email)

    await site.make()
    assert (await site.client().post("/finish")).status_code == 401
    client = await site.signed_in()
    half = client.cookies["session"]

    assert (await client.post("/finish")).json() == "ann@example.org"

    assert (await client.get("/auth/me")).status_code == 200
    assert client.cookies["session"] != half
    # It counts once, and the half of it counts no more.
    assert (await client.post("/finish")).status_code == 401
    assert (await site.client(cookies={"session": half}).post("/finish")).status_code == 401


async def test_an_account_that_is_switched_off_is_out_at_once(site: Site) -> None:
    user = await site.make()
    client = await site.signed_in()
    async with site.auth.database.own_transaction():
        found = await site.auth.accounts.by_handle(user.handle)
        assert found is not None
        await found.update(is_active=False)
    assert (await client.get("/auth/me")).status_code == 401


@pytest.mark.parametrize(
    "sent",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://sub.shop.test"},
        {"origin": "http://shop.test", "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {},
    ],
)
@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
async def test_nobody_is_known_by_a_session_in_what_another_site_sends(
    site: Site, sent: dict[str, str], content_type: str | None
) -> None:
    @site.app.post("/shop")
    async def shop(user: CurrentUser) -> str:
        return "bought"

    @site.app.delete("/own")
    async def own(user: OptionalUser) -> bool:
        return user is not None

    await site.make()
    client = await site.signed_in()
    assert (await client.post("/shop")).status_code == 200
    del client.headers["origin"]
    if content_type is not None:
        sent = {**sent, "content-type": content_type}
    refused = await client.post("/shop", headers=sent)
    assert (refused.status_code, "CSRF" in refused.text) == (403, True)
    assert (await client.delete("/own", headers=sent)).status_code == 403
    assert (await client.post("/auth/sign-out", headers=sent)).status_code == 403
    # What changes nothing is answered, and who is not signed in is not asked.
    assert (await client.get("/auth/me", headers=sent)).status_code == 200
    client.cookies.clear()
    assert (await client.delete("/own", headers=sent)).json() is False


async def test_an_applications_own_guard_decides_alone(site: Site) -> None:
    site.app.add_hook(Csrf(trusted_origins=["https://app.example.org"], exempt=["/open"]))

    @site.app.post("/shop")
    async def shop(user: CurrentUser) -> str:
        return "bought"

    site.app.post("/open")(shop)
    await site.make()
    client = await site.signed_in()
    for origin, path, status in (
        ("https://app.example.org", "/shop", 200),
        ("https://evil.example", "/shop", 403),
        ("https://evil.example", "/open", 200),
    ):
        answer = await client.post(path, headers={"origin": origin})
        assert answer.status_code == status
