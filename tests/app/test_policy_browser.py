"""Trivet's own pages under their policies, in a real browser: nothing of theirs is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.browser import Page, browsing
from tests.examples.serving import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

APP = """
from contextlib import asynccontextmanager
from trivet import App
from trivet.auth import Auth, Passwords
from trivet.auth.pages import AccountPages
from trivet.auth.passkeys import Passkeys
from trivet.db import Database
from trivet.mail import Mail, MemoryTransport, Message
from trivet.templates import Templates

@asynccontextmanager
async def lifespan(app):
    await db.create_tables()
    await mail.send(Message(to="ann@example.org", subject="Hello", html="<b>Hello</b>"))
    yield

app = App(title="Shop", debug=True, lifespan=lifespan)
db = app.use(Database("sqlite://"))
templates = app.use(Templates("templates"))
sent = MemoryTransport()
mail = app.use(Mail(sent, sender="shop@example.org", templates=templates))
auth = app.use(Auth(db, mail=mail, passwords=Passwords(time_cost=1, memory_cost=8)))
app.use(Passkeys(auth))
app.use(AccountPages(auth))

"""
SHOWN = {
    "/docs": 'document.querySelector(".opblock .opblock-summary-control") !== null',
    "/redoc": 'document.querySelectorAll("h2").length >= 1',
    "/_dev/mail": 'document.body?.innerText.includes("Hello")',
    "/_dev/mail/1": 'document.body?.innerText.includes("Hello")',
    "/account/sign-in": 'document.querySelector("form") !== null',
    "/account/sign-up": 'document.querySelector("form") !== null',
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "templates").mkdir()
    (folder / "policy_pages.py").write_text(APP)
    with serving(str(folder / "policy_pages.py")) as example:
        yield example.url


@pytest.fixture
def page(chromium: str, tmp_path: Path) -> Iterator[Page]:
    with browsing(chromium, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("path", SHOWN)
def test_nothing_of_our_pages_is_refused(site: str, page: Page, path: str) -> None:
    page.open(site + path)

    page.wait_for(SHOWN[path])

    assert page.complaints() == []
