"""An application with pages for accounts and all that has some, and a browser without scripts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pyotp
from sqlalchemy import Table

from tests.auth.site import PASSWORD, SITE, auth_tables, quick_passwords
from trivet import App
from trivet.auth import Auth, AuthOptions, Impersonation, MagicLinks
from trivet.auth.pages import AccountPages
from trivet.auth.passkeys import Passkeys
from trivet.auth.passkeys.tables import StoredPasskey
from trivet.auth.providers.tables import LinkedLogin, StoredTrip
from trivet.auth.recovery.tables import StoredRecoveryCode
from trivet.auth.tokens import ApiTokens
from trivet.auth.tokens.table import ApiToken
from trivet.auth.totp import Totp
from trivet.auth.totp.tables import StoredTotp
from trivet.db import Database
from trivet.mail import Mail, MemoryTransport
from trivet.templates import Templates


def tables_in(database: Database) -> Sequence[Table]:
    """Give the tables that these tests need."""
    more: list[Any] = [
        StoredTotp,
        StoredRecoveryCode,
        StoredPasskey,
        ApiToken,
        LinkedLogin,
        StoredTrip,
    ]
    return [*auth_tables(database), *(model.__table__ for model in more)]


class Browser:
    """A browser without scripts: keeps cookies, follows redirects, sends forms as they stand."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client
        self.page: httpx2.Response = httpx2.Response(204)

    @property
    def text(self) -> str:
        """What the page says, without its tags."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.page.text)).split())

    @property
    def path(self) -> str:
        """Where the page is, with its query."""
        return self.page.request.url.raw_path.decode()

    async def open(self, address: str) -> Browser:
        """Go to a page."""
        self.page = await self.client.get(address.removeprefix(SITE), follow_redirects=True)
        return self

    async def send(self, data: dict[str, str], to: str | None = None) -> Browser:
        """Send a form of this page, to where its address is, or to another one."""
        target = self.path if to is None else to
        self.page = await self.client.post(
            target,
            data=data,
            headers={"origin": SITE, "referer": f"{SITE}{self.path}"},
            follow_redirects=True,
        )
        return self


@dataclass
class PagedSite:
    """An application, its accounts, and the letters that it has sent."""

    app: App
    auth: Auth
    letters: MemoryTransport

    def browser(self, **headers: str) -> Browser:
        """Give a browser of its own; its requests run in tasks of their own, as a server's do."""

        async def served(scope: Any, receive: Any, send: Any) -> None:
            await asyncio.create_task(self.app(scope, receive, send))

        transport = httpx2.ASGITransport(app=served, raise_app_exceptions=True)
        known = {"accept": "text/html,*/*;q=0.8", **headers}
        return Browser(httpx2.AsyncClient(transport=transport, base_url=SITE, headers=known))

    def link(self) -> str:
        """Give the link of the newest letter."""
        text = self.letters.messages[-1].text or ""
        found: list[str] = re.findall(r"https?://\S+", text)
        return found[0]

    async def make(self, email: str = "ann@example.org", **values: Any) -> Any:
        """Make an account whose address is confirmed."""
        async with self.auth.database.own_transaction():
            user = await self.auth.accounts.make(email=email, password=PASSWORD, **values)
            return await user.update(email_confirmed_at=user.joined_at)

    async def signed_in(self, email: str = "ann@example.org") -> Browser:
        """Give a browser in which an account is signed in."""
        browser = await self.browser().open("/account/sign-in")
        await browser.send({"log_in": email, "password": PASSWORD})
        assert browser.page.status_code == 200, browser.text
        return browser

    async def with_app(self, email: str = "ann@example.org") -> tuple[Browser, pyotp.TOTP]:
        """Set up an app that makes codes; gives the browser, which shows recovery codes."""
        browser = await (await self.signed_in(email)).open("/account/app")
        await browser.send({"do": "begin"})
        found = re.search(r"[?&]secret=([A-Z2-7]+)", unescape(browser.page.text))
        assert found is not None, browser.page.text
        app = pyotp.TOTP(found[1])
        await browser.send({"code": app.now()}, "/account/app/confirm")
        return browser, app

    async def grow_old(self) -> None:
        """Let all that was proved be proved too long ago."""
        self.auth.recent = -1.0


def site_on(
    database: Database,
    folder: Path,
    *,
    has_mail: bool = True,
    hooks: Sequence[Any] = (),
    before: Sequence[Any] = (),
    behind: Callable[[Auth], Any] | None = None,
    **options: Any,
) -> PagedSite:
    """Make an application with everything that has pages, and templates of its own in `folder`."""
    letters = MemoryTransport()
    app = App(title="Shop", hooks=list(hooks))
    app.use(database)
    templates = app.use(Templates(folder))
    mail = None
    if has_mail:
        mail = app.use(Mail(letters, sender="shop@example.org", templates=templates))
    for part in before:
        app.use(part)
    options.setdefault("site", SITE)
    auth = app.use(
        Auth(database, mail=mail, passwords=quick_passwords(), options=AuthOptions(**options))
    )
    app.use(Totp(auth))
    app.use(Passkeys(auth))
    app.use(ApiTokens(auth))
    app.use(Impersonation(auth))
    if has_mail:
        app.use(MagicLinks(auth))
    if behind is not None:
        app.use(behind(auth))
    app.use(AccountPages(auth))

    @app.get("/")
    async def home() -> str:
        return "the shop"

    return PagedSite(app, auth, letters)
