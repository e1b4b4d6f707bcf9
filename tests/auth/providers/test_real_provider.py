"""A provider that others wrote, on its own socket, and a real browser between it and a site."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.auth.providers.conftest import OWN, PAGE
from tests.auth.site import Site, auth_tables, quick_passwords
from tests.examples.browser import browsing
from trivet import App, HTMLResponse
from trivet.auth import Auth, CurrentUser
from trivet.auth.providers import OidcProvider, SignInWith
from trivet.db import Database, Model
from trivet.mail import MemoryTransport
from trivet.testing import LiveServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

ANN = {"sub": "7", "email": "ann@example.org", "email_verified": True, "name": "Ann <b>Reader</b>"}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """Run a provider, and give its address."""
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "-p", "0", "-n", "true"]
    process = subprocess.Popen(
        [*command, "--user-claims", json.dumps(ANN)], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    told = (re.search(r"http://127\.0\.0\.1:\d+", line) for line in process.stderr)
    address = next((found[0] for found in told if found), None)
    drain = threading.Thread(target=process.stderr.read)
    drain.start()
    try:
        assert address is not None, "the provider did not start"
        yield address
    finally:
        process.terminate()
        process.wait(20)
        drain.join(20)
        process.stderr.close()


def shop(path: Path, provider: str) -> Site:
    """Make a site that is being developed, over a file."""
    database = Database(f"sqlite:///{path}")
    app = App(title="Shop", debug=True)
    app.use(database)
    auth = app.use(Auth(database, passwords=quick_passwords()))
    acme = OidcProvider("acme", issuer=provider, client_id="shop", client_secret="a/b c&d")
    app.use(SignInWith(auth, [acme]))

    @app.get("/")
    async def front() -> HTMLResponse:
        return HTMLResponse("<title>Shop</title><a id=with href='/auth/with/acme?next=/me'>In</a>")

    @app.get("/me")
    async def me(user: CurrentUser) -> HTMLResponse:
        return HTMLResponse(f"<title>Me</title><h1 id=me>{user.email}</h1>")

    return Site(app, auth, MemoryTransport())


async def prepare(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    tables = [*auth_tables(database), *(one.__table__ for one in OWN)]
    async with database.engine.begin() as connection:
        await connection.run_sync(Model.metadata.create_all, tables=tables)
    await database.close()


@pytest.fixture
def served(tmp_path: Path, provider: str) -> Iterator[str]:
    """Serve the site, and give its address."""
    path = tmp_path / "shop.db"
    asyncio.run(prepare(path))
    with LiveServer(shop(path, provider).app) as server:
        yield server.url


def test_somebody_signs_in_and_refuses(served: str) -> None:
    with httpx2.Client(base_url=served) as ann:
        sent = ann.get("/auth/with/acme").headers["location"]
        back = ann.post(sent, data={"sub": "7"}).headers["location"]
        assert ann.get(back).headers["location"] == "/"
        assert ann.get("/auth/me").json()["email"] == "ann@example.org"

        assert ann.get(back).status_code == 400  # once

    with httpx2.Client(base_url=served, headers=PAGE) as bob:
        sent = bob.get("/auth/with/acme").headers["location"]
        back = bob.post(sent, data={"action": "deny"}).headers["location"]
        answer = bob.get(f"{served}/auth/with/acme/callback", params=httpx2.URL(back).params)
        # This provider leaves the state out when it refuses, so that it is nobody's answer.
        assert answer.status_code == 400
        assert "That did not work" in answer.text


@pytest.mark.browser
def test_somebody_signs_in_by_a_browser(chromium: str, served: str, tmp_path: Path) -> None:
    with browsing(chromium, tmp_path) as page:
        page.open(served)
        page.wait_for("document.getElementById('with') !== null")
        page.run("document.getElementById('with').click()")
        page.wait_for("document.querySelector('button[value=\"7\"]') !== null")
        page.photograph(tmp_path / "provider.png")
        page.run("document.querySelector('button[value=\"7\"]').click()")

        # The cookie is SameSite=Lax, and comes back with a navigation from another site.
        assert page.wait_for("document.getElementById('me')?.textContent") == "ann@example.org"
        assert page.run("location.pathname + location.search") == "/me"
        page.photograph(tmp_path / "signed-in.png")

        page.open(f"{served}/auth/with/acme/callback?state=x&error=%3Cscript%3E")
        page.wait_for("document.title === 'That did not work'")
        page.photograph(tmp_path / "refused.png")
        assert page.run("document.querySelectorAll('script').length") == 0
