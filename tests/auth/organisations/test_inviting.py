"""Invitations: for an address, once, soon; who accepts has that address."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import httpx2

from tests.auth.organisations.team import Team
from tests.auth.site import PASSWORD
from trivet.auth.links import StoredLink

_LOOK, _ACCEPT, _NEW = (f"/auth/invitations/{one}" for one in ("look", "accept", "sign-up"))


async def _invited(
    team: Team, email: str = "bob@example.org", role: str = "guest"
) -> tuple[httpx2.AsyncClient, str, str]:
    ann, path = await team.founded()
    answer = await ann.post(f"{path}/invitations", json={"email": email, "role": role})
    assert answer.status_code == 202
    return ann, path, team.token()


async def test_who_was_invited_makes_an_account_and_is_a_member(team: Team) -> None:
    _, path, token = await _invited(team, "Bob@Example.org")
    assert "https://shop.example.org/account/invitation?token=" in str(
        team.letters.messages[-1].text
    )
    assert team.letters.messages[-1].to == ("bob@example.org",)
    browser = team.client()
    looked = await browser.post(_LOOK, json={"token": token})
    assert looked.json() == {
        "organisation": "Acme",
        "email": "bob@example.org",
        "role": "guest",
        "has_account": False,
    }

    made = await browser.post(_NEW, json={"token": token, "password": PASSWORD, "name": "Bob"})

    assert made.status_code == 201, made.text
    bob = await team.signed_in("bob@example.org")
    assert (await bob.get(path)).json()["role"] == "guest"
    for again in (_LOOK, _ACCEPT, _NEW):
        given = {"token": token} | ({"password": PASSWORD} if again == _NEW else {})
        answer = await bob.post(again, json=given)
        assert answer.status_code == 400, answer.text
    assert (await team.trail())[-3:] == ["account-created", "member-joined", "signed-in"]


async def test_an_account_of_another_address_is_not_let_in(team: Team) -> None:
    _, path, token = await _invited(team)
    await team.make("mallory@example.org")
    mallory = await team.signed_in("mallory@example.org")

    assert (await mallory.post(_ACCEPT, json={"token": token})).status_code == 403
    assert (await mallory.get(path)).status_code == 404
    assert (await team.client().post(_ACCEPT, json={"token": token})).status_code == 401


async def test_an_account_whose_address_was_not_confirmed_is_not_let_in(team: Team) -> None:
    team.auth.signing_in.needs_confirmed = False
    async with team.auth.database.own_transaction():
        await team.auth.accounts.make(email="bob@example.org", password=PASSWORD)
    _, _, token = await _invited(team)
    bob = await team.signed_in("bob@example.org")

    assert (await bob.post(_ACCEPT, json={"token": token})).status_code == 403


async def test_an_address_with_an_account_makes_no_second_one(team: Team) -> None:
    await team.make("bob@example.org")
    _, _, token = await _invited(team)
    browser = team.client()

    assert (await browser.post(_LOOK, json={"token": token})).json()["has_account"] is True
    made = await browser.post(_NEW, json={"token": token, "password": "mallory's own words"})

    assert made.status_code == 409
    await team.signed_in("bob@example.org")


async def test_inviting_tells_nobody_who_has_an_account_or_is_a_member(team: Team) -> None:
    ann, path = await team.founded()
    await team.joined(ann, path, "member@example.org", "guest")
    await team.make("bob@example.org")

    answers = [
        await ann.post(f"{path}/invitations", json={"email": email, "role": "guest"})
        for email in ("member@example.org", "bob@example.org", "nobody@example.org")
    ]

    seen = {(one.status_code, tuple(sorted(one.json()))) for one in answers}
    assert seen == {(202, ("email", "expires_at", "handle", "role"))}
    texts = [str(message.text).split("token=")[0] for message in team.letters.messages[-3:]]
    assert len(set(texts)) == 1


async def test_who_is_a_member_stays_what_they_are(team: Team) -> None:
    ann, path = await team.founded()
    await ann.post(f"{path}/invitations", json={"email": "ann@example.org", "role": "guest"})

    answer = await ann.post(_ACCEPT, json={"token": team.token()})

    assert answer.json()["role"] == "owner"


async def test_an_invitation_that_was_replaced_withdrawn_or_is_old_does_not_count(
    team: Team,
) -> None:
    ann, path, first = await _invited(team)
    await ann.post(f"{path}/invitations", json={"email": "bob@example.org", "role": "writer"})
    second = team.token()
    (listed,) = (await ann.get(f"{path}/invitations")).json()
    assert listed["role"] == "writer"
    assert (await ann.delete(f"{path}/invitations/{listed['handle']}")).status_code == 204
    assert (await ann.delete(f"{path}/invitations/{listed['handle']}")).status_code == 404
    await ann.post(f"{path}/invitations", json={"email": "bob@example.org", "role": "guest"})
    third = team.token()
    async with team.auth.database.own_transaction():
        past = datetime.now(UTC) - timedelta(seconds=1)
        await StoredLink.where(purpose="invite").update(expires_at=past)

    for token in (first, second, third):
        assert (await team.client().post(_LOOK, json={"token": token})).status_code == 400


async def test_nobody_withdraws_the_invitation_of_another_organisation(team: Team) -> None:
    ann, path, token = await _invited(team)
    (listed,) = (await ann.get(f"{path}/invitations")).json()
    mallory, other = await team.founded("mallory@example.org")

    answer = await mallory.delete(f"{other}/invitations/{listed['handle']}")

    assert answer.status_code == 404
    assert (await team.client().post(_LOOK, json={"token": token})).status_code == 200


async def test_of_two_who_accept_at_once_one_account_is_made(team: Team) -> None:
    _, _, token = await _invited(team)
    given = {"token": token, "password": PASSWORD}

    answers = await asyncio.gather(*(team.client().post(_NEW, json=given) for _ in range(2)))

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 201, statuses
    assert statuses[1] in (400, 409), statuses
    assert len(await team.roles()) == 2


async def test_an_organisation_that_writes_to_the_whole_world_is_slowed_down(team: Team) -> None:
    ann, path = await team.founded()

    answers = [
        await ann.post(f"{path}/invitations", json={"email": f"{n}@example.org", "role": "guest"})
        for n in range(11)
    ]

    assert [answer.status_code for answer in answers] == [202] * 10 + [429]


async def test_what_is_no_address_is_told_by_its_field(team: Team) -> None:
    ann, path = await team.founded()

    answer = await ann.post(f"{path}/invitations", json={"email": "a\nb@c.d", "role": "guest"})

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "email"]
