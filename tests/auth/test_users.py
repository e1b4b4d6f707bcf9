"""Accounts: the forms of addresses and names, handles, models of one's own, setup errors."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.auth.site import PASSWORD, Site, quick_passwords
from trivet import App
from trivet.auth import Auth, AuthOptions, CurrentUser, User
from trivet.auth.users import normal_email, normal_username
from trivet.db import Database, schema
from trivet.errors import SetupError
from trivet.testing import TestClient


@given(st.text(max_size=300))
def test_an_address_has_one_form_or_none(text: str) -> None:
    try:
        normal = normal_email(text)
    except ValueError:
        return
    assert normal_email(normal) == normal
    assert normal_email(f" {normal.upper()} ") == normal or not normal.isascii()
    assert normal.count("@") == 1
    assert normal.isprintable()
    assert len(normal) <= 254


@given(st.text(max_size=200))
def test_a_name_has_one_form_or_none(text: str) -> None:
    try:
        normal = normal_username(text)
    except ValueError:
        return
    assert normal_username(normal) == normal
    assert "@" not in normal
    assert len(normal) <= 150


@pytest.mark.parametrize(
    "text", ["", "ann", "@", "a@", "@b", "a b@c", "a@b\r\nBcc: c@d", "a@b,c@d", "a@b<c>"]
)
def test_what_would_be_two_addresses_or_a_header_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="Enter an e-mail address"):
        normal_email(text.strip(" "))


def test_an_address_in_letters_that_look_alike_is_none() -> None:
    with pytest.raises(ValueError, match="Enter an e-mail address"):
        normal_email("ann@example.oﬁce")  # a ligature: NFKC would make two of it


async def test_what_decides_over_rights_is_in_no_schema(site: Site) -> None:
    shown = set(schema(User).model_fields)
    assert shown.isdisjoint(
        {"password", "handle", "is_superuser", "is_staff", "is_active", "roles", "permissions"}
    )
    user = await site.make()
    assert PASSWORD not in repr(user)
    assert user.password not in repr(user)


async def test_a_handle_is_never_given_twice(site: Site) -> None:
    async with site.auth.database.own_transaction():
        first = await site.auth.accounts.make(email="a@example.org")
        handle, key = first.handle, first.id
        await first.delete()
    async with site.auth.database.own_transaction():
        second = await site.auth.accounts.make(email="b@example.org")
        assert second.handle != handle
        assert await site.auth.accounts.by_handle(handle) is None
        assert second.id >= key  # SQLite gives the number again


async def test_the_session_of_an_account_that_is_gone_is_nobodys(site: Site) -> None:
    user = await site.make()
    client = await site.signed_in()
    async with site.auth.database.own_transaction():
        found = await site.auth.accounts.by_handle(user.handle)
        assert found is not None
        await found.delete()
    await site.make("bob@example.org")
    assert (await client.get("/auth/me")).status_code == 401


def test_without_accounts_a_handler_that_asks_is_told_what_to_write() -> None:
    app = App()

    @app.get("/who")
    async def who(user: CurrentUser) -> str:
        return user.shown_name

    with pytest.raises(SetupError, match="nothing here knows") as caught:
        TestClient(app).get("/who")
    assert caught.value.code == "auth.not-installed"


def test_options_that_cannot_be_are_told() -> None:
    for wrong in (
        {"log_in": "phone"},
        {"site": "shop.example.org"},
        {"site": "https://shop.example.org/"},
        {"path": "auth"},
        {"link_paths": {"other": "/x"}},
        {"token_scheme": "two words"},
        {"token_scheme": "Basic"},
        {"token_scheme": ""},
    ):
        with pytest.raises(SetupError, match="cannot use") as caught:
            AuthOptions(**wrong)
        assert caught.value.code == "auth.options"


def test_without_mail_a_letter_is_told_what_to_write() -> None:
    auth = Auth(Database("sqlite://"), passwords=quick_passwords())
    with pytest.raises(SetupError, match="no mail") as caught:
        auth.letters.check()
    assert caught.value.code == "auth.no-mail"


_OWN = """
from trivet import App
from trivet.auth import Auth, UserMixin, current_user
from trivet.db import Database, Mapped, UuidModel, field

class Member(UserMixin, UuidModel):
    city: Mapped[str] = field(max_length=50, default="Bern")

db = Database("sqlite://")
app = App()
app.use(db)
auth = app.use(Auth(db, user=Member))
assert sorted(db.metadata.tables) == [
    "auth_links", "groups", "member", "member_groups", "security_events", "trivet_sessions"
], sorted(db.metadata.tables)

import asyncio
from trivet.auth import Group

async def main():
    await db.create_tables()
    async with db.transaction():
        group = await Group.create(name="staff", permissions=["*"])
        one = await auth.accounts.make(email="a@example.org", groups=[group])
        assert one.city == "Bern"
        assert await auth.can(one, "anything")
    await db.close()

asyncio.run(main())
"""


def test_a_model_of_ones_own_takes_the_place_of_the_ready_one() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _OWN], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
