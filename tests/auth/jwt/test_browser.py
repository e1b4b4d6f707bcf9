"""The Authorize button of the documentation, in a real browser against a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.auth.tokens.people import PASSWORD, Site, make_tables
from tests.examples.browser import Page, browsing
from trivet.db import Database
from trivet.testing import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

# React hears of what is typed in by the event alone.
SCRIPT = """
window.typed = (selector, text) => {
  const input = document.querySelector(selector);
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
  set.call(input, text);
  input.dispatchEvent(new Event("input", {bubbles: true}));
};
window.authorized = (selector) => {
  const within = document.querySelector(selector).closest(".auth-container");
  const all = [...within.querySelectorAll("button")];
  all.find((one) => one.textContent.trim() === "Authorize").click();
};
true
"""
DONE = """[...document.querySelectorAll(".auth-container button")]
  .some((one) => one.textContent.trim() === "Logout")"""
BLOCK = 'document.querySelector("[id^=operations-default-change_]")'


@pytest.fixture
def page(chromium: str, tmp_path: Path) -> Iterator[Page]:
    with browsing(chromium, tmp_path) as page:
        yield page


async def _people(site: Site) -> str:
    await make_tables(site.database)
    ann = await site.person(permissions=["post.change"])
    text = await site.token(ann, "post.change")
    await site.database.close()
    return text


def open_dialog(page: Page, url: str) -> None:
    """Open the documentation anew, where nobody is authorized, and the dialog that asks."""
    page.open("about:blank")
    page.wait_for('location.href === "about:blank"')
    page.open(f"{url}/docs")
    page.wait_for('document.querySelector(".btn.authorize") !== null')
    page.run(SCRIPT)
    page.run('document.querySelector(".btn.authorize").click()')
    page.wait_for('document.querySelector("#oauth_username") !== null')


def execute(page: Page) -> str:
    """Close the dialog, try the protected operation out, and give the status of its answer."""
    page.run('document.querySelector(".btn-done").click()')
    page.run(f'{BLOCK}.querySelector(".opblock-summary-control").click()')
    page.wait_for(f'{BLOCK}.querySelector(".try-out__btn") !== null')
    page.run(f'{BLOCK}.querySelector(".try-out__btn").click()')
    page.wait_for(f'{BLOCK}.querySelector(".execute") !== null')
    page.run(f'{BLOCK}.querySelector(".execute").click()')
    status = f'{BLOCK}.querySelector(".live-responses-table tbody .response-col_status")'
    page.wait_for(f"{status} !== null")
    page.run(f"{BLOCK}.scrollIntoView()")
    found: str = page.run(f"{status}.textContent.trim()")
    return found[:3]


def test_authorize_works_with_a_password_and_with_a_pasted_token(
    page: Page, tmp_path: Path
) -> None:
    site = Site(Database(f"sqlite:///{tmp_path}/site.db"))
    token = asyncio.run(_people(site))

    with LiveServer(site.app) as server:
        open_dialog(page, server.url)
        by_nothing = execute(page)

        open_dialog(page, server.url)
        page.photograph(tmp_path / "dialog.png")
        page.run('typed("#oauth_username", "ann@example.org")')
        page.run(f'typed("#oauth_password", "{PASSWORD}")')
        page.run('authorized("#oauth_username")')
        page.wait_for(DONE)
        by_password = execute(page)
        page.photograph(tmp_path / "password.png")

        open_dialog(page, server.url)
        page.run(f'typed("#auth-bearer-value", "{token}")')
        page.run('authorized("#auth-bearer-value")')
        page.wait_for(DONE)
        by_token = execute(page)
        page.photograph(tmp_path / "token.png")

    assert (by_nothing, by_password, by_token) == ("401", "200", "200")
