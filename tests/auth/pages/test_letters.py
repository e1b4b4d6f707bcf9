"""Letters, and the pages to which they lead: the token leaves the address, and counts once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.auth.pages.site import PagedSite, site_on
from tests.auth.site import OTHER_PASSWORD, PASSWORD, SITE
from trivet.db import Database
from trivet.i18n import I18n


async def test_a_password_is_set_by_a_letter(site: PagedSite) -> None:
    await site.make()
    elsewhere = await site.signed_in()
    browser = await site.browser().open("/account/reset")
    await browser.send({"email": "ann@example.org"})
    assert "If there is such an account, a letter is on its way" in browser.text

    link = site.link()
    await browser.open(link)
    assert browser.path == "/account/reset/new"
    await browser.send({"new": "123"})
    assert browser.page.status_code == 422
    assert "too short" in browser.text
    await browser.send({"new": OTHER_PASSWORD})
    assert "Your password is set" in browser.text
    await browser.send({"log_in": "ann@example.org", "password": OTHER_PASSWORD})
    assert browser.path == "/"

    await elsewhere.open("/account")
    assert elsewhere.path.startswith("/account/sign-in")
    assert (await site.browser().open(link)).page.status_code == 400


async def test_who_asks_for_a_letter_learns_nothing(site: PagedSite) -> None:
    await site.make()
    for page in ("/account/reset", "/account/ask-for-link"):
        texts = []
        for email in ("ann@example.org", "nobody@example.org", "not an address"):
            browser = await site.browser().open(page)
            await browser.send({"email": email})
            texts.append((browser.page.status_code, browser.path, browser.text))
        assert texts[0] == texts[1] == texts[2]


async def test_a_link_signs_in_by_a_click_alone(site: PagedSite) -> None:
    await site.make()
    browser = await site.browser().open("/account/ask-for-link")
    await browser.send({"email": "ann@example.org"})
    link = site.link()
    await browser.open(link)
    assert browser.path == "/account/link"
    await browser.open("/account")
    assert browser.path.startswith("/account/sign-in")

    await browser.open("/account/link")
    await browser.send({"remember": "true"})
    await browser.open("/account")
    assert browser.path == "/account"
    other = await site.browser().open(link)
    assert other.page.status_code == 400
    assert "This link does not count any more" in other.text


@pytest.mark.parametrize("page", ["/account/confirm", "/account/reset/new", "/account/link"])
async def test_a_token_leaves_the_address_and_no_referrer_has_it(
    site: PagedSite, page: str
) -> None:
    token = "x" * 43
    client = site.browser().client
    answer = await client.get(page, params={"token": token})
    assert answer.status_code == 303
    assert answer.headers["location"] == page
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    cookie = answer.headers["set-cookie"]
    for word in ("HttpOnly", "Secure", "SameSite=lax", f"Path={page}"):
        assert word.lower() in cookie.lower()

    shown = await client.get(page)
    assert shown.status_code == 400
    assert token not in shown.text
    assert shown.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("token", ['"><script>alert(1)</script>', "a" * 101, "", "a;b", "é"])
async def test_what_is_no_token_is_carried_nowhere(site: PagedSite, token: str) -> None:
    browser = await site.browser().open("/account")
    answer = await browser.client.get("/account/confirm", params={"token": token})
    assert "=none;" in answer.headers["set-cookie"]
    await browser.open("/account/confirm")

    assert browser.page.status_code == 400
    assert "<script>alert" not in browser.page.text


async def test_a_link_that_was_used_says_so(site: PagedSite) -> None:
    browser = await site.browser().open("/account/sign-up")
    await browser.send({"email": "ann@example.org", "name": "", "password": PASSWORD})
    link = site.link()
    await (await browser.open(link)).send({})
    await browser.open(link)
    assert browser.page.status_code == 400
    assert "This link does not count any more" in browser.text
    await browser.send({}, "/account/confirm")
    assert browser.page.status_code == 400


async def test_letters_are_pages_with_a_plain_text_beside_them(site: PagedSite) -> None:
    browser = await site.browser().open("/account/sign-up")
    await browser.send({"email": "ann@example.org", "name": "", "password": PASSWORD})
    letter = site.letters.messages[-1]

    assert letter.subject == "Confirm your e-mail address (Shop)"
    assert f'<a class="button" href="{SITE}/account/confirm?token=' in (letter.html or "")
    assert (letter.text or "").startswith("Somebody, we hope you, made an account")
    assert f"\n\n{SITE}/account/confirm?token=" in (letter.text or "")


async def test_a_letter_is_replaced_by_a_template_of_its_name(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "account" / "letters"
    folder.mkdir(parents=True)
    (folder / "reset.html").write_text(
        '<title>New password, {{ user.name }}</title><a href="{{ link }}">Go</a>'
    )
    site = site_on(database, tmp_path)
    await site.make(name="<b>Ann</b>")
    await (await site.browser().open("/account/reset")).send({"email": "ann@example.org"})
    letter = site.letters.messages[-1]

    assert letter.subject == "New password, <b>Ann</b>"
    assert "&lt;b&gt;" in (letter.html or "")


async def test_letters_speak_the_language_of_their_account(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "locale" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Set a new password"\nmsgstr "Ein neues Passwort"\n\n'
        'msgid "The log-in or the password is not right"\nmsgstr "Das stimmt nicht"\n'
    )
    (tmp_path / "templates").mkdir()
    i18n = I18n(str(tmp_path / "locale"), locales=["en", "de"])
    site = site_on(database, tmp_path / "templates", before=[i18n])
    site.app.debug = True
    await site.make(locale="de")
    browser = await site.browser(**{"accept-language": "de"}).open("/account/reset")
    assert "Ein neues Passwort" in browser.text
    assert '<html lang="de" dir="ltr">' in browser.page.text
    await browser.send({"email": "ann@example.org"})
    assert site.letters.messages[-1].subject == "Ein neues Passwort (Shop)"

    await browser.open("/account/sign-in")
    await browser.send({"log_in": "ann@example.org", "password": "x"})
    assert "Das stimmt nicht" in browser.text
