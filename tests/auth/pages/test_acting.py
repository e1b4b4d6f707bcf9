"""The page on which somebody begins to act as another account."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.auth.pages.site import PagedSite
from trivet.auth import SecurityEvent

PAGE = "/account/act-as"
HELP = "help@example.org"


@pytest.fixture
async def accounts(site: PagedSite) -> dict[str, str]:
    await site.make(HELP, permissions=["users.impersonate"], name="Helper")
    made = {}
    for name, values in {
        "ann": {"name": "Ann 100%"},
        "bob": {"name": "Bob"},
        "staff": {"is_staff": True},
        "root": {"is_superuser": True},
        "gone": {"is_active": False},
        "second": {"permissions": ["users.*"]},
    }.items():
        made[name] = (await site.make(f"{name}@example.org", **values)).handle
    return made


async def test_who_may_finds_an_account_and_acts_as_it(
    site: PagedSite, accounts: dict[str, str]
) -> None:
    browser = await (await site.signed_in(HELP)).open("/account")
    assert PAGE in browser.page.text

    await browser.open(f"{PAGE}?search=100%25")
    assert "ann@example.org" in browser.text
    assert "bob@example.org" not in browser.text
    await browser.send({"handle": accounts["ann"], "reason": "Ticket 12"})

    await browser.open("/account")
    assert "You act as Ann 100%." in browser.text
    assert PAGE not in browser.page.text
    async with site.auth.database.own_transaction() as unit:
        found = await unit.execute(
            select(SecurityEvent.user, SecurityEvent.details).where(
                SecurityEvent.kind == "impersonated"
            )
        )
        assert [tuple(row) for row in found] == [(accounts["ann"], {"reason": "Ticket 12"})]


async def test_only_accounts_of_fewer_rights_are_shown(
    site: PagedSite, accounts: dict[str, str]
) -> None:
    browser = await (await site.signed_in(HELP)).open(PAGE)

    shown = {name for name in [*accounts, "help"] if f"{name}@example.org" in browser.text}

    assert shown == {"ann", "bob", "second"}  # the last is refused


async def test_a_reason_is_wanted_and_strong_accounts_are_refused(
    site: PagedSite, accounts: dict[str, str]
) -> None:
    browser = await (await site.signed_in(HELP)).open(PAGE)
    await browser.send({"handle": accounts["ann"], "reason": " "[:0]})
    assert browser.page.status_code == 422
    for name, status in {"root": 403, "staff": 403, "second": 403, "gone": 404}.items():
        await browser.send({"handle": accounts[name], "reason": "x"}, PAGE)
        assert browser.page.status_code == status, name
    await browser.open("/account")
    assert "You act as" not in browser.text


async def test_who_may_not_has_neither_page_nor_entry(
    site: PagedSite, accounts: dict[str, str]
) -> None:
    browser = await (await site.signed_in("ann@example.org")).open("/account")
    assert PAGE not in browser.page.text

    await browser.open(PAGE)
    assert browser.page.status_code == 403
    await browser.send({"handle": accounts["bob"], "reason": "x"}, PAGE)
    assert browser.page.status_code == 403
    assert "bob@example.org" not in browser.text


async def test_it_asks_for_a_recent_sign_in(site: PagedSite, accounts: dict[str, str]) -> None:
    browser = await site.signed_in(HELP)
    await site.grow_old()

    await browser.open(PAGE)

    assert browser.path.startswith("/account/confirm-identity")
