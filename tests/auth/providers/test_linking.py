"""Accounts that are there already: linked by their owners, and taken over by nobody."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.auth.providers.conftest import Acme, Making, Traveller
from tests.auth.site import PASSWORD
from trivet.auth import Impersonation, MagicLinks

VERIFIED = {"email": "ann@example.org", "email_verified": True}


async def link(traveller: Traveller, **person: Any) -> Any:
    """Link who is signed in to somebody at the provider."""
    begun = await traveller.client.post("/auth/with/acme/link", json={"next": "/account"})
    assert begun.status_code == 200, begun.text
    return await traveller.back(traveller.provider.grant(begun.json()["url"], **person))


async def signed_in(shop: Acme, email: str = "ann@example.org") -> Traveller:
    return shop.traveller(await shop.site.signed_in(email))


async def links(traveller: Traveller) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await traveller.client.get("/auth/links")).json()
    return found


async def without_password(shop: Acme, email: str) -> None:
    async with shop.site.auth.database.own_transaction():
        await shop.site.auth.user.where(email=email).update(password="!")


# -- an address is not enough --------------------------------------------------------------------


async def test_account_with_the_same_address_is_not_taken_over(shop: Acme) -> None:
    await shop.site.make()
    eve = shop.traveller()

    answer = await eve.travel(**VERIFIED)

    assert answer.status_code == 409
    assert "link Acme there" in answer.json()["detail"]
    assert await shop.site.trail() == ["sign-in-refused"]
    assert await eve.me() is None


async def test_address_that_nobody_verified_opens_nothing(making: Making) -> None:
    shop = making(trusted=("acme",))
    await shop.site.make()
    eve = shop.traveller()

    await eve.travel(email="ann@example.org", email_verified=False)

    assert await eve.me() != "ann@example.org"


async def test_address_of_a_trusted_provider_opens_the_account(making: Making) -> None:
    shop = making(trusted=("acme",))
    await shop.site.make()
    ann = shop.traveller()

    await ann.travel(**VERIFIED)

    assert await ann.me() == "ann@example.org"
    assert [one["label"] for one in await links(ann)] == ["ann@example.org"]


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
async def test_account_of_more_rights_is_never_opened_by_an_address(
    making: Making, right: str
) -> None:
    shop = making(trusted=("acme",))
    await shop.site.make("ann@example.org", **{right: True})

    assert (await shop.traveller().travel(**VERIFIED)).status_code == 409


async def test_account_whose_address_nobody_confirmed_is_not_opened_by_it(making: Making) -> None:
    """Somebody made it with another's address, and waits for them to come."""
    shop = making(trusted=("acme",))
    async with shop.site.auth.database.own_transaction():
        await shop.site.auth.accounts.make(email="ann@example.org", password=PASSWORD)

    assert (await shop.traveller().travel(**VERIFIED)).status_code == 409


async def test_account_whose_address_nobody_confirmed_is_not_linked(making: Making) -> None:
    shop = making(confirm_email=False)
    async with shop.site.auth.database.own_transaction():
        await shop.site.auth.accounts.make(email="ann@example.org", password=PASSWORD)
    eve = await signed_in(shop)

    answer = await eve.client.post("/auth/with/acme/link", json={})

    assert answer.status_code == 403


# -- linking -------------------------------------------------------------------------------------


async def test_linked_account_is_signed_in_by_the_provider(shop: Acme) -> None:
    await shop.site.make()
    ann = await signed_in(shop)

    answer = await link(ann, email="other@example.org", email_verified=True)

    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    (shown,) = await links(ann)
    assert (shown["provider"], shown["label"]) == ("Acme", "other@example.org")
    again = shop.traveller()
    await again.travel()
    assert await again.me() == "ann@example.org"
    assert "provider-linked" in await shop.site.trail()
    assert shop.site.letters.messages[-1].subject == "How you sign in has changed (Shop)"


async def test_linking_twice_is_as_once(shop: Acme) -> None:
    await shop.site.make()
    ann = await signed_in(shop)

    await link(ann)
    assert (await link(ann)).status_code == 303

    assert len(await links(ann)) == 1


async def test_what_another_account_is_linked_to_stays_there(shop: Acme) -> None:
    await shop.site.make()
    await shop.site.make("bob@example.org")
    await link(await signed_in(shop))
    bob = await signed_in(shop, "bob@example.org")

    answer = await link(bob)

    assert answer.status_code == 409
    assert await links(bob) == []


async def test_linking_needs_somebody_who_proved_it_of_late(making: Making) -> None:
    shop = making(recent=0)
    await shop.site.make()
    ann = await signed_in(shop)

    stranger = await shop.site.client().post("/auth/with/acme/link", json={})
    known = await ann.client.post("/auth/with/acme/link", json={})

    assert (stranger.status_code, known.status_code) == (401, 403)


async def test_linking_is_not_begun_by_what_a_page_can_make_a_browser_do(shop: Acme) -> None:
    await shop.site.make()
    ann = await signed_in(shop)

    by_link = await ann.client.get("/auth/with/acme/link")
    by_form = await ann.client.post(
        "/auth/with/acme/link",
        content='{"next": "/"}',
        headers={"content-type": "text/plain"},
    )

    assert by_link.status_code in (404, 405)
    assert by_form.status_code == 422


async def test_link_that_another_session_began_is_not_made(shop: Acme) -> None:
    await shop.site.make()
    await shop.site.make("eve@example.org")
    ann, eve = await signed_in(shop), await signed_in(shop, "eve@example.org")
    begun = (await eve.client.post("/auth/with/acme/link", json={})).json()["url"]

    # Eve leads Ann to where she comes back: what Eve is there would be Ann's way in.
    answer = await ann.back(shop.provider.grant(begun, sub="eve"))

    assert answer.status_code == 400
    assert await links(ann) == []


async def test_link_is_not_made_for_who_signed_in_since(shop: Acme) -> None:
    await shop.site.make()
    await shop.site.make("bob@example.org")
    ann = await signed_in(shop)
    begun = (await ann.client.post("/auth/with/acme/link", json={})).json()["url"]
    given = {"log_in": "bob@example.org", "password": PASSWORD}
    await ann.client.post("/auth/sign-in", json=given)

    answer = await ann.back(shop.provider.grant(begun))

    assert answer.status_code == 400
    assert await links(ann) == []


async def test_sign_in_does_not_become_a_link(shop: Acme) -> None:
    await shop.site.make()
    ann = shop.traveller()
    address = await ann.go()
    await ann.client.post("/auth/sign-in", json={"log_in": "ann@example.org", "password": PASSWORD})

    answer = await ann.back(shop.provider.grant(address))

    assert answer.status_code == 409
    assert await links(ann) == []


async def test_nobody_links_while_acting_as_another(shop: Acme) -> None:
    acting = shop.site.app.use(Impersonation(shop.site.auth))
    assert acting is not None
    await shop.site.make("root@example.org", is_superuser=True)
    ann = await shop.site.make()
    root = await signed_in(shop, "root@example.org")
    await root.client.post("/auth/impersonation", json={"handle": ann.handle})

    answer = await root.client.post("/auth/with/acme/link", json={})

    assert answer.status_code == 403


# -- taking away ---------------------------------------------------------------------------------


async def test_link_is_taken_away(shop: Acme) -> None:
    await shop.site.make()
    ann = await signed_in(shop)
    await link(ann)
    (shown,) = await links(ann)

    answer = await ann.client.delete(f"/auth/links/{shown['id']}")

    assert answer.status_code == 204
    assert await links(ann) == []
    assert (await shop.traveller().travel(**VERIFIED)).status_code == 409
    assert "provider-unlinked" in await shop.site.trail()


async def test_last_way_in_is_not_taken_away(shop: Acme) -> None:
    ann = shop.traveller()
    await ann.travel(**VERIFIED)
    (shown,) = await links(ann)

    answer = await ann.client.delete(f"/auth/links/{shown['id']}")

    assert answer.status_code == 409
    assert len(await links(ann)) == 1


async def test_links_in_letters_are_another_way_in(shop: Acme) -> None:
    shop.site.app.use(MagicLinks(shop.site.auth))
    ann, nobody = shop.traveller(), shop.traveller()
    await ann.travel(**VERIFIED)
    await nobody.travel(sub="8")

    for one, status in ((ann, 204), (nobody, 409)):
        (shown,) = await links(one)
        assert (await one.client.delete(f"/auth/links/{shown['id']}")).status_code == status


async def test_two_links_taken_away_at_once_leave_one(shop: Acme) -> None:
    await shop.site.make()
    ann = await signed_in(shop)
    await link(ann, sub="1")
    await link(ann, sub="2")
    await without_password(shop, "ann@example.org")
    both = await links(ann)

    answers = await asyncio.gather(*(ann.client.delete(f"/auth/links/{one['id']}") for one in both))

    assert sorted(answer.status_code for answer in answers) == [204, 409]
    assert len(await links(ann)) == 1


async def test_link_of_another_account_is_not_found(shop: Acme) -> None:
    await shop.site.make()
    await shop.site.make("bob@example.org")
    ann, bob = await signed_in(shop), await signed_in(shop, "bob@example.org")
    await link(ann)
    (shown,) = await links(ann)

    answer = await bob.client.delete(f"/auth/links/{shown['id']}")

    assert answer.status_code == 404
    assert len(await links(ann)) == 1


async def test_taking_away_needs_somebody_who_proved_it_of_late(making: Making) -> None:
    shop = making(recent=0)
    ann = shop.traveller()
    await ann.travel()
    (shown,) = await links(ann)

    assert (await ann.client.delete(f"/auth/links/{shown['id']}")).status_code == 403


async def test_strangers_have_no_links(shop: Acme) -> None:
    assert (await shop.site.client().get("/auth/links")).status_code == 401
