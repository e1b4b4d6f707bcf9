"""HTTP Basic: a password with each request, counted, and remembered for a while."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import httpx2
import pytest

from tests.auth.tokens.people import PASSWORD, Site
from trivet.auth.basic import BasicMeans
from trivet.errors import SetupError

pytestmark = pytest.mark.anyio


class Factor:
    name = "codes"

    async def has(self, user: Any) -> bool:
        return True


def basic(log_in: str = "ann@example.org", password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{log_in}:{password}".encode()).decode()}


@pytest.fixture
def site(site: Site) -> Site:
    site.app.use(BasicMeans(site.auth, realm='the "shop"'))
    return site


async def test_log_in_and_password_are_an_account(site: Site, client: httpx2.AsyncClient) -> None:
    ann = await site.person()

    assert (await client.get("/who", headers=basic())).json() == ann.handle
    assert (await client.get("/recent", headers=basic())).status_code == 403


async def test_a_password_that_is_right_may_come_as_often_as_one_likes(
    site: Site, client: httpx2.AsyncClient
) -> None:
    await site.person()

    assert {(await client.get("/who", headers=basic())).status_code for _ in range(30)} == {200}


async def test_guesses_are_counted(site: Site, client: httpx2.AsyncClient) -> None:
    await site.person()
    given = [
        (await client.get("/who", headers=basic(password=f"guess {n}"))).status_code
        for n in range(12)
    ]

    assert given == [401] * 10 + [429] * 2


async def test_another_password_counts_at_once(site: Site, client: httpx2.AsyncClient) -> None:
    ann = await site.person()
    await client.get("/who", headers=basic())

    async def change() -> None:
        user = await site.auth.accounts.by_handle(ann.handle)
        await site.auth.accounts.set_password(user, "another long sentence")

    await site.inside(change)

    assert (await client.get("/who", headers=basic())).status_code == 401
    new = basic(password="another long sentence")
    assert (await client.get("/who", headers=new)).status_code == 200


async def test_a_second_factor_and_an_account_that_is_not_active_refuse(
    site: Site, client: httpx2.AsyncClient
) -> None:
    ann = await site.person()
    assert (await client.get("/who", headers=basic())).status_code == 200
    site.auth.signing_in.factors.append(Factor())
    later = await client.get("/who", headers=basic())
    await site.inside(lambda: site.auth.user.where(handle=ann.handle).update(is_active=False))
    inactive = await client.get("/who", headers=basic())

    assert (later.status_code, inactive.status_code) == (401, 401)


@pytest.mark.parametrize("given", ["Basic", "Basic !", "Basic /w==", "Basic YW5u", "Basic OjpA"])
async def test_what_cannot_be_read_or_is_nobodys_is_challenged(
    site: Site, client: httpx2.AsyncClient, given: str
) -> None:
    answer = await client.get("/maybe", headers={"Authorization": given})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == r'Basic realm="the \"shop\"", charset="UTF-8"'


async def test_a_realm_that_no_header_can_have_is_told(site: Site) -> None:
    with pytest.raises(SetupError) as raised:
        BasicMeans(site.auth, realm="a\r\nb")

    assert raised.value.code == "security.realm"
