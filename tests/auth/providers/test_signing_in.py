"""Signing in by a provider that does what it should."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.auth.providers.conftest import PAGE, Acme, Making
from tests.auth.providers.own_provider import SECRET
from tests.auth.site import PASSWORD, SITE
from trivet.auth.providers import LinkedLogin
from trivet.auth.providers.tables import StoredTrip


async def test_first_sign_in_makes_an_account(shop: Acme) -> None:
    ann = shop.traveller()

    answer = await ann.travel(email="Ann@example.org", email_verified=True)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert await ann.me() == "ann@example.org"
    shown = (await ann.client.get("/auth/me")).json()
    assert shown["name"] == "Ann"
    assert shown["email_confirmed_at"] is not None
    assert await shop.site.trail() == ["account-created", "provider-linked", "signed-in"]


async def test_second_sign_in_finds_the_account(shop: Acme) -> None:
    first, second = shop.traveller(), shop.traveller()
    await first.travel()

    await second.travel()

    assert await first.me() == await second.me() is not None


async def test_address_to_which_people_are_sent(shop: Acme) -> None:
    address = await shop.traveller().go()

    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith(f"{shop.provider.issuer}/authorize?")
    assert asked["redirect_uri"] == f"{SITE}/auth/with/acme/callback"
    assert asked["response_type"] == "code"
    assert asked["scope"] == "openid profile email"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == len(asked["state"]) == len(asked["nonce"]) == 43
    assert SECRET not in address


async def test_each_trip_has_its_own_secrets(shop: Acme) -> None:
    ann = shop.traveller()

    asked = [parse_qs(urlsplit(await ann.go()).query) for _ in range(2)]

    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]


async def test_host_header_does_not_say_where_people_come_back(shop: Acme) -> None:
    ann = shop.traveller()

    answer = await ann.client.get("/auth/with/acme", headers={"host": "evil.example"})

    assert "evil" not in answer.headers["location"]


async def test_two_trips_at_once_both_count(shop: Acme) -> None:
    ann = shop.traveller()
    one, two = await ann.go(), await ann.go()

    assert (await ann.back(shop.provider.grant(one))).status_code == 303
    assert await ann.me() is not None
    assert (await ann.back(shop.provider.grant(two))).status_code == 303


async def test_signing_out_ends_what_is_under_way(shop: Acme) -> None:
    ann = shop.traveller()
    await ann.travel()
    brought = shop.provider.grant(await ann.go())
    await ann.client.post("/auth/sign-out")

    assert (await ann.back(brought)).status_code == 400


async def test_account_is_kept_by_subject_whatever_else_changes(shop: Acme) -> None:
    first, again = shop.traveller(), shop.traveller()
    await first.travel(email="ann@example.org", email_verified=True, preferred_username="ann")

    await again.travel(
        email="new@example.org", email_verified=True, preferred_username="bob", name="Bob"
    )

    assert await again.me() == "ann@example.org"


async def test_same_name_and_address_of_another_subject_is_another_person(shop: Acme) -> None:
    first, other = shop.traveller(), shop.traveller()
    await first.travel(sub="7", preferred_username="ann", email="ann@example.org")

    await other.travel(sub="8", preferred_username="ann", email="ann@example.org")

    assert await first.me() != await other.me()


async def test_subjects_that_differ_by_a_capital_are_two_people(shop: Acme) -> None:
    first, other = shop.traveller(), shop.traveller()
    await first.travel(sub="abc")

    await other.travel(sub="ABC")

    assert await first.me() != await other.me()


async def test_where_people_go_on(shop: Acme) -> None:
    ann = shop.traveller()
    address = await ann.go(next="/orders?page=2")

    answer = await ann.back(shop.provider.grant(address))

    assert answer.headers["location"] == "/orders?page=2"


@pytest.mark.parametrize(
    "next", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
async def test_people_go_on_to_this_site_alone(shop: Acme, next: str) -> None:
    ann = shop.traveller()
    address = await ann.go(next=next)

    answer = await ann.back(shop.provider.grant(address))

    assert answer.headers["location"] == "/"


async def test_address_that_is_not_verified_is_not_taken(shop: Acme) -> None:
    ann = shop.traveller()

    await ann.travel(email="boss@example.org", email_verified=False)

    assert "@" not in (await ann.me() or "@")


@pytest.mark.parametrize("told", [None, "false", 1, "yes", [True]])
async def test_address_counts_only_where_it_is_said_to_be_verified(
    shop: Acme, told: object
) -> None:
    ann = shop.traveller()

    await ann.travel(email="boss@example.org", email_verified=told)

    assert "@" not in (await ann.me() or "@")


@pytest.mark.parametrize(
    "email",
    ["\ud800@example.org", "a\x00@example.org", "ann", "a@b@c", "", 7, "x" * 300 + "@x.y"],
)
async def test_address_that_is_none_is_left_out(shop: Acme, email: object) -> None:
    ann = shop.traveller()

    assert (await ann.travel(email=email, email_verified=True)).status_code == 303

    assert "@" not in (await ann.me() or "@")


async def test_name_is_cut_to_what_can_be_shown(shop: Acme) -> None:
    ann = shop.traveller()

    await ann.travel(name=" A\x00n\ud800n\n" + "n" * 500)

    name = (await ann.client.get("/auth/me")).json()["name"]
    assert name.startswith("Annn")
    assert len(name) == 200


async def test_nobody_signs_up_where_nobody_may(making: Making) -> None:
    shop = making(sign_up=False)
    ann = shop.traveller()

    answer = await ann.travel()

    assert answer.status_code == 403
    assert await ann.me() is None


async def test_inactive_account_is_not_signed_in(shop: Acme) -> None:
    ann = shop.traveller()
    await ann.travel(email="ann@example.org", email_verified=True)
    async with shop.site.auth.database.own_transaction():
        await shop.site.auth.user.where(email="ann@example.org").update(is_active=False)

    answer = await shop.traveller().travel()

    assert answer.status_code == 403


async def test_link_of_an_account_that_went_makes_a_new_one(shop: Acme) -> None:
    ann = shop.traveller()
    await ann.travel(email="ann@example.org", email_verified=True)
    async with shop.site.auth.database.own_transaction():
        await shop.site.auth.user.where(email="ann@example.org").delete()
    again = shop.traveller()

    assert (await again.travel(email="ann@example.org", email_verified=True)).status_code == 303

    assert await again.me() == "ann@example.org"


class _Codes:
    name = "codes"

    async def has(self, user: Any) -> bool:
        return True


async def test_second_factor_is_asked_for(shop: Acme) -> None:
    shop.site.auth.signing_in.factors.append(_Codes())
    ann = shop.traveller()
    address = await ann.go(next="/orders")

    answer = await ann.back(shop.provider.grant(address, amr=["mfa"]))

    assert answer.headers["location"] == "/account/second-factor?next=%2Forders"
    assert await ann.me() is None


async def test_providers_second_factor_counts_where_that_was_said(making: Making) -> None:
    shop = making(strong_amr=("mfa",))
    shop.site.auth.signing_in.factors.append(_Codes())
    strong, weak = shop.traveller(), shop.traveller()

    await strong.travel(amr=["pwd", "mfa"])
    await weak.travel(amr=["pwd"])

    assert await strong.me() is not None
    assert await weak.me() is None


async def test_list_of_providers(shop: Acme) -> None:
    answer = await shop.site.client().get("/auth/with")

    assert answer.json() == [{"name": "acme", "title": "Acme", "path": "/auth/with/acme"}]


async def test_unknown_provider_is_not_found(shop: Acme) -> None:
    client = shop.site.client()

    assert (await client.get("/auth/with/other")).status_code == 404
    assert (await client.get("/auth/with/other/callback?state=1&code=2")).status_code == 404


async def test_nobody_signed_in_gets_another_account_in_passing(shop: Acme) -> None:
    await shop.site.make("bob@example.org")
    bob = shop.traveller(await shop.site.signed_in("bob@example.org"))

    answer = await bob.travel()

    assert answer.status_code == 409
    assert await bob.me() == "bob@example.org"


async def test_two_first_sign_ins_at_once_make_one_account(shop: Acme) -> None:
    two = [shop.traveller(), shop.traveller()]
    brought = [shop.provider.grant(await one.go()) for one in two]

    answers = await asyncio.gather(
        *(one.back(what) for one, what in zip(two, brought, strict=True))
    )

    assert {answer.status_code for answer in answers} <= {303, 409}
    async with shop.site.auth.database.own_transaction():
        assert await LinkedLogin.all().count() == 1
        assert await shop.site.auth.user.all().count() == 1


async def test_trips_whose_time_is_over_are_forgotten(shop: Acme) -> None:
    await shop.traveller().go()
    await shop.traveller().go()
    async with shop.site.auth.database.own_transaction():
        one, _ = await StoredTrip.all()
        await one.update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))

    assert await shop.part.flow.trips.forget_expired() == 1
    async with shop.site.auth.database.own_transaction():
        assert await StoredTrip.all().count() == 1


async def test_page_says_what_went_wrong_and_json_too(shop: Acme) -> None:
    ann = shop.traveller()

    page = await ann.back({"state": "<script>", "code": "2"}, headers=PAGE)
    told = await ann.back({"state": "<script>", "code": "2"})

    assert page.status_code == told.status_code == 400
    assert page.headers["content-type"].startswith("text/html")
    assert "Begin again" in page.text
    assert "<script>" not in page.text
    assert "Begin again" in told.json()["detail"]
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"


async def test_tokens_and_secrets_are_kept_nowhere(shop: Acme) -> None:
    ann = shop.traveller()
    await ann.travel()

    async with shop.site.auth.database.own_transaction():
        assert await StoredTrip.all().count() == 0
        (linked,) = await LinkedLogin.all()
    assert set(type(linked).__table__.columns.keys()) == {
        "id", "digest", "user", "issuer", "subject", "label", "linked_at", "used_at",
    }  # fmt: skip
    assert PASSWORD not in repr(shop.part.flow.providers)
    assert SECRET not in repr(shop.part.flow.providers)
