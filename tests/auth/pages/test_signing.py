"""Signing up, in and out on pages, without scripts."""

from __future__ import annotations

from pathlib import Path

import pyotp
import pytest

from tests.auth.pages.site import PagedSite, site_on
from tests.auth.site import OTHER_PASSWORD, PASSWORD
from trivet.db import Database

NEW = {"email": "Ann@Example.org", "name": "Ann", "password": PASSWORD}
ANN = {"log_in": "ann@example.org", "password": PASSWORD}


async def test_who_signs_up_confirms_by_a_letter_and_signs_in(site: PagedSite) -> None:
    browser = await site.browser().open("/account/sign-up?next=/shop")
    await browser.send(NEW)
    assert browser.path == "/account/sign-in?next=%2Fshop"
    assert "Look into your mail" in browser.text
    await browser.send(ANN)
    assert browser.page.status_code == 403
    assert "Confirm your e-mail address first" in browser.text

    await browser.open(site.link())
    assert browser.path == "/account/confirm"
    await browser.send({})
    assert "Your e-mail address is confirmed" in browser.text
    await browser.send(ANN)

    assert browser.path == "/"
    await browser.open("/account")
    assert "You are signed in as ann@example.org" in browser.text


async def test_opening_a_letter_confirms_nothing(site: PagedSite) -> None:
    await (await site.browser().open("/account/sign-up")).send(NEW)
    for _ in range(3):
        await site.browser().open(site.link())

    async with site.auth.database.own_transaction():
        user = await site.auth.accounts.by_email("ann@example.org")
    assert user is not None
    assert user.email_confirmed_at is None


async def test_a_known_address_is_told_the_same(site: PagedSite) -> None:
    await site.make()
    pages = []
    for email in ("ann@example.org", "bob@example.org"):
        browser = await site.browser().open("/account/sign-up")
        await browser.send({**NEW, "email": email})
        pages.append((browser.path, browser.page.status_code, browser.text))

    assert pages[0] == pages[1]
    assert "already" in (site.letters.messages[0].subject or "")


async def test_what_is_wrong_stands_beside_its_field_which_has_the_focus(site: PagedSite) -> None:
    browser = await site.browser().open("/account/sign-up")
    await browser.send({**NEW, "email": "ann"})
    assert browser.page.status_code == 422
    assert "Enter an e-mail address, such as ann@example.org" in browser.text
    assert 'aria-describedby="form-email-errors" aria-invalid="true" autofocus' in browser.page.text

    await browser.send({**NEW, "password": "123"})
    assert browser.page.status_code == 422
    assert "too short" in browser.text
    assert 'aria-invalid="true" autofocus' in browser.page.text
    assert "123" not in browser.page.text


async def test_unknown_accounts_and_wrong_passwords_have_one_text(site: PagedSite) -> None:
    await site.make()
    texts = []
    for email in ("ann@example.org", "nobody@example.org"):
        browser = await site.browser().open("/account/sign-in")
        await browser.send({"log_in": email, "password": OTHER_PASSWORD})
        assert browser.page.status_code == 401
        assert OTHER_PASSWORD not in browser.page.text
        texts.append(browser.page.text.replace(email, ""))

    assert texts[0] == texts[1]
    assert "The log-in or the password is not right" in texts[0]


async def test_who_guesses_is_told_how_long_to_wait(site: PagedSite) -> None:
    browser = await site.browser().open("/account/sign-in")
    for _ in range(11):
        await browser.send({"log_in": "ann@example.org", "password": "x"})

    assert browser.page.status_code == 429
    assert int(browser.page.headers["retry-after"]) > 0
    assert "Too many attempts: try again in" in browser.text


async def test_who_is_signed_in_goes_on(site: PagedSite) -> None:
    await site.make()
    browser = await site.signed_in()
    await browser.open("/account/sign-in?next=/account/password")

    assert browser.path == "/account/password"


@pytest.mark.parametrize(
    "next", ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "x"]
)
async def test_nobody_is_sent_to_another_site(site: PagedSite, next: str) -> None:
    await site.make()
    browser = site.browser()
    answer = await browser.client.post(
        "/account/sign-in",
        params={"next": next},
        data=ANN,
        headers={"sec-fetch-site": "same-origin"},
    )

    assert answer.status_code == 303
    assert answer.headers["location"] == "/"


async def test_signing_out_is_a_post(site: PagedSite) -> None:
    await site.make()
    browser = await site.signed_in()
    await browser.open("/account/sign-out")
    await browser.open("/account")
    assert browser.path == "/account"

    await browser.send({}, "/account/sign-out")
    await browser.open("/account")
    assert browser.path == "/account/sign-in?next=%2Faccount"
    assert "You are signed out." in browser.text


async def test_who_has_to_sign_in_comes_back(site: PagedSite) -> None:
    await site.make()
    browser = await site.browser().open("/account/password?tab=1")
    assert browser.path == "/account/sign-in?next=%2Faccount%2Fpassword%3Ftab%3D1"
    await browser.send(ANN)

    assert browser.path == "/account/password?tab=1"


async def test_programs_are_told_in_json(site: PagedSite) -> None:
    client = site.browser(accept="application/json").client
    answer = await client.get("/account")

    assert answer.status_code == 401
    assert answer.json() == {"detail": "Not authenticated"}


async def test_an_app_is_set_up_and_asked_for(site: PagedSite) -> None:
    await site.make()
    browser, app = await site.with_app()
    assert browser.text.count("-") >= 10
    codes = [one for one in browser.text.split() if one.count("-") == 3]
    assert len(codes) == 10

    other = await site.browser().open("/account/sign-in?next=/account/password")
    await other.send(ANN)
    assert other.path == "/account/second-factor?next=%2Faccount%2Fpassword"
    assert 'autocomplete="one-time-code"' in other.page.text
    await other.send({"code": "000000"})
    assert other.page.status_code == 401
    assert "The code is not right" in other.text
    await other.send({"code": codes[0].upper()})
    assert other.path == "/account/password"

    await other.open("/account/app")
    assert "9 recovery codes are left" in other.text
    assert isinstance(app, pyotp.TOTP)
    await other.send({"do": "codes"})
    assert codes[1] not in other.text
    await other.open("/account/app")
    await other.send({"do": "remove"})
    assert "The app was taken away" in other.text


async def test_a_second_factor_is_asked_of_nobody_who_did_not_begin(site: PagedSite) -> None:
    browser = await site.browser().open("/account/second-factor")
    assert browser.path.startswith("/account/sign-in")
    await browser.send({"code": "123456"}, "/account/second-factor")
    assert browser.path.startswith("/account/sign-in")


async def test_without_mail_who_signs_up_is_signed_in(database: Database, tmp_path: Path) -> None:
    site = site_on(database, tmp_path, has_mail=False)
    browser = await site.browser().open("/account/sign-up?next=/account")
    await browser.send(NEW)
    assert browser.path == "/account"
    assert "Your account is made." in browser.text
    again = await (await site.browser().open("/account/sign-up")).send(NEW)
    assert again.page.status_code == 409
    assert "There is such an account already" in again.text
    assert (await again.open("/account/reset")).page.status_code == 404


@pytest.mark.parametrize("log_in", ["username", "either"])
async def test_people_sign_in_by_names_where_that_is_wanted(
    database: Database, tmp_path: Path, log_in: str
) -> None:
    site = site_on(database, tmp_path, has_mail=False, log_in=log_in)
    browser = await site.browser().open("/account/sign-up")
    email = {} if log_in == "username" else {"email": "ann@example.org"}
    await browser.send({"username": "ann", "password": PASSWORD, **email})
    assert browser.path == "/"
    await browser.send({}, "/account/sign-out")
    await browser.open("/account/sign-in?next=/account")
    await browser.send({"log_in": "Ann", "password": PASSWORD})

    assert browser.path == "/account"


async def test_nobody_signs_up_where_that_is_off(database: Database, tmp_path: Path) -> None:
    site = site_on(database, tmp_path, sign_up=False)
    assert (await site.browser().open("/account/sign-up")).page.status_code == 404
    assert "Make an account" not in (await site.browser().open("/account/sign-in")).text
