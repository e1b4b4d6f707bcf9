"""The pages of accounts in a real browser: the whole way, without scripts, in the dark."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyotp
import pytest

from tests.examples.browser import Navigated, Page, browsing
from tests.examples.serving import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

PASSWORD = "seven green ladders"
APP = """
from contextlib import asynccontextmanager
from trivet import App
from trivet.auth import Auth, CurrentUser, Impersonation, MagicLinks, Passwords, User
from trivet.auth.pages import AccountPages
from trivet.auth.passkeys import Passkeys
from trivet.auth.tokens import ApiTokens
from trivet.auth.totp import Totp
from trivet.db import Database
from trivet.mail import Mail, MemoryTransport
from trivet.templates import Templates

@asynccontextmanager
async def lifespan(app):
    await db.create_tables()
    async with db.own_transaction():
        root = await auth.accounts.make(
            email="root@example.org", password="seven green ladders", is_superuser=True)
        await root.update(email_confirmed_at=root.joined_at)
        bob = await auth.accounts.make(email="bob@example.org", name="Bob")
        app.state.bob = bob.handle
    yield

app = App(title="Shop", debug=True, lifespan=lifespan)
db = app.use(Database("sqlite://"))
templates = app.use(Templates("templates"))
mail = app.use(Mail(MemoryTransport(), sender="shop@example.org", templates=templates))
auth = app.use(Auth(db, mail=mail, passwords=Passwords(time_cost=1, memory_cost=8)))
for part in (Totp, Passkeys, ApiTokens, Impersonation, MagicLinks):
    app.use(part(auth))
app.use(AccountPages(auth, home="/account"))

@app.get("/bob")
async def bob() -> str:
    return app.state.bob
"""
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
READY = "document.readyState === 'complete' && !window.before && document.title"


@dataclass
class Person:
    """Somebody in front of a page, who types, presses Enter, and clicks."""

    page: Page
    url: str
    photographs: Path

    def open(self, address: str) -> None:
        self.page.run("window.before = true")
        self.page.open(address if "://" in address else self.url + address)
        self.page.wait_for(READY)

    def fill(self, **values: str) -> None:
        for name, value in values.items():
            self.page.run(f"document.getElementsByName('{name}')[0].value = {json.dumps(value)}")

    def click(self, selector: str) -> None:
        """Click what leads to another page, and wait for that."""
        self.page.run("window.before = true")
        with suppress(Navigated):  # by the click itself
            self.page.run(f"document.querySelector({json.dumps(selector)}).click()")
        self.page.wait_for(READY)

    def send(self, **values: str) -> None:
        """Fill in the page's own form, and send it."""
        self.fill(**values)
        self.click("main .account-button")

    @property
    def path(self) -> str:
        found: str = self.page.run("location.pathname")
        return found

    @property
    def text(self) -> str:
        found: str = self.page.run("document.body.innerText")
        return found

    def looked_at(self, name: str) -> None:
        """See that nothing is serious to who reads or hears the page, in each look of it."""
        for look, width, scheme in (("wide", 1200, "light"), ("phone", 375, "dark")):
            self.page._ask(
                "Emulation.setDeviceMetricsOverride",
                width=width, height=860, deviceScaleFactor=1, mobile=width < 500,
            )  # fmt: skip
            media = [{"name": "prefers-color-scheme", "value": scheme}]
            self.page._ask("Emulation.setEmulatedMedia", features=media)
            self.page.photograph(self.photographs / f"{name}-{look}-{scheme}.png")
            assert self.page.run("document.documentElement.scrollWidth <= innerWidth"), (name, look)
            assert violations(self.page) == [], (name, look)

    def letter(self) -> str:
        """Give the link of the newest letter, from the inbox of development."""
        self.open("/_dev/mail")
        self.click("main a[href^='/_dev/mail/']")
        found: str = self.page.run("document.body.innerText.match(/http:\\S+[?]token=[\\w-]+/)[0]")
        return found


def violations(page: Page) -> list[tuple[str, Any]]:
    """Give what axe finds that is serious or critical."""
    page.run(files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8") + "; 1")
    page.run(
        "window.found = undefined;"
        "axe.run().then((found) => { window.found = JSON.stringify(found.violations) }); 1"
    )
    found = json.loads(page.wait_for("window.found"))
    serious = [
        one
        for one in found
        if one["impact"] in ("serious", "critical")
        # `webauthn` stands in the list of HTML's since passkeys do, and axe does not know it yet.
        and not all('autocomplete="username webauthn"' in node["html"] for node in one["nodes"])
    ]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in serious]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "templates").mkdir()
    (folder / "account_shop.py").write_text(APP)
    with serving(str(folder / "account_shop.py")) as example:
        yield example.url.replace("127.0.0.1", "localhost")


@pytest.fixture
def person(chromium: str, tmp_path: Path, shop: str) -> Iterator[Person]:
    photographs = Path(os.environ.get("PHOTOGRAPHS", tmp_path))
    with browsing(chromium, tmp_path) as page:
        yield Person(page, shop, photographs)


def test_an_account_from_its_first_page_to_its_last(person: Person) -> None:
    person.open("/account/sign-up")
    person.looked_at("sign-up")
    person.page.run("document.querySelector('form').noValidate = true")
    person.send(email="ann", name="Ann", password="123")
    person.page.wait_for("document.activeElement.name == 'email'")
    person.looked_at("sign-up-wrong")
    person.send(email="ann@example.org", name="Ann", password=PASSWORD)
    assert person.path == "/account/sign-in"
    person.looked_at("sign-in")

    person.open(person.letter())
    assert person.page.run("location.search") == ""
    person.looked_at("confirm")
    person.send()
    person.send(log_in="ann@example.org", password="wrong")
    person.page.wait_for("document.activeElement.name == 'password'")
    person.looked_at("sign-in-wrong")
    person.send(log_in="ann@example.org", password=PASSWORD)
    assert person.path == "/account"
    person.looked_at("profile")
    person.page.run("document.documentElement.dir = 'rtl'")
    person.looked_at("profile-right-to-left")

    person.open("/account/app")
    person.looked_at("app")
    person.send()
    person.looked_at("app-new")
    secret = person.page.run("document.querySelector('.account-secret').textContent")
    app = pyotp.TOTP(secret)
    person.send(code=app.now())
    codes = person.page.run(
        "[...document.querySelectorAll('.account-codes li')].map(e => e.innerText)"
    )
    assert len(codes) == 10
    person.looked_at("recovery-codes")
    person.open("/account/app")
    person.looked_at("app-active")

    for name in ("password", "sessions", "tokens", "passkeys", "confirm-identity", "sign-out"):
        person.open(f"/account/{name}")
        assert person.path == f"/account/{name}"
        person.looked_at(name)
    person.open("/account/tokens")
    person.send(name="A script")
    person.looked_at("token-made")

    person.click(".account-out button")
    assert "You are signed out." in person.text
    person.open("/account/sign-in")
    person.send(log_in="ann@example.org", password=PASSWORD)
    assert person.path == "/account/second-factor"
    person.looked_at("second-factor")
    person.send(code=codes[0])
    assert person.path == "/account"


def test_nothing_but_passkeys_needs_scripts(person: Person) -> None:
    person.page._ask("Emulation.setScriptExecutionDisabled", value=True)
    person.open("/account/sign-up")
    person.send(email="eve@example.org", name="Eve", password=PASSWORD)
    person.open(person.letter())
    person.send()
    assert "Your e-mail address is confirmed" in person.text
    person.send(log_in="eve@example.org", password=PASSWORD)
    person.open("/account/app")
    person.send()
    secret = person.page.run("document.querySelector('.account-secret').textContent")
    person.send(code=pyotp.TOTP(secret).now())
    code = person.page.run("document.querySelector('.account-codes li').textContent").strip()
    person.click(".account-out button")

    person.open("/account/sign-in")
    person.send(log_in="eve@example.org", password=PASSWORD)
    assert person.path == "/account/second-factor"
    person.send(code=code)
    assert person.path == "/account"
    person.click(".account-out button")
    assert "You are signed out." in person.text


def test_a_passkey_is_made_and_signs_in(person: Person) -> None:
    page = person.page
    page._ask("WebAuthn.enable")
    device = page._ask("WebAuthn.addVirtualAuthenticator", options=DEVICE)["authenticatorId"]

    def touched(by_itself: bool) -> None:
        """Say whether somebody is at the device: it answers at once what a page asks, or waits."""
        page._ask(
            "WebAuthn.setAutomaticPresenceSimulation", authenticatorId=device, enabled=by_itself
        )

    person.open("/account/sign-in")
    person.send(log_in="root@example.org", password=PASSWORD)
    person.open("/account/passkeys")
    page.wait_for("!document.querySelector('[data-passkey=register]').hidden")
    person.fill(name="My telephone")
    person.click("[data-passkey=register]")
    assert "My telephone" in person.text
    person.looked_at("passkeys-made")

    touched(False)
    person.click(".account-out button")
    person.open("/account/sign-in")
    page.wait_for("!document.querySelector('[data-passkey=sign-in]').hidden")
    person.looked_at("sign-in-passkey")
    touched(True)
    person.click("[data-passkey=sign-in]")
    assert person.path == "/account"

    touched(False)
    person.click(".account-out button")
    touched(True)
    page.open(f"{person.url}/account/sign-in")  # the list of the field has it, and it is chosen
    page.wait_for("location.pathname === '/account'")

    person.open("/account/confirm-identity?next=/account/passkeys")
    page.wait_for("!document.querySelector('[data-passkey=confirm]').hidden")
    person.click("[data-passkey=confirm]")
    assert person.path == "/account/passkeys"

    person.open("/account/act-as?search=bob")
    person.looked_at("act-as")
    person.fill(reason="Ticket 12")
    person.click("button[name=handle]")
    person.open("/account")
    assert "You act as Bob." in person.text
    person.looked_at("acting")
    person.click(".account-banner button")
    assert "You are yourself again." in person.text
