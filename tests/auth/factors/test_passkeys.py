"""Passkeys by a device of software: what is let in, and what is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.auth.factors.device import BE, BS, UP, UV, Device, bytes_of, text_of
from tests.auth.factors.site import PASSWORD, SITE, Site
from trivet.auth import User
from trivet.auth.passkeys.tables import StoredPasskey
from trivet.db import Database

GIVEN = {"log_in": "ann@example.org", "password": PASSWORD}


async def signing_in(
    client: httpx2.AsyncClient, device: Device, path: str = "sign-in/passkey", **changed: Any
) -> httpx2.Response:
    options = (await client.post(f"/auth/{path}/options")).json()
    return await client.post(f"/auth/{path}", json={"credential": device.sign(options, **changed)})


async def test_a_passkey_signs_in_without_a_name_and_a_password(site: Site) -> None:
    ann = await site.make()
    device, owner = await site.with_passkey()
    client = site.client()

    options = (await client.post("/auth/sign-in/passkey/options")).json()
    given = {"credential": device.sign(options), "remember": True}
    answer = await client.post("/auth/sign-in/passkey", json=given)

    assert (options["rpId"], options["userVerification"]) == ("shop.example.org", "required")
    assert options["allowCredentials"] == []
    assert answer.json()["user"]["handle"] == ann.handle
    assert (await client.get("/auth/me")).json()["email"] == "ann@example.org"
    [shown] = (await owner.get("/auth/passkeys")).json()
    assert shown["used_at"] is not None
    assert shown["name"] == "Passkey"
    assert {"passkey-added", "signed-in"} <= set(await site.trail())


async def test_what_a_browser_is_asked_names_the_site_the_account_and_few_algorithms(
    site: Site,
) -> None:
    ann = await site.make()
    device, client = await site.with_passkey()

    options = (await client.post("/auth/passkeys/options")).json()

    assert options["rp"] == {"id": "shop.example.org", "name": "Shop"}
    assert bytes_of(options["user"]["id"]).decode() == ann.handle
    assert [one["alg"] for one in options["pubKeyCredParams"]] == [-7, -8, -257]
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    known = [{"id": text_of(device.id), "type": "public-key", "transports": ["internal"]}]
    assert options["excludeCredentials"] == known


async def test_behind_a_password_a_passkey_is_wanted(site: Site) -> None:
    await site.make()
    device, _ = await site.with_passkey()
    client = site.client()

    half = await client.post("/auth/sign-in", json=GIVEN)
    stranger = await client.get("/auth/me")
    answer = await signing_in(client, device, "sign-in/passkey/second", flags=UP)

    assert half.json()["second_factors"] == ["passkey"]
    assert stranger.status_code == 401
    assert answer.json()["user"]["email"] == "ann@example.org"


async def test_a_second_factor_without_a_first_one_is_refused(site: Site) -> None:
    await site.make()
    await site.with_passkey()

    answer = await site.client().post("/auth/sign-in/passkey/second/options")

    assert answer.status_code == 401


async def test_a_passkey_is_enough_where_there_is_an_app_too(site: Site) -> None:
    await site.make()
    device, client = await site.with_passkey()
    await client.post("/auth/totp/begin")

    answer = await signing_in(site.client(), device)

    assert answer.json()["second_factors"] == []


async def test_who_is_signed_in_proves_it_again(site: Site) -> None:
    await site.make()
    device, client = await site.with_passkey()
    site.auth.recent = 0.0

    early = await client.post("/auth/passkeys/options")
    site.auth.recent = 600.0
    answer = await signing_in(client, device, "confirm-identity/passkey")
    locked = await signing_in(client, device, "confirm-identity/passkey", flags=UP)

    assert [early.status_code, answer.status_code, locked.status_code] == [403, 200, 401]


# -- attacks -----------------------------------------------------------------------------------

FORGED: dict[str, Callable[[Device, dict[str, Any]], dict[str, Any]]] = {
    "another origin": lambda device, options: device.sign(options, origin="https://evil.example"),
    "an origin that begins like ours": lambda device, options: device.sign(
        options, origin=f"{SITE}.evil.example"
    ),
    "plain http": lambda device, options: device.sign(options, origin=SITE.replace("s:", ":")),
    "another site's id": lambda device, options: device.sign(options, rp_id="example.org"),
    "nobody touched it": lambda device, options: device.sign(options, flags=UV),
    "it was not unlocked": lambda device, options: device.sign(options, flags=UP),
    "a frame of another site": lambda device, options: device.sign(options, crossOrigin=True),
    "what makes a passkey": lambda device, options: device.sign(options, type="webauthn.create"),
    "another challenge": lambda device, options: device.sign(options, challenge=text_of(b"x" * 43)),
    "another's name on it": lambda device, options: device.sign(
        options, user_handle=text_of(b"somebody else")
    ),
    "no name on it": lambda device, options: device.sign(options, user_handle=None),
    "a name that is no text": lambda device, options: device.sign(
        options, user_handle=text_of(b"\xff\xfe")
    ),
    "another key": lambda device, options: stranger_to(device).sign(options),
    "another kind than it was": lambda device, options: device.sign(options, flags=UP | UV | BE),
    "copies of what has none": lambda device, options: device.sign(options, flags=UP | UV | BS),
}


def stranger_to(device: Device) -> Device:
    """Give a device that says it is another one."""
    stranger = Device(device.origin)
    stranger.id, stranger.user_handle = device.id, device.user_handle
    return stranger


@pytest.mark.parametrize("forged", FORGED)
async def test_what_is_forged_signs_nobody_in(site: Site, forged: str) -> None:
    await site.make()
    device, _ = await site.with_passkey()
    client = site.client()
    options = (await client.post("/auth/sign-in/passkey/options")).json()

    given = {"credential": FORGED[forged](device, options)}
    answer = await client.post("/auth/sign-in/passkey", json=given)

    assert answer.status_code == 401, answer.text
    assert (await client.get("/auth/me")).status_code == 401


BROKEN: list[Any] = [
    {}, {"id": 1}, {"id": "a", "rawId": "a", "type": "public-key", "response": {}},
    {"id": "ä", "rawId": "ä", "type": "public-key", "response": {"clientDataJSON": "ä"}},
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BROKEN)))
async def test_what_is_no_passkey_is_refused(site: Site, number: int) -> None:
    await site.make()
    client = await site.signed_in()
    await client.post("/auth/passkeys/options")
    await client.post("/auth/sign-in/passkey/options")

    given = {"credential": BROKEN[number]}
    answers = [
        await client.post("/auth/passkeys", json=given),
        await client.post("/auth/sign-in/passkey", json=given),
    ]

    assert {one.status_code for one in answers} == {401}


@pytest.mark.parametrize("field", ["clientDataJSON", "attestationObject"])
@pytest.mark.parametrize("data", [b"", b"\x00", b"[]", b"null", b"\xa1", b"\x9f" * 5000, b"{}"])
async def test_broken_bytes_are_refused(site: Site, field: str, data: bytes) -> None:
    await site.make()
    client = await site.signed_in()
    options = (await client.post("/auth/passkeys/options")).json()
    credential = Device(SITE).create(options)
    credential["response"][field] = text_of(data)

    answer = await client.post("/auth/passkeys", json={"credential": credential})

    assert answer.status_code == 401


async def test_what_was_shown_once_counts_no_more(site: Site) -> None:
    await site.make()
    device, _ = await site.with_passkey()
    client = site.client()
    options = (await client.post("/auth/sign-in/passkey/options")).json()
    given = {"credential": device.sign(options, count=0)}  # one that does not count

    first = await client.post("/auth/sign-in/passkey", json=given)
    again = await client.post("/auth/sign-in/passkey", json=given)

    assert [first.status_code, again.status_code] == [200, 400]


async def test_of_two_who_show_the_same_at_once_one_is_let_in(site: Site) -> None:
    await site.make()
    device, _ = await site.with_passkey()
    client = site.client()
    options = (await client.post("/auth/sign-in/passkey/options")).json()
    given = {"credential": device.sign(options, count=0)}

    answers = await asyncio.gather(
        *(client.post("/auth/sign-in/passkey", json=given) for _ in range(4))
    )

    assert sorted(one.status_code for one in answers) == [200, 400, 400, 400]


async def test_a_challenge_is_for_the_browser_that_was_given_it(site: Site) -> None:
    await site.make()
    device, _ = await site.with_passkey()
    victim, other = site.client(), site.client()
    options = (await victim.post("/auth/sign-in/passkey/options")).json()
    await other.post("/auth/sign-in/passkey/options")

    given = {"credential": device.sign(options)}
    answers = [
        await other.post("/auth/sign-in/passkey", json=given),
        await site.client().post("/auth/sign-in/passkey", json=given),
    ]

    assert [one.status_code for one in answers] == [401, 400]


async def test_a_challenge_is_for_one_purpose(site: Site) -> None:
    await site.make()
    device, client = await site.with_passkey()
    creation = (await client.post("/auth/passkeys/options")).json()
    asked = {**creation, "rpId": creation["rp"]["id"]}
    confirm = (await client.post("/auth/confirm-identity/passkey/options")).json()
    making = {**creation, "challenge": confirm["challenge"]}

    answers = [
        await client.post("/auth/sign-in/passkey", json={"credential": device.sign(asked)}),
        await client.post("/auth/sign-in/passkey", json={"credential": device.sign(confirm)}),
        await client.post("/auth/passkeys", json={"credential": Device(SITE).create(making)}),
        await client.post("/auth/passkeys", json={"credential": device.sign(asked)}),
        await client.post("/auth/sign-in/passkey", json={"credential": device.create(creation)}),
    ]

    assert [one.status_code for one in answers] == [400, 400, 401, 401, 401]


async def test_a_challenge_is_for_the_account_that_was_asked(site: Site) -> None:
    await site.make()
    await site.make("bob@example.org")
    await site.with_passkey()
    bobs, _ = await site.with_passkey("bob@example.org")
    client = site.client()
    await client.post("/auth/sign-in", json=GIVEN)
    options = (await client.post("/auth/sign-in/passkey/second/options")).json()
    await client.post("/auth/sign-in", json={**GIVEN, "log_in": "bob@example.org"})

    given = {"credential": bobs.sign(options)}
    answer = await client.post("/auth/sign-in/passkey/second", json=given)

    assert answer.status_code == 400


async def test_a_challenge_ends(site: Site) -> None:
    await site.make()
    device, _ = await site.with_passkey()
    site.passkeys.keys._challenges.lifetime = -1.0

    answer = await signing_in(site.client(), device)

    assert answer.status_code == 400


async def test_the_passkey_of_one_account_is_worth_nothing_to_another(site: Site) -> None:
    await site.make()
    await site.make("bob@example.org")
    anns, _ = await site.with_passkey()
    bobs, bob = await site.with_passkey("bob@example.org")
    half = site.client()
    await half.post("/auth/sign-in", json=GIVEN)

    second = await signing_in(half, bobs, "sign-in/passkey/second")
    unnamed = await signing_in(half, bobs, "sign-in/passkey/second", user_handle=None)
    step_up = await signing_in(bob, anns, "confirm-identity/passkey")
    bobs.user_handle = anns.user_handle
    posing = await signing_in(site.client(), bobs)

    statuses = [one.status_code for one in (second, unnamed, step_up, posing)]
    assert statuses == [401, 401, 401, 401]


async def test_a_copy_of_a_passkey_is_refused_and_noted(site: Site) -> None:
    await site.make()
    device, _ = await site.with_passkey()
    assert (await signing_in(site.client(), device, count=7)).status_code == 200

    answers = [await signing_in(site.client(), device, count=count) for count in (7, 3, 0)]
    onwards = await signing_in(site.client(), device, count=8)

    assert [one.status_code for one in answers] == [401, 401, 401]
    assert onwards.status_code == 200
    assert (await site.trail()).count("passkey-cloned") == 3


@pytest.mark.parametrize(
    "changed",
    [
        {"algorithm": -65535},
        {"algorithm": -35},
        {"flags": UP},
        {"flags": UV},
        {"flags": UP | UV | BS},
        {"origin": "https://evil.example"},
        {"crossOrigin": True},
        {"type": "webauthn.get"},
        {"challenge": "bm90IHRoaXM"},
    ],
)
async def test_a_passkey_that_was_not_made_as_asked_is_refused(
    site: Site, changed: dict[str, Any]
) -> None:
    await site.make()
    client = await site.signed_in()
    options = (await client.post("/auth/passkeys/options")).json()

    given = {"credential": Device(SITE).create(options, **changed)}
    answer = await client.post("/auth/passkeys", json=given)

    assert answer.status_code == 401
    assert (await client.get("/auth/passkeys")).json() == []


async def test_a_passkey_is_of_one_account(site: Site) -> None:
    await site.make()
    await site.make("bob@example.org")
    device, ann = await site.with_passkey()
    bob = await site.signed_in("bob@example.org")
    options = (await bob.post("/auth/passkeys/options")).json()

    answer = await bob.post("/auth/passkeys", json={"credential": device.create(options)})

    assert answer.status_code == 409
    assert len((await ann.get("/auth/passkeys")).json()) == 1
    assert (await bob.get("/auth/passkeys")).json() == []


async def test_an_account_that_is_closed_is_not_signed_in(site: Site) -> None:
    ann = await site.make()
    device, _ = await site.with_passkey()
    async with site.auth.database.own_transaction():
        await User.where(handle=ann.handle).update(is_active=False)

    answer = await signing_in(site.client(), device)

    assert answer.status_code == 401
    assert (await site.trail())[-1] == "sign-in-refused"


# -- one's own ---------------------------------------------------------------------------------


async def test_a_passkey_is_renamed_and_taken_away(site: Site) -> None:
    await site.make()
    device, client = await site.with_passkey()
    [shown] = (await client.get("/auth/passkeys")).json()
    path = f"/auth/passkeys/{shown['id']}"

    renamed = await client.patch(path, json={"name": " Blue\x00 key "})
    gone = await client.delete(path)
    again = await client.delete(path)
    refused = await signing_in(site.client(), device)

    assert renamed.json()["name"] == "Blue key"
    assert [gone.status_code, again.status_code, refused.status_code] == [204, 404, 401]
    assert "passkey-removed" in await site.trail()


async def test_nobody_changes_the_passkeys_of_another(site: Site) -> None:
    await site.make()
    await site.make("bob@example.org")
    _, ann = await site.with_passkey()
    bob = await site.signed_in("bob@example.org")
    [shown] = (await ann.get("/auth/passkeys")).json()
    path = f"/auth/passkeys/{shown['id']}"

    answers = [await bob.patch(path, json={"name": "mine"}), await bob.delete(path)]

    assert [one.status_code for one in answers] == [404, 404]


async def without_password(site: Site) -> None:
    async with site.auth.database.own_transaction():
        await User.where(email="ann@example.org").update(password="!")


class Letters:
    name = "letters"

    async def has(self, user: Any) -> bool:
        return bool(user.email)


async def test_the_last_way_in_stays(site: Site) -> None:
    await site.make()
    _, client = await site.with_passkey()
    await without_password(site)
    [shown] = (await client.get("/auth/passkeys")).json()

    kept = await client.delete(f"/auth/passkeys/{shown['id']}")

    site.auth.signing_in.ways.append(Letters())
    gone = await client.delete(f"/auth/passkeys/{shown['id']}")
    assert [kept.status_code, gone.status_code] == [409, 204]


async def test_of_the_last_two_passkeys_one_stays_when_both_are_taken_away_at_once(
    site: Site,
) -> None:
    await site.make()
    _, client = await site.with_passkey()
    options = (await client.post("/auth/passkeys/options")).json()
    await client.post("/auth/passkeys", json={"credential": Device(SITE).create(options)})
    await without_password(site)
    ids = [one["id"] for one in (await client.get("/auth/passkeys")).json()]

    answers = await asyncio.gather(*(client.delete(f"/auth/passkeys/{id}") for id in ids))

    assert len(ids) == 2
    assert sorted(one.status_code for one in answers)[0] == 204
    assert len((await client.get("/auth/passkeys")).json()) == 1


async def test_what_changes_passkeys_asks_for_a_recent_sign_in(site: Site) -> None:
    await site.make()
    device, client = await site.with_passkey()
    [shown] = (await client.get("/auth/passkeys")).json()
    options = (await client.post("/auth/passkeys/options")).json()
    site.auth.recent = -1.0

    answers = [
        await client.post("/auth/passkeys/options"),
        await client.post("/auth/passkeys", json={"credential": device.create(options)}),
        await client.delete(f"/auth/passkeys/{shown['id']}"),
    ]

    assert {one.status_code for one in answers} == {403}


async def test_nobody_has_more_than_twenty_passkeys(site: Site, database: Database) -> None:
    ann = await site.make()
    client = await site.signed_in()
    async with database.own_transaction():
        for number in range(20):
            await StoredPasskey(
                id=str(number),
                user=ann.handle,
                credential="AAAA",
                public_key=b"key",
                sign_count=0,
                aaguid="",
                is_synced=False,
                is_backed_up=False,
                name=str(number),
            ).save()

    answer = await client.post("/auth/passkeys/options")

    assert answer.status_code == 409
