"""Acting as another account: who may, whose, for how long, and what tells of it."""

from __future__ import annotations

import httpx2
import pytest
from sqlalchemy import select

from tests.auth.site import PASSWORD, Site
from trivet.auth import CurrentUser, Identity, Impersonation, SecurityEvent, current_identity
from trivet.binding.markers import Depends

Acting = tuple[Site, httpx2.AsyncClient, str]


@pytest.fixture
async def acting(site: Site) -> Acting:
    site.app.use(Impersonation(site.auth))

    @site.app.get("/by")
    async def by(user: CurrentUser, identity: Identity = _IDENTITY) -> list[str | None]:
        who = identity.impersonator
        return [user.email, None if who is None else who.email]

    await site.make("help@example.org", permissions=["users.impersonate"])
    user = await site.make("ann@example.org")
    return site, await site.signed_in("help@example.org"), user.handle


_IDENTITY = Depends(current_identity)


async def test_who_may_sees_what_another_sees_until_they_end_it(acting: Acting) -> None:
    site, client, handle = acting
    before = client.cookies["session"]
    begun = await client.post("/auth/impersonation", json={"handle": handle})
    assert begun.json()["email"] == "ann@example.org"
    assert client.cookies["session"] != before
    assert (await client.get("/by")).json() == ["ann@example.org", "help@example.org"]

    await client.delete("/auth/impersonation")

    assert (await client.get("/by")).json() == ["help@example.org", None]
    async with site.auth.database.own_transaction() as unit:
        found = await unit.execute(
            select(SecurityEvent.kind, SecurityEvent.user, SecurityEvent.by).order_by(
                SecurityEvent.id
            )
        )
        events = [tuple(row) for row in found]
        helper = await site.auth.accounts.by_email("help@example.org")
    assert helper is not None
    assert events[-2:] == [
        ("impersonated", handle, helper.handle),
        ("impersonation-ended", handle, helper.handle),
    ]


async def test_who_may_not_is_refused(acting: Acting) -> None:
    site, _, handle = acting
    await site.make("bob@example.org")
    bob = await site.signed_in("bob@example.org")
    answers = [
        await client.post("/auth/impersonation", json={"handle": handle})
        for client in (site.client(), bob)
    ]
    assert [answer.status_code for answer in answers] == [401, 403]


async def test_nobody_becomes_more_than_they_are(acting: Acting) -> None:
    site, client, _ = acting
    strong = [
        await site.make("root@example.org", is_superuser=True),
        await site.make("staff@example.org", is_staff=True),
        await site.make("other@example.org", permissions=["users.*"]),
    ]
    for user in strong:
        answer = await client.post("/auth/impersonation", json={"handle": user.handle})
        assert answer.status_code == 403
    answer = await client.post("/auth/impersonation", json={"handle": "nobody"})
    assert answer.status_code == 404


async def test_acting_is_never_a_recent_sign_in_and_leads_to_no_third(acting: Acting) -> None:
    site, client, handle = acting
    third = await site.make("third@example.org")
    await client.post("/auth/impersonation", json={"handle": handle})
    answer = await client.post("/auth/impersonation", json={"handle": third.handle})
    assert answer.status_code == 403
    own = await client.post("/auth/confirm-identity", json={"password": PASSWORD})
    assert own.status_code == 401


async def test_acting_ends_by_itself(site: Site) -> None:
    site.app.use(Impersonation(site.auth, seconds=-1.0))
    await site.make("help@example.org", permissions=["users.impersonate"])
    user = await site.make("ann@example.org")
    client = await site.signed_in("help@example.org")
    await client.post("/auth/impersonation", json={"handle": user.handle})
    assert (await client.get("/auth/me")).json()["email"] == "help@example.org"
