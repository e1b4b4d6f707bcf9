"""With a Django that is mounted still its sessions stay, and bring nobody back here."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.auth.django_sessions.site import Both, both_on, held_by, signed_data
from trivet.auth.django_sessions.spent import SpentSession
from trivet.db import Database


@pytest.fixture
def keeping(database: Database) -> Both:
    return both_on(database, keep=True)


async def _spent(both: Both) -> int:
    async with both.site.auth.database.own_transaction() as unit:
        return int(await unit.scalar(select(func.count()).select_from(SpentSession)))


async def test_djangos_session_stays_and_is_taken_over_once(keeping: Both) -> None:
    key = await keeping.ann()

    async with keeping.client(key) as client, keeping.client(key) as other:
        first = await keeping.who(client)
        second = await keeping.who(other)
        third = await keeping.who(client)

    assert (first, second, third) == ("ann", None, "ann")
    assert (await keeping.keys(), await _spent(keeping)) == ([key], 1)


async def test_session_that_was_ended_from_elsewhere_stays_ended(keeping: Both) -> None:
    key = await keeping.ann()
    auth = keeping.site.auth

    async with keeping.client(key) as client:
        await keeping.who(client)
        async with auth.database.own_transaction():
            user = await auth.accounts.by_username("ann")
            assert user is not None
            await auth.sessions.end_all(user.handle)
        assert await keeping.who(client) is None


async def test_who_signs_in_anew_in_django_is_signed_in_anew_here(keeping: Both) -> None:
    key = await keeping.ann()
    async with keeping.client(key) as client:
        await client.get("/who")
    user = await _user(keeping)
    newer = await keeping.session(signed_data(held_by(7, user.password)))

    async with keeping.client(newer) as client:
        assert await keeping.who(client) == "ann"
    assert await _spent(keeping) == 2


async def test_who_signs_out_here_signs_out_of_django_too(keeping: Both) -> None:
    key = await keeping.ann()

    async with keeping.client(key) as client:
        await client.get("/who")
        out = await client.post("/auth/sign-out")
        after = await keeping.who(client)

    assert (out.status_code, after) == (200, None)
    assert await keeping.keys() == []


async def test_request_that_fails_has_noted_nothing(keeping: Both) -> None:
    key = await keeping.ann()

    async with keeping.client(key) as client:
        await client.get("/broken")
        noted = await _spent(keeping)
        after = await keeping.who(client)

    assert (noted, after) == (0, "ann")


async def test_of_two_requests_at_once_one_is_signed_in(keeping: Both) -> None:
    key = await keeping.ann()

    async with keeping.client(key) as client, keeping.client(key) as other:
        found = await asyncio.gather(*(keeping.who(one) for one in (client, other) * 3))

    assert "ann" in found
    assert len([one for one in (client, other) if "session" in one.cookies]) == 1


@pytest.mark.parametrize("keep", [True, False])
async def test_who_signed_in_by_hand_and_out_again_is_not_brought_back(
    database: Database, keep: bool
) -> None:
    both = both_on(database, keep=keep)
    await both.site.make("bob@example.org", username="bob")
    client = await both.site.signed_in("bob")
    client.cookies["sessionid"] = await both.ann()

    await client.post("/auth/sign-out")

    assert await both.who(client) is None
    assert await both.keys() == []


async def _user(both: Both) -> Any:  # Any: the model of accounts
    async with both.site.auth.database.own_transaction():
        return await both.site.auth.accounts.by_username("ann")
