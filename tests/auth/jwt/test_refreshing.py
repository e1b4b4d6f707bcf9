"""Refresh tokens: each counts once, and one that comes again ends its family."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.auth.tokens.people import PASSWORD, Site, bearer
from trivet.auth.jwt import StoredFamily
from trivet.auth.jwt.families import Family, Refused, used

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def start(client: httpx2.AsyncClient) -> dict[str, Any]:
    form = {"username": "ann@example.org", "password": PASSWORD}
    found: dict[str, Any] = (await client.post("/auth/token", data=form)).json()
    return found


async def refresh(client: httpx2.AsyncClient, token: str) -> httpx2.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return await client.post("/auth/token", data=form)


async def is_good(client: httpx2.AsyncClient, token: str) -> bool:
    return (await refresh(client, token)).status_code == 200


async def age(site: Site, seconds: float = 60) -> None:
    """Let it be some time ago that the families' last tokens were replaced."""
    at = datetime.now(UTC) - timedelta(seconds=seconds)
    await site.inside(lambda: StoredFamily.where().update(replaced_at=at))


async def families(site: Site) -> int:
    async with site.database.own_transaction():
        return await StoredFamily.where().count()


@pytest.mark.anyio
async def test_each_token_gives_the_next_one(site: Site, client: httpx2.AsyncClient) -> None:
    ann = await site.person()
    token = (await start(client))["refresh_token"]

    for _ in range(3):
        answer = (await refresh(client, token)).json()
        assert answer["refresh_token"] != token
        token = answer["refresh_token"]
        who = await client.get("/who", headers=bearer(answer["access_token"]))
        assert who.json() == ann.handle


@pytest.mark.anyio
async def test_a_token_that_comes_again_ends_its_family_and_is_on_the_trail(
    site: Site, client: httpx2.AsyncClient
) -> None:
    await site.person()
    stolen = (await start(client))["refresh_token"]
    other_family = (await start(client))["refresh_token"]
    thiefs = (await refresh(client, stolen)).json()["refresh_token"]
    await age(site)

    again = await refresh(client, stolen)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert not await is_good(client, thiefs)
    assert await is_good(client, other_family)
    assert (await site.kinds())[-1] == "refresh-token-stolen"


@pytest.mark.anyio
async def test_a_lost_answer_may_be_asked_for_again_for_a_moment(
    site: Site, client: httpx2.AsyncClient
) -> None:
    await site.person()
    token = (await start(client))["refresh_token"]
    lost = (await refresh(client, token)).json()["refresh_token"]

    kept = (await refresh(client, token)).json()["refresh_token"]

    assert await is_good(client, kept)
    await age(site)
    assert not await is_good(client, lost)  # who has it is not who went on
    assert await families(site) == 0


@pytest.mark.anyio
async def test_of_many_at_once_none_goes_on_from_the_same_state(
    site: Site, client: httpx2.AsyncClient
) -> None:
    await site.person()
    token = (await start(client))["refresh_token"]
    answers: list[httpx2.Response] = []

    async def one() -> None:
        answers.append(await refresh(client, token))

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(one)

    given = [one.json()["refresh_token"] for one in answers if one.status_code == 200]
    async with site.database.own_transaction():
        row = await StoredFamily.where().first()
    assert len(given) == len(set(given)) == 4
    assert row is not None
    assert (row.version, len(row.current)) == (4, 4)
    assert await is_good(client, given[2])
    await age(site)
    assert not await is_good(client, given[0])


@pytest.mark.anyio
@pytest.mark.parametrize("change", ["is_active", "password", "gone"])
async def test_a_family_ends_with_its_account_or_its_password(
    site: Site, client: httpx2.AsyncClient, change: str
) -> None:
    ann = await site.person()
    given = await start(client)

    async def work() -> None:
        user: Any = await site.auth.accounts.by_handle(ann.handle)
        if change == "is_active":
            await user.update(is_active=False)
        elif change == "gone":
            await site.auth.user.where(handle=ann.handle).delete()
        else:
            await site.auth.accounts.set_password(user, "another long sentence")

    await site.inside(work)

    who = await client.get("/maybe", headers=bearer(given["access_token"]))
    assert who.status_code == 401
    assert not await is_good(client, given["refresh_token"])
    assert await families(site) == 0


@pytest.mark.anyio
async def test_a_family_that_is_over_is_refused_and_forgotten(
    site: Site, client: httpx2.AsyncClient
) -> None:
    await site.person()
    token = (await start(client))["refresh_token"]
    await site.inside(lambda: StoredFamily.where().update(expires_at=NOW - timedelta(days=900)))

    assert not await is_good(client, token)
    assert await site.inside(site.jwt.refreshing.forget_expired) == 1


@pytest.mark.anyio
async def test_revoking_ends_the_family_and_tells_nothing(
    site: Site, client: httpx2.AsyncClient
) -> None:
    await site.person()
    token = (await start(client))["refresh_token"]

    first = await client.post("/auth/token/revoke", data={"token": token})
    again = await client.post("/auth/token/revoke", data={"token": token})
    nothing = await client.post("/auth/token/revoke", data={"token": "a.b.c"})
    missing = await client.post("/auth/token/revoke", data={})

    assert [one.status_code for one in (first, again, nothing, missing)] == [200, 200, 200, 400]
    assert not await is_good(client, token)
    assert (await site.kinds())[-1] == "signed-out"


@pytest.mark.anyio
async def test_only_hashes_are_kept_and_the_token_opens_nothing(
    site: Site, client: httpx2.AsyncClient
) -> None:
    await site.person()
    token = (await start(client))["refresh_token"]
    async with site.database.own_transaction():
        row = await StoredFamily.where().first()

    assert row is not None
    assert token.split("_", 2)[2] not in repr(row.__dict__)
    assert (await client.get("/who", headers=bearer(token))).status_code == 401


# -- the rule ------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from([0, 1, 9, 11])), max_size=30))
def test_of_one_family_no_token_counts_twice_but_within_the_grace(
    uses: list[tuple[int, int]],
) -> None:
    family, given_ones, now = Family(("0",), None, NOW), ["0"], NOW
    used_at: dict[str, datetime] = {}
    for which, later in uses:
        now += timedelta(seconds=later)
        shown = given_ones[which % len(given_ones)]
        after = used(family, shown, str(len(given_ones)), now, 10)
        if after is Refused.TOO_MANY:
            continue
        if isinstance(after, Refused):
            # It was used before, or another one beside it was.
            assert shown not in family.current
            return
        if shown in used_at:
            assert now - used_at[shown] <= timedelta(seconds=10)
        used_at.setdefault(shown, now)
        given_ones.append(str(len(given_ones)))
        family = after
        assert 1 <= len(family.current) <= 5
