"""The commands of accounts, as functions, and `trivet createsuperuser` as a user types it."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.auth.site import OTHER_PASSWORD, PASSWORD, Site
from trivet.errors import SetupError


@pytest.fixture(scope="module", params=["sqlite"])
def kind(request: pytest.FixtureRequest) -> str:
    """Take one kind of database: what the commands call is tested on all of them."""
    found: str = request.param
    return found


@pytest.fixture
async def commands(site: Site, monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[..., Any]]:
    async def stays() -> None: ...

    monkeypatch.setattr(site.auth.database, "close", stays)
    superuser, password, group = site.auth.commands()
    return {"superuser": superuser, "password": password, **group.commands}


def _types(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


async def test_a_superuser_is_made_and_signs_in(
    site: Site, commands: dict[str, Callable[..., Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _types(monkeypatch, PASSWORD + "\n")
    await commands["superuser"](log_in="Ann@example.org", password_file="-")
    await site.signed_in()
    async with site.auth.database.own_transaction():
        user = await site.auth.accounts.by_email("ann@example.org")
    assert user is not None
    assert user.is_superuser

    for log_in, password, reason in (
        ("ann@example.org", PASSWORD, "already"),
        ("no address", PASSWORD, "Enter an e-mail address"),
        ("bob@example.org", "1234", "at least 8"),
    ):
        _types(monkeypatch, password + "\n")
        with pytest.raises(SetupError, match=reason) as caught:
            await commands["superuser"](log_in=log_in, password_file="-")
        assert caught.value.code == "auth.command"


async def test_a_password_is_changed(
    site: Site,
    commands: dict[str, Callable[..., Any]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    await site.make()
    client = await site.signed_in()
    (tmp_path / "new").write_text(OTHER_PASSWORD + "\n")
    await commands["password"]("ann@example.org", password_file=str(tmp_path / "new"))
    assert (await client.get("/auth/me")).status_code == 401
    given = {"log_in": "ann@example.org", "password": OTHER_PASSWORD}
    assert (await client.post("/auth/sign-in", json=given)).status_code == 200


async def test_accounts_are_listed_shown_switched_and_given_rights(
    site: Site, commands: dict[str, Callable[..., Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    site.auth.rules.role("editor", ["post.*"])
    await site.make(name="Ann \x1b[31m")
    await site.make("bob@example.org")
    client = await site.signed_in()

    await commands["grant"]("ann@example.org", "reports.read")
    await commands["grant"]("ann@example.org", "editor")
    await commands["list"](search="ann")
    await commands["show"]("ann@example.org")
    await commands["switch-off"]("ann@example.org")
    said = capsys.readouterr().out
    assert "ann@example.org" in said
    assert "bob@example.org" not in said
    assert "may: post.*, reports.read" in said
    assert "signed-in" in said
    assert "\x1b[31m" not in said
    assert (await client.get("/auth/me")).status_code == 401

    await commands["switch-on"]("ann@example.org")
    await commands["revoke"]("ann@example.org", "editor")
    await commands["revoke"]("ann@example.org", "reports.read")
    await commands["show"]("ann@example.org")
    assert "may: -" in capsys.readouterr().out
    client = await site.signed_in()
    await commands["sign-out"]("ann@example.org")
    assert (await client.get("/auth/me")).status_code == 401
    with pytest.raises(SetupError, match="no account"):
        await commands["show"]("carl@example.org")

    await commands["delete"]("bob@example.org")
    with pytest.raises(SetupError, match="no account"):
        await commands["show"]("bob@example.org")
    assert "account-deleted" in await site.trail()


def test_nobody_is_asked_where_nobody_is_there(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(
        "from trivet import App\n"
        "from trivet.auth import Auth\n"
        "from trivet.db import Database\n"
        "app = App()\n"
        "db = app.use(Database('sqlite:///shop.db'))\n"
        "auth = app.use(Auth(db))\n"
    )
    typed = [sys.executable, "-m", "trivet", "--app", "shop.py:app", "createsuperuser"]
    done = subprocess.run(
        typed, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0
    assert "nobody is there to be asked" in done.stderr + done.stdout
