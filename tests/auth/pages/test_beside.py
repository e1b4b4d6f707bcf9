"""The pages beside what else an application has: a mount, languages, providers, own handlers."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.requests import Request
from starlette.responses import Response

from tests.auth.pages.site import PagedSite, site_on
from tests.auth.site import PASSWORD
from trivet import App, Depends, HTTPException
from trivet.auth import Auth, requires_recent_login
from trivet.auth.providers import GitHub, SignInWith
from trivet.auth.providers.tables import LinkedLogin
from trivet.db import Database
from trivet.i18n import I18n
from trivet.static import Static

ANN = {"log_in": "ann@example.org", "password": PASSWORD}


async def test_below_a_mount_links_begin_there_and_the_guard_stands(site: PagedSite) -> None:
    await site.make()
    outer = App()
    outer.mount("/shop", site.app)
    browser = PagedSite(outer, site.auth, site.letters).browser()
    await browser.open("/shop/account")
    assert browser.path == "/shop/account/sign-in?next=%2Fshop%2Faccount"
    assert 'href="/shop/account/reset"' in browser.page.text
    refused = await browser.client.post(
        "/shop/account/sign-in", data=ANN, headers={"origin": "https://evil.example"}
    )
    assert refused.status_code == 403
    await browser.send(ANN)

    assert browser.path == "/shop/account"
    await browser.send({"name": "Ann"})
    assert "Saved." in browser.text


async def test_the_language_is_chosen_on_the_profile(database: Database, tmp_path: Path) -> None:
    site = site_on(database, tmp_path, before=[I18n(locales=["en", "ar"])])
    await site.make()
    browser = await (await site.signed_in()).open("/account")
    assert '<option value="ar">العربية</option>' in browser.page.text
    await browser.send({"name": "Ann", "locale": "ar", "time_zone": ""})
    assert '<option value="ar" selected>' in browser.page.text
    await browser.send({"name": "Ann", "locale": "de", "time_zone": ""})
    assert browser.page.status_code == 422

    await browser.open("/account")  # who is signed in is spoken to in their language
    assert '<html lang="ar" dir="rtl">' in browser.page.text

    arabic = await site.browser(**{"accept-language": "ar"}).open("/account/sign-in")
    assert '<html lang="ar" dir="rtl">' in arabic.page.text


async def test_static_files_have_the_style_where_there_are_some(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "static").mkdir()
    static = Static(tmp_path / "static")
    site = site_on(database, tmp_path, before=[static])
    browser = await site.browser().open("/account/sign-in")

    assert f'href="{static.url("account/account.css")}"' in browser.page.text
    assert (await browser.open(static.url("account/account.css"))).page.status_code == 200


async def test_providers_are_offered_and_linked(database: Database, tmp_path: Path) -> None:
    github = GitHub(client_id="id", client_secret="secret")
    site = site_on(database, tmp_path, behind=lambda auth: SignInWith(auth, [github]))
    browser = site.browser()
    user = await site.make()
    await browser.open("/account/sign-in?next=/account/linked")
    assert "Sign in by GitHub" in browser.text
    assert 'href="/auth/with/github?next=%2Faccount%2Flinked"' in browser.page.text
    await browser.send(ANN)
    assert browser.path == "/account/linked"
    assert "form-action" not in browser.page.headers["content-security-policy"]

    answer = await browser.client.post(
        "/account/linked", data={"link": "github"}, headers={"sec-fetch-site": "same-origin"}
    )
    assert answer.status_code == 303
    assert urlsplit(answer.headers["location"]).hostname == "github.com"
    async with database.own_transaction():
        linked = await LinkedLogin(
            digest="d" * 64, user=user.handle, issuer="https://github.com", subject="1",
            label="ann <b>", used_at=None,
        ).save()  # fmt: skip
    await browser.open("/account/linked")
    assert "ann &lt;b&gt;" in browser.page.text
    await browser.send({"remove": str(linked.id)})
    assert "The link was taken away." in browser.text
    await browser.send({"remove": "7"})
    assert browser.page.status_code == 404


async def test_pages_of_the_application_send_people_to_confirm_too(site: PagedSite) -> None:
    @site.app.get("/danger", dependencies=[Depends(requires_recent_login)])
    async def danger() -> str:
        return "done"

    await site.make()
    browser = await site.signed_in()
    await site.grow_old()
    await browser.open("/danger?really=1")
    assert browser.path == "/account/confirm-identity?next=%2Fdanger%3Freally%3D1"

    asked = await browser.client.get("/danger", headers={"accept": "*/*"})
    assert (asked.status_code, asked.headers["x-auth-required"]) == (403, "recent-login")
    by_script = await browser.client.get("/danger", headers={"sec-fetch-mode": "cors"})
    assert by_script.status_code == 403


@pytest.mark.parametrize("waits", [True, False])
async def test_own_handlers_of_errors_answer_programs(site: PagedSite, waits: bool) -> None:
    async def waiting(request: Request, error: HTTPException) -> Response:
        return Response("my words", error.status_code)

    def blocking(request: Request, error: HTTPException) -> Response:
        return Response("my words", error.status_code)

    site.app.exception_handler(HTTPException)(waiting if waits else blocking)
    answer = await site.browser(accept="application/json").client.get("/account")

    assert (answer.status_code, answer.text) == (401, "my words")


async def test_a_form_that_was_sent_too_late_leads_back_to_its_page(site: PagedSite) -> None:
    await site.make()
    browser = await site.signed_in()
    await browser.open("/account/sessions")
    await site.grow_old()
    await browser.send({"end": "others"})

    assert browser.path == "/account/confirm-identity?next=%2Faccount%2Fsessions"


async def test_the_sessions_of_an_application_are_the_pages_own(site: PagedSite) -> None:
    assert isinstance(site.auth, Auth)
    headers = (await site.browser().open("/account/sign-in")).page.headers
    assert "Cookie" in headers["vary"]
