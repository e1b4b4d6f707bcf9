"""Passkeys in a real browser, with a device that its DevTools make."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.auth.factors.site import PASSWORD, Clock, Site, tables_in
from tests.examples.browser import Page, browsing
from trivet import App, Request, Response
from trivet.auth import Auth, AuthOptions, Passwords
from trivet.auth.passkeys import Passkeys
from trivet.auth.totp import Totp
from trivet.db import Database, Model
from trivet.testing import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

SCRIPT = Path(__file__).parents[3] / "src/trivet/auth/passkeys/passkeys.js"
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; form-action 'self'"
PAGE = """<!doctype html><title>Shop</title><link rel="icon" href="data:,">
<form><input id="name" autocomplete="username webauthn"></form>
<script type="module" src="/page.js"></script>"""
PAGE_SCRIPT = """
import * as passkeys from "/auth/passkeys.js";
window.passkeys = passkeys;
window.api = async (method, path, body) => {
  const answer = await fetch(path, { method, body: body && JSON.stringify(body),
    headers: { "content-type": "application/json" } });
  return { status: answer.status, body: await answer.json().catch(() => null) };
};
"""
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def shop(path: Path) -> Site:
    database = Database(f"sqlite:///{path}")
    app = App(title="Shop", debug=True)
    app.use(database)
    passwords = Passwords(time_cost=1, memory_cost=8)
    auth = app.use(Auth(database, passwords=passwords, options=AuthOptions()))
    totp, passkeys = app.use(Totp(auth)), app.use(Passkeys(auth))

    @app.get("/")
    async def page() -> Response:
        return Response(PAGE, media_type="text/html", headers={"content-security-policy": POLICY})

    @app.get("/page.js")
    async def page_script(request: Request) -> Response:
        return Response(PAGE_SCRIPT, media_type="text/javascript")

    return Site(app, auth, totp, passkeys, Clock())


async def prepare(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Model.metadata.create_all, tables=list(tables_in(database)))
    await database.close()


class Person:
    """Somebody in front of a page of the shop, with a device for passkeys."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url
        page.open(url)
        page.wait_for("window.passkeys !== undefined")
        page._ask("WebAuthn.enable")
        self.device = page._ask("WebAuthn.addVirtualAuthenticator", options=DEVICE)[
            "authenticatorId"
        ]

    def does(self, script: str) -> Any:
        """Give what a promise of the page comes to, or the name and status of its error."""
        self.page.run(
            f"window.done = undefined; ({script}).then("
            "(one) => { window.done = { gives: one } }, (error) => { window.done ="
            " { raises: error.name, status: error.status, says: String(error) } }); 0"
        )
        return self.page.wait_for("window.done")

    def asks(self, method: str, path: str, body: Any = None) -> Any:
        told = self.does(f"api({json.dumps(method)}, {json.dumps(path)}, {json.dumps(body)})")
        return told["gives"]

    def steers(self, method: str, **params: Any) -> dict[str, Any]:
        return self.page._ask(f"WebAuthn.{method}", authenticatorId=self.device, **params)

    def shows_password(self) -> Any:
        given = {"log_in": "ann@example.org", "password": PASSWORD}
        return self.asks("POST", "/auth/sign-in", given)["body"]


@pytest.fixture
def ann(chromium: str, tmp_path: Path) -> Iterator[Person]:
    """Give somebody who has an account, and a passkey on her device."""
    asyncio.run(prepare(tmp_path / "shop.db"))
    site = shop(tmp_path / "shop.db")
    with LiveServer(site.app) as server, browsing(chromium, tmp_path) as page:
        person = Person(page, server.url.replace("127.0.0.1", "localhost"))
        given = {"email": "ann@example.org", "password": PASSWORD}
        assert person.asks("POST", "/auth/sign-up", given)["status"] == 202
        assert person.shows_password()["user"]["email"] == "ann@example.org"
        made = person.does('passkeys.register("My telephone")')
        assert made.get("gives", made)["name"] == "My telephone", made
        yield person


def signed_in(person: Person) -> bool:
    return bool(person.asks("GET", "/auth/me")["status"] == 200)


def test_a_browser_makes_a_passkey_and_signs_in_by_it_alone(ann: Person) -> None:
    again = ann.does("passkeys.register()")
    ann.asks("POST", "/auth/sign-out")
    assert not signed_in(ann)

    done = ann.does("passkeys.signIn({ remember: true })")

    assert again["raises"] == "InvalidStateError"  # this device has one already
    assert done["gives"]["user"]["email"] == "ann@example.org"
    assert signed_in(ann)
    [shown] = ann.asks("GET", "/auth/passkeys")["body"]
    assert shown["used_at"] is not None


def test_a_browser_shows_a_passkey_behind_a_password_and_to_prove_it_again(ann: Person) -> None:
    ann.asks("POST", "/auth/sign-out")
    assert ann.shows_password() == {"user": None, "second_factors": ["passkey"]}
    assert not signed_in(ann)

    second = ann.does("passkeys.signIn({ second: true })")
    step_up = ann.does("passkeys.confirm()")

    assert second["gives"]["user"]["email"] == "ann@example.org"
    assert step_up["gives"] == {"detail": "Thank you"}


def test_a_browser_whose_device_was_not_unlocked_is_refused(ann: Person) -> None:
    ann.asks("POST", "/auth/sign-out")
    ann.steers("setUserVerified", isUserVerified=False)

    done = ann.does("passkeys.signIn()")

    assert done["raises"] == "NotAllowedError"
    assert not signed_in(ann)


def test_a_copy_of_the_device_is_refused(ann: Person) -> None:
    ann.asks("POST", "/auth/sign-out")
    [copy] = ann.steers("getCredentials")["credentials"]
    assert "gives" in ann.does("passkeys.signIn()")
    ann.asks("POST", "/auth/sign-out")

    ann.steers("clearCredentials")
    ann.steers("addCredential", credential=copy)
    done = ann.does("passkeys.signIn()")

    assert (done["raises"], done["status"]) == ("PasskeyError", 401)
    assert not signed_in(ann)


def test_a_passkey_that_was_taken_away_is_refused(ann: Person) -> None:
    [shown] = ann.asks("GET", "/auth/passkeys")["body"]
    assert ann.asks("DELETE", f"/auth/passkeys/{shown['id']}")["status"] == 204
    ann.asks("POST", "/auth/sign-out")

    done = ann.does("passkeys.signIn()")

    assert (done["raises"], done["status"]) == ("PasskeyError", 401)


def test_a_form_offers_passkeys_and_signs_in_by_one(ann: Person) -> None:
    ann.asks("POST", "/auth/sign-out")

    done = ann.does("passkeys.signIn({ autofill: true })")

    assert done["gives"]["user"]["email"] == "ann@example.org"


def test_the_script_is_one_small_file_without_imports() -> None:
    text = SCRIPT.read_text()

    assert len(text) < 6_000
    assert 'from "' not in text.replace('from "/auth/passkeys.js"', "")
    assert "eval(" not in text
