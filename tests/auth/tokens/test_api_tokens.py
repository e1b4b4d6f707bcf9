"""API tokens: what they open, what they do not, and what they leave behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.auth.tokens.people import PASSWORD, Site, bearer
from trivet.auth.tokens import ApiToken
from trivet.auth.tokens.form import checksum

pytestmark = pytest.mark.anyio


async def status(client: httpx2.AsyncClient, path: str, token: str) -> int:
    return (await client.get(path, headers=bearer(token))).status_code


def raw(token: str) -> list[tuple[bytes, bytes]]:
    return [(b"Authorization", b"Bearer " + token.encode())]


async def sign_in(client: httpx2.AsyncClient) -> None:
    given = {"log_in": "ann@example.org", "password": PASSWORD}
    assert (await client.post("/auth/sign-in", json=given)).status_code == 200


async def stored(site: Site, **lookup: Any) -> Any:
    async with site.database.own_transaction():
        return await ApiToken.where(**lookup).first()


async def test_a_token_is_its_account_in_both_headers(
    site: Site, client: httpx2.AsyncClient
) -> None:
    ann = await site.person()
    token = await site.token(ann)

    by_bearer = await client.get("/who", headers=bearer(token))
    by_key = await client.get("/who", headers={"X-API-Key": token})

    assert (by_bearer.json(), by_key.json()) == (ann.handle, ann.handle)


async def test_a_token_in_the_query_or_a_cookie_is_nobody(
    site: Site, client: httpx2.AsyncClient
) -> None:
    token = await site.token(await site.person())

    for name in ("token", "access_token", "api_key", "X-API-Key"):
        answer = await client.get(
            "/maybe", params={name: token}, headers={"Cookie": f"{name}={token}"}
        )
        assert answer.json() is None


async def test_scopes_limit_what_the_account_may(site: Site, client: httpx2.AsyncClient) -> None:
    ann = await site.person(permissions=["post.*"])
    narrow, other = await site.token(ann, "post.change"), await site.token(ann, "page.*")

    assert await status(client, "/change", narrow) == 200
    assert await status(client, "/scoped", narrow) == 403
    assert await status(client, "/change", other) == 403
    assert (await client.get("/asks", headers=bearer(other))).json() is False


async def test_scopes_give_nothing_that_the_account_does_not_have(
    site: Site, client: httpx2.AsyncClient
) -> None:
    token = await site.token(await site.person(), "*", "post.change")

    assert await status(client, "/change", token) == 403
    assert await status(client, "/scoped", token) == 403


async def test_a_superusers_token_is_limited_too(site: Site, client: httpx2.AsyncClient) -> None:
    token = await site.token(await site.person(is_superuser=True), "post.read")

    assert await status(client, "/scoped", token) == 200
    assert await status(client, "/change", token) == 403


@pytest.mark.parametrize("change", [{"is_active": False}, None])
async def test_the_token_of_an_account_that_is_gone_or_not_active_is_refused(
    site: Site, client: httpx2.AsyncClient, change: dict[str, Any] | None
) -> None:
    ann = await site.person()
    token = await site.token(ann)
    found = site.auth.user.where(handle=ann.handle)
    await site.inside(found.delete if change is None else lambda: found.update(**change))

    answer = await client.get("/maybe", headers=bearer(token))

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_a_token_that_has_ended_or_was_revoked_is_refused(
    site: Site, client: httpx2.AsyncClient
) -> None:
    ann = await site.person()
    ended, revoked = await site.token(ann, lifetime=-1), await site.token(ann)
    id = revoked.split("_")[1]

    assert await site.inside(lambda: site.tokens.keeping.revoke(ann, id)) is True

    assert await status(client, "/who", ended) == 401
    assert await status(client, "/who", revoked) == 401
    assert await site.inside(site.tokens.keeping.forget_expired) == 1


async def test_the_id_of_one_token_with_the_secret_of_another_is_refused(
    site: Site, client: httpx2.AsyncClient
) -> None:
    anns = await site.token(await site.person())
    bens = await site.token(await site.person("ben"))
    body = f"trv_{anns.split('_')[1]}_{bens[17:-6]}"

    assert await status(client, "/who", body + checksum(body)) == 401


async def test_two_credentials_at_once_are_refused(site: Site, client: httpx2.AsyncClient) -> None:
    token = await site.token(await site.person())

    both = await client.get("/maybe", headers={**bearer(token), "X-API-Key": token})
    twice = await client.get("/maybe", headers=[("X-API-Key", token), ("X-API-Key", token)])

    assert both.status_code == 401
    assert twice.status_code in (400, 401)


async def test_what_claims_to_be_a_token_is_never_taken_for_nobody(
    site: Site, client: httpx2.AsyncClient
) -> None:
    await site.person()
    await sign_in(client)  # the session does not make up for it

    for text in ("trv_", "trv_x", "trv_" + "a" * 5000, "trv_é", "a.b.c", "...."):
        assert (await client.get("/maybe", headers=raw(text))).status_code == 401, text
    assert (await client.get("/maybe", headers={"X-API-Key": ""})).status_code == 401


async def test_only_a_hash_is_kept(site: Site) -> None:
    token = await site.token(await site.person())

    row = await stored(site, id=token.split("_")[1])

    secret = token.split("_", 2)[2]
    assert secret not in repr(row.__dict__)
    assert len(row.digest) == 64


async def test_the_last_use_is_written_although_the_request_fails_and_once_a_minute(
    site: Site, client: httpx2.AsyncClient
) -> None:
    token = await site.token(await site.person(), "post.read")
    id = token.split("_")[1]

    assert await status(client, "/change", token) == 403
    first = (await stored(site, id=id)).used_at
    assert await status(client, "/who", token) == 200
    second = (await stored(site, id=id)).used_at
    long_ago = datetime.now(UTC) - timedelta(minutes=2)
    await site.inside(lambda: ApiToken.where(id=id).update(used_at=long_ago))
    assert await status(client, "/who", token) == 200
    third = (await stored(site, id=id)).used_at

    assert first is not None
    assert first == second
    assert third > first


# -- the endpoints -------------------------------------------------------------------------------


async def test_people_make_list_and_revoke_their_own(
    site: Site, client: httpx2.AsyncClient
) -> None:
    await site.person()
    ben = await site.person("ben")
    bens = await site.token(ben)
    await sign_in(client)

    made = await client.post("/auth/tokens", json={"name": "CI", "scopes": ["post.read"]})
    listed = await client.get("/auth/tokens")
    token, id = made.json()["token"], made.json()["id"]

    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    assert [one["id"] for one in listed.json()] == [id]
    assert token not in listed.text
    assert "digest" not in listed.text
    assert await status(client, "/who", token) == 200
    assert (await client.delete(f"/auth/tokens/{bens.split('_')[1]}")).status_code == 404
    assert (await client.delete(f"/auth/tokens/{id}")).status_code == 204
    assert await status(client, "/who", token) == 401
    assert await status(client, "/who", bens) == 200
    assert [one for one in await site.kinds() if "token" in one] == [
        "token-made",
        "token-made",
        "token-revoked",
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"scopes": []},
        {"scopes": ["No Name"]},
        {"scopes": ["post.read"], "lifetime": 1e9},
        {"scopes": ["post.read"], "user": "x"},
        {"scopes": ["post.read"], "name": ""},
    ],
)
async def test_what_is_no_token_to_make_is_told(
    site: Site, client: httpx2.AsyncClient, given: dict[str, Any]
) -> None:
    await site.person()
    await sign_in(client)

    assert (await client.post("/auth/tokens", json={"name": "x", **given})).status_code == 422


async def test_a_token_makes_and_sees_tokens_only_by_a_scope_of_that_name(
    site: Site, client: httpx2.AsyncClient
) -> None:
    ann = await site.person(is_superuser=True)
    whole, maker = await site.token(ann, "*"), await site.token(ann, "api_token.make", "post.read")
    wanted = {"name": "x", "scopes": ["post.read"]}

    async def make(token: str, **more: Any) -> httpx2.Response:
        return await client.post("/auth/tokens", json={**wanted, **more}, headers=bearer(token))

    assert (await make(whole)).status_code == 403
    assert await status(client, "/auth/tokens", whole) == 403
    assert (await make(maker, scopes=["post.change"])).status_code == 403
    assert (await make(maker, scopes=["*"])).status_code == 403
    made = await make(maker)
    assert made.status_code == 201
    row = await stored(site, id=made.json()["id"])
    parent = await stored(site, id=maker.split("_")[1])
    assert row.made_by == parent.id
    assert row.expires_at <= parent.expires_at + timedelta(seconds=1)


async def test_making_a_token_asks_for_a_recent_sign_in(
    site: Site, client: httpx2.AsyncClient
) -> None:
    await site.person()
    await sign_in(client)
    site.auth.recent = -1.0

    answer = await client.post("/auth/tokens", json={"name": "x", "scopes": ["*"]})

    assert answer.status_code == 403
    assert answer.headers["x-auth-required"] == "recent-login"


async def test_a_token_changes_nothing_of_the_account_itself(
    site: Site, client: httpx2.AsyncClient
) -> None:
    headers = bearer(await site.token(await site.person(), "*"))

    me = await client.get("/auth/me", headers=headers)
    changed = await client.patch("/auth/me", json={"name": "x"}, headers=headers)
    password = {"present": PASSWORD, "new": "another long sentence"}
    other = await client.post("/auth/change-password", json=password, headers=headers)
    recent = await client.get("/recent", headers=headers)
    devices = await client.get("/auth/sessions", headers=headers)

    assert me.status_code == 200
    refused = {one.status_code for one in (changed, other, recent, devices)}
    assert refused == {403}
