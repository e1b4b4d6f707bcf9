"""No other site's page signs anybody in or out, or changes an account, whatever it sends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.auth.pages.site import PagedSite, site_on
from tests.auth.site import PASSWORD, SITE
from trivet.db import Database
from trivet.middleware.csrf import Csrf
from trivet.security.csrf import CsrfGuard

ANN = {"log_in": "ann@example.org", "password": PASSWORD}
FROM_ELSEWHERE = [
    {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
    {"sec-fetch-site": "same-site", "origin": "https://other.example.org"},
    {"origin": "https://evil.example"},
    {"referer": "https://evil.example/page"},
]
BODIES = {
    "application/x-www-form-urlencoded": b"log_in=ann%40example.org&password=seven+green+ladders",
    "multipart/form-data; boundary=x": b"--x\r\nContent-Disposition: form-data;"
    b' name="log_in"\r\n\r\nann@example.org\r\n--x--\r\n',
    "application/json": b'{"log_in": "ann@example.org", "password": "seven green ladders"}',
    "text/plain": b'{"log_in": "ann@example.org", "password": "seven green ladders"}',
    "": b"log_in=ann%40example.org",
}
PATHS = ["/account/sign-in", "/account/sign-up", "/account/sign-out", "/account/reset", "/account"]
each_sender = pytest.mark.parametrize("headers", FROM_ELSEWHERE, ids=str)
each_kind = pytest.mark.parametrize("kind", list(BODIES))


@each_sender
@each_kind
async def test_nothing_that_another_site_sends_reaches_a_page(
    site: PagedSite, headers: dict[str, str], kind: str
) -> None:
    await site.make()
    client = site.browser().client
    sent = headers | ({"content-type": kind} if kind else {})
    paths = [*PATHS, *(site.auth.options.link_path(one) for one in ("confirm", "reset", "magic"))]
    for path in paths:
        answer = await client.post(path, content=BODIES[kind], headers=sent)

        assert answer.status_code == 403, path
        assert "another site" in answer.text or "origin" in answer.text
        assert "set-cookie" not in answer.headers


@each_sender
async def test_nobody_is_signed_out_from_elsewhere(
    site: PagedSite, headers: dict[str, str]
) -> None:
    await site.make()
    browser = await site.signed_in()
    answer = await browser.client.post("/account/sign-out", headers=headers)
    assert answer.status_code == 403
    await browser.open("/account")

    assert browser.path == "/account"


async def test_with_cookies_who_does_not_say_where_it_comes_from_is_refused(
    site: PagedSite,
) -> None:
    await site.make()
    browser = await site.signed_in()

    assert (await browser.client.post("/account/sign-out")).status_code == 403


async def test_an_exemption_of_the_application_is_none_for_the_pages(
    database: Database, tmp_path: Path
) -> None:
    site = site_on(database, tmp_path, hooks=[Csrf(exempt=["/account/*", "/webhooks/*"])])
    answer = await site.browser().client.post(
        "/account/sign-in", data=ANN, headers={"origin": "https://evil.example"}
    )

    assert answer.status_code == 403


async def test_origins_that_the_application_trusts_are_trusted(
    database: Database, tmp_path: Path
) -> None:
    site = site_on(database, tmp_path, hooks=[Csrf(trusted_origins=["https://app.example.org"])])
    await site.make()
    answer = await site.browser().client.post(
        "/account/sign-in", data=ANN, headers={"origin": "https://app.example.org"}
    )

    assert answer.status_code == 303


async def test_with_tokens_old_browsers_sign_in_too(database: Database, tmp_path: Path) -> None:
    site = site_on(database, tmp_path, before=[CsrfGuard()])
    await site.make()
    browser = await site.browser().open("/account/sign-in")
    hidden = browser.page.text.split('name="csrf_token" value="')[1].split('"')[0]
    client = browser.client
    assert (await client.post("/account/sign-in", data=ANN)).status_code == 403
    answer = await client.post("/account/sign-in", data={**ANN, "csrf_token": hidden})

    assert answer.status_code == 303


async def test_what_is_not_a_page_is_the_applications_own(site: PagedSite) -> None:
    @site.app.post("/accounts")
    async def other() -> str:
        return "taken"

    answer = await site.browser().client.post("/accounts", headers={"origin": "https://b.example"})

    assert answer.json() == "taken"
    assert SITE.startswith("https://")
