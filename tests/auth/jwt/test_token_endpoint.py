"""The token endpoint: what is given for what, and what is refused."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import httpx2
import pytest

from tests.auth.tokens.people import PASSWORD, Site, bearer

pytestmark = pytest.mark.anyio
ANN = {"username": "ann@example.org", "password": PASSWORD}


class Factor:
    name = "codes"

    async def has(self, user: Any) -> bool:
        return True


async def ask(client: httpx2.AsyncClient, **form: str) -> httpx2.Response:
    return await client.post("/auth/token", data=form)


async def refusal(client: httpx2.AsyncClient, **form: str) -> tuple[int, str]:
    answer = await ask(client, **form)
    assert set(answer.json()) == {"error", "error_description"}, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, answer.json()["error"]


async def test_a_password_gives_an_access_token_that_counts(
    site: Site, client: httpx2.AsyncClient
) -> None:
    ann = await site.person()

    answer = await ask(client, **ANN)

    given = answer.json()
    assert answer.status_code == 200, given
    assert answer.headers["cache-control"] == "no-store"
    assert set(given) == {"access_token", "token_type", "expires_in", "refresh_token", "scope"}
    assert (given["token_type"], given["expires_in"], given["scope"]) == ("bearer", 600, "*")
    who = await client.get("/who", headers=bearer(given["access_token"]))
    assert who.json() == ann.handle
    recent = await client.get("/recent", headers=bearer(given["access_token"]))
    assert recent.status_code == 200
    assert await site.kinds() == ["signed-in"]


async def test_scopes_limit_an_access_token_and_what_it_is_refreshed_to(
    site: Site, client: httpx2.AsyncClient
) -> None:
    await site.person(permissions=["post.*"])
    given = (await ask(client, **ANN, scope="post.change post.read")).json()

    async def statuses(token: str) -> list[int]:
        paths = ("/change", "/scoped", "/recent", "/auth/sessions")
        return [(await client.get(p, headers=bearer(token))).status_code for p in paths]

    first = await statuses(given["access_token"])
    wide = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    refused = await refusal(client, **wide, scope="page.read")
    narrow = (await ask(client, **wide, scope="post.read")).json()
    again = (
        await ask(client, grant_type="refresh_token", refresh_token=narrow["refresh_token"])
    ).json()

    assert first == [200, 200, 403, 403]
    assert refused == (400, "invalid_scope")
    assert narrow["scope"] == "post.read"
    assert await statuses(narrow["access_token"]) == [403, 200, 403, 403]
    assert again["scope"].split() == ["post.change", "post.read"]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"username": "ann@example.org"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "client_credentials", "client_id": "x"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x"}, "unsupported_grant_type"),
        ({"grant_type": "password\0"}, "unsupported_grant_type"),
        ({**ANN, "password": "wrong"}, "invalid_grant"),
        ({**ANN, "password": "x" * 5000}, "invalid_grant"),
        ({**ANN, "username": "nobody@example.org"}, "invalid_grant"),
        ({**ANN, "username": "\0"}, "invalid_grant"),
        ({**ANN, "scope": "No Scope!"}, "invalid_scope"),
        ({**ANN, "scope": "a" * 3000}, "invalid_scope"),
        ({**ANN, "client_id": "x\r\ny"}, "invalid_client"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
    ],
)
async def test_what_gives_no_token_is_told_as_oauth_has_it(
    site: Site, client: httpx2.AsyncClient, form: dict[str, str], error: str
) -> None:
    await site.person()

    assert await refusal(client, **form) == (400, error)


async def test_a_body_that_is_no_form_is_a_clear_refusal(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/auth/token", json=ANN)

    assert 400 <= answer.status_code < 500


async def test_an_account_with_a_second_factor_is_refused_by_password_alone(
    site: Site, client: httpx2.AsyncClient
) -> None:
    await site.person()
    site.auth.signing_in.factors.append(Factor())

    wrong = await refusal(client, **{**ANN, "password": "wrong"})
    right = await refusal(client, **ANN)

    assert wrong == (400, "invalid_grant")
    assert right == (400, "mfa_required")
    assert await site.kinds() == ["sign-in-refused", "sign-in-refused"]


async def test_accounts_that_are_not_active_and_services_get_none_by_password(
    site: Site, client: httpx2.AsyncClient
) -> None:
    await site.person(is_active=False)

    assert await refusal(client, **ANN) == (400, "invalid_grant")


async def test_guesses_are_counted(site: Site, client: httpx2.AsyncClient) -> None:
    await site.person()
    answers = [await ask(client, **{**ANN, "password": "wrong"}) for _ in range(12)]

    last = answers[-1]
    assert last.status_code == 429
    assert last.json()["error"] == "too_many_attempts"
    assert int(last.headers["retry-after"]) > 0


# -- services ------------------------------------------------------------------------------------


async def test_a_service_gets_an_access_token_for_an_api_token(
    site: Site, client: httpx2.AsyncClient
) -> None:
    robot = await site.person("robot", is_service=True, permissions=["post.*"])
    secret = await site.token(robot, "post.read", "post.change")
    form = {"grant_type": "client_credentials"}
    basic = b64encode(f"{robot.handle}:{secret}".encode()).decode()

    by_form = await ask(client, **form, client_id=robot.handle, client_secret=secret)
    by_header = await client.post(
        "/auth/token",
        data={**form, "scope": "post.read"},
        headers={"Authorization": f"Basic {basic}"},
    )

    assert "refresh_token" not in by_form.json()
    assert (by_form.json()["scope"], by_header.json()["scope"]) == (
        "post.read post.change",
        "post.read",
    )
    headers = bearer(by_header.json()["access_token"])
    assert (await client.get("/scoped", headers=headers)).status_code == 200
    assert (await client.get("/change", headers=headers)).status_code == 403


async def test_a_service_with_all_rights_is_no_person(
    site: Site, client: httpx2.AsyncClient
) -> None:
    robot = await site.person("robot", is_service=True)
    secret = await site.token(robot, "*")
    given = await ask(
        client, grant_type="client_credentials", client_id=robot.handle, client_secret=secret
    )
    headers = bearer(given.json()["access_token"])

    password = {"present": "", "new": "another long sentence"}
    for answer in (
        await client.post("/auth/change-password", json=password, headers=headers),
        await client.post("/auth/tokens", json={"name": "x", "scopes": ["*"]}, headers=headers),
        await client.get("/recent", headers=headers),
    ):
        assert answer.status_code == 403


async def test_another_services_secret_a_persons_token_and_more_scopes_are_refused(
    site: Site, client: httpx2.AsyncClient
) -> None:
    ann = await site.person()
    robot = await site.person("robot", is_service=True)
    other = await site.person("other", is_service=True)
    form = {"grant_type": "client_credentials", "client_id": robot.handle}
    anns, others = await site.token(ann), await site.token(other)
    own = await site.token(robot, "post.read")

    assert await refusal(client, **form, client_secret=others) == (401, "invalid_client")
    assert await refusal(client, **form, client_secret=anns) == (401, "invalid_client")
    assert await refusal(client, **{**form, "client_id": ann.handle}, client_secret=anns) == (
        401,
        "invalid_client",
    )
    assert await refusal(client, **form, client_secret=own, scope="*") == (400, "invalid_scope")
    answer = await client.post(
        "/auth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": "Basic !!"},
    )
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")
