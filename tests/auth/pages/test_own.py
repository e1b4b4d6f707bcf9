"""One's own account on pages: the profile, the password, devices, tokens, passkeys."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.auth.pages.site import Browser, PagedSite, site_on
from tests.auth.site import OTHER_PASSWORD, PASSWORD
from tests.templates.test_escaping import ATTACKS
from trivet import App
from trivet.auth import Auth
from trivet.auth.pages import AccountPages
from trivet.auth.passkeys.tables import StoredPasskey
from trivet.auth.totp import Totp
from trivet.db import Database
from trivet.errors import SetupError
from trivet.templates import Templates
from trivet.testing import TestClient


async def test_the_profile_is_changed(site: PagedSite) -> None:
    await site.make()
    browser = await (await site.signed_in()).open("/account")
    await browser.send({"name": "Ann", "time_zone": "Asia/Tokyo"})
    assert "Saved." in browser.text
    assert 'value="Ann"' in browser.page.text
    assert '<option value="Asia/Tokyo" selected>Asia/Tokyo</option>' in browser.page.text
    await browser.open("/account/sessions")
    assert "JST" in browser.text

    await (await browser.open("/account")).send({"name": "Ann", "time_zone": "Nowhere/Land"})
    assert browser.page.status_code == 422
    await browser.send({"name": "Ann", "time_zone": "", "is_superuser": "true"})
    async with site.auth.database.own_transaction():
        user = await site.auth.accounts.by_email("ann@example.org")
    assert user is not None
    assert (user.time_zone, user.is_superuser) == (None, False)


async def test_the_password_is_changed_by_the_present_one(site: PagedSite) -> None:
    await site.make()
    other, browser = await site.signed_in(), await site.signed_in()
    await browser.open("/account/password")
    await browser.send({"present": "wrong", "new": OTHER_PASSWORD})
    assert browser.page.status_code == 401
    await browser.send({"present": PASSWORD, "new": "12345678"})
    assert browser.page.status_code == 422
    assert 'name="new" type="password" required autocomplete="new-password"' in browser.page.text
    await browser.send({"present": PASSWORD, "new": OTHER_PASSWORD})
    assert "Your password is changed" in browser.text

    await other.open("/account")
    assert other.path.startswith("/account/sign-in")


async def test_who_has_no_password_sets_one_after_a_recent_sign_in(site: PagedSite) -> None:
    async with site.auth.database.own_transaction():
        await site.auth.accounts.make(email="ann@example.org")
    browser = await site.browser().open("/account/ask-for-link")
    await browser.send({"email": "ann@example.org"})
    await (await browser.open(site.link())).send({})
    await browser.open("/account/password")
    assert 'name="present"' not in browser.page.text

    await site.grow_old()
    await browser.send({"new": PASSWORD})
    assert browser.path.startswith("/account/confirm-identity")
    assert "Sign out, and sign in again" in browser.text
    site.auth.recent = 600.0
    await browser.open("/account/password")
    await browser.send({"new": PASSWORD})
    assert "Your password is changed" in browser.text


async def test_devices_are_listed_and_signed_out(site: PagedSite) -> None:
    await site.make()
    other, browser = await site.signed_in(), await site.signed_in()
    await browser.open("/account/sessions")
    assert browser.text.count("this device") == 1
    id = re.findall(r'name="end" value="([0-9a-f]{32})"', browser.page.text)
    assert len(id) == 1
    await browser.send({"end": id[0]})
    assert "That device is signed out." in browser.text
    assert (await other.open("/account")).path.startswith("/account/sign-in")

    await site.signed_in()
    await (await browser.open("/account/sessions")).send({"end": "others"})
    assert "All other devices are signed out." in browser.text
    assert 'name="end"' not in browser.page.text


async def test_who_has_to_confirm_that_it_is_them_comes_back(site: PagedSite) -> None:
    await site.make()
    browser = await site.signed_in()
    await site.grow_old()
    await browser.open("/account/tokens?page=1")
    assert browser.path == "/account/confirm-identity?next=%2Faccount%2Ftokens%3Fpage%3D1"
    await browser.send({"password": "wrong"})
    assert browser.page.status_code == 401
    site.auth.recent = 600.0
    await browser.send({"password": PASSWORD})

    assert browser.path == "/account/tokens?page=1"


async def test_a_code_confirms_too(site: PagedSite) -> None:
    await site.make()
    browser, app = await site.with_app()
    await browser.open("/account/confirm-identity?next=/account")
    assert "Confirm by the code of your app" in browser.text
    await browser.send({"code": "000000"}, "/account/confirm-identity/code?next=/account")
    assert browser.page.status_code == 401
    assert 'id="code-code"' in browser.page.text
    assert app.now()


async def test_tokens_are_made_shown_once_and_revoked(site: PagedSite) -> None:
    await site.make()
    browser = await (await site.signed_in()).open("/account/tokens")
    await browser.send({"name": "script", "scopes": "post.change\npost.view", "days": "30"})
    found = re.search(r"trv_\S+(?=</code>)", browser.page.text)
    assert found is not None
    assert browser.page.headers["cache-control"] == "no-store"
    asked = await site.browser().client.get(
        "/auth/me", headers={"authorization": f"Bearer {found[0]}"}
    )
    assert asked.json()["email"] == "ann@example.org"

    await browser.open("/account/tokens")
    assert found[0] not in browser.page.text
    assert "post.change post.view" in browser.text
    await browser.send({"name": "x", "scopes": "no permission!", "days": "30"})
    assert browser.page.status_code == 422
    id = re.findall(r'name="id" value="([^"]+)"', browser.page.text)[0]
    await browser.send({"id": id}, "/account/tokens/revoke")
    assert "The token counts no more." in browser.text


async def test_passkeys_are_listed_and_taken_away(site: PagedSite) -> None:
    user = await site.make()
    async with site.auth.database.own_transaction():
        await StoredPasskey(
            id="a" * 64, user=user.handle, credential="c", public_key=b"k", sign_count=0,
            transports=[], aaguid="", is_synced=False, is_backed_up=False, name="My <b>key</b>",
        ).save()  # fmt: skip
    browser = await site.browser().open("/account/sign-in")
    await browser.send({"log_in": "ann@example.org", "password": PASSWORD})
    assert browser.path.startswith("/account/second-factor")
    assert "Use a passkey" in browser.text
    site.auth.signing_in.factors.clear()
    browser = await (await site.signed_in()).open("/account/passkeys")
    assert "My &lt;b&gt;key&lt;/b&gt;" in browser.page.text
    await browser.send({"remove": "b" * 64})
    assert browser.page.status_code == 404
    await browser.send({"remove": "a" * 64})
    assert "The passkey was taken away." in browser.text


async def test_who_acts_as_another_sees_it_and_ends_it(site: PagedSite) -> None:
    await site.make("root@example.org", is_superuser=True)
    ann = await site.make(name="Ann <i>A</i>")
    browser = await site.signed_in("root@example.org")
    answer = await browser.client.post(
        "/auth/impersonation",
        json={"handle": ann.handle},
        headers={"origin": "https://shop.example.org"},
    )
    assert answer.status_code == 200
    await browser.open("/account")
    assert "You act as Ann <i>A</i>." in browser.text
    assert "Ann &lt;i&gt;A&lt;/i&gt;" in browser.page.text
    await browser.open("/account/tokens")
    assert "This is for the account's owner alone" in browser.text
    await browser.send({}, "/account/acting")
    assert browser.path == "/"
    await browser.open("/account")
    assert "You are yourself again." in browser.text


PAGES = [
    *("", "/password", "/sessions", "/tokens", "/passkeys", "/app", "/confirm-identity"),
    *("/sign-in", "/sign-up", "/sign-out", "/reset", "/ask-for-link", "/second-factor"),
]


@pytest.mark.parametrize("attack", ATTACKS)
async def test_nothing_that_people_write_is_markup(site: PagedSite, attack: str) -> None:
    name = attack.replace("\0", "")[:200]
    await site.make(name=name, locale=name[:35], time_zone=name[:64])
    browser = await site.browser(**{"user-agent": "Firefox"}).open("/account/sign-in")
    await browser.send({"log_in": attack, "password": attack})
    assert shows_no(browser, attack)
    await browser.open("/account/sign-up")
    await browser.send({"email": attack, "name": attack, "password": attack})
    assert shows_no(browser, attack)
    browser = await site.signed_in()
    await browser.open("/account/tokens")
    await browser.send({"name": name[:100], "scopes": "*", "days": "30"})
    await browser.send({"name": attack, "scopes": attack, "days": attack})
    assert shows_no(browser, attack)
    for page in PAGES:
        await browser.open(f"/account{page}")
        assert browser.page.status_code == 200, page
        assert shows_no(browser, attack)


def shows_no(browser: Browser, attack: str) -> bool:
    if not set(attack) & set("<>\"'"):
        return True
    return attack not in browser.page.text


async def test_every_page_says_that_it_is_nobody_elses(site: PagedSite) -> None:
    await site.make()
    browser = await site.signed_in()
    for page in PAGES:
        await browser.open(f"/account{page}")
        headers = browser.page.headers
        if browser.path == "/":
            continue
        assert headers["cache-control"] == "no-store", page
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        for wrong in (" style=", "<style", "javascript:", " onclick", "https://cdn"):
            assert wrong not in browser.page.text
        assert not re.search(r"<script(?![^>]* src=)", browser.page.text)


async def test_a_page_is_replaced_by_a_template_of_its_name(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "account").mkdir()
    (tmp_path / "account" / "sign_in.html").write_text("<form>{{ form }}</form> mine")
    (tmp_path / "account" / "layout.html").write_text("{% block content %}{% endblock %} my frame")
    site = site_on(database, tmp_path)

    assert "mine" in (await site.browser().open("/account/sign-in")).text
    assert "my frame" in (await site.browser().open("/account/sign-up")).text


async def test_pages_are_there_for_parts_in_use_alone(database: Database, tmp_path: Path) -> None:
    app = App(title="Shop")
    app.use(Templates(tmp_path))
    auth = app.use(Auth(database))
    app.use(AccountPages(auth))
    browser = PagedSite(app, auth, None).browser()  # type: ignore[arg-type]  # no letters here

    for page in ("reset", "ask-for-link", "confirm", "app", "passkeys", "tokens", "second-factor"):
        assert (await browser.open(f"/account/{page}")).page.status_code == 404
    await browser.open("/account/sign-in")
    address = browser.page.text.split('rel="stylesheet" href="')[1].split('"')[0]
    style = await browser.client.get(address)
    assert style.headers["content-type"].startswith("text/css")
    assert "immutable" in style.headers["cache-control"]


def test_pages_without_templates_are_refused() -> None:
    app = App()
    auth = Auth(Database("sqlite://"))
    with pytest.raises(SetupError) as told:
        app.use(AccountPages(auth))

    assert told.value.code == "auth.no-templates"


def test_a_path_that_is_none_is_refused() -> None:
    with pytest.raises(SetupError) as told:
        AccountPages(Auth(Database("sqlite://")), path="account/")

    assert told.value.code == "auth.pages-path"


def test_parts_that_come_too_late_for_their_pages_are_told_of(tmp_path: Path) -> None:
    app = App()
    auth = Auth(app.use(Database("sqlite://")))
    app.use(AccountPages(auth, app.use(Templates(tmp_path))))
    app.use(Totp(auth))

    with pytest.raises(SetupError) as told, TestClient(app):
        pass
    assert told.value.code == "auth.pages-early"
