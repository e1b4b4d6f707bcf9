"""An admin that asks for a second factor, or for who one is again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest

from tests.admin.shop import AdmArtist, Shop
from tests.auth.site import PASSWORD, quick_passwords
from trivet import App
from trivet.admin import Admin
from trivet.auth import Auth
from trivet.auth.recovery.tables import StoredRecoveryCode
from trivet.auth.totp import Totp
from trivet.auth.totp.tables import StoredTotp
from trivet.db import Database, Model
from trivet.errors import SetupError
from trivet.realtime import Realtime

HTML = {"accept": "text/html"}


@pytest.fixture(scope="module", autouse=True)
async def factors(made_database: Database) -> None:
    """Make the tables of second factors too."""
    models: list[Any] = [StoredTotp, StoredRecoveryCode]
    tables = [one.__table__ for one in models]
    async with made_database.engine.begin() as connection:
        await connection.run_sync(Model.metadata.create_all, tables=tables)


def strict_shop(database: Database, **options: Any) -> Shop:
    app = App(title="Shop")
    app.use(database)
    auth = app.use(Auth(database, passwords=quick_passwords()))
    app.use(Totp(auth, secrets="s" * 32))
    admin = app.use(Admin(**options))
    admin.add(AdmArtist)
    return Shop(app, auth, admin, database)


async def test_staff_without_a_second_factor_are_led_to_set_one_up(database: Database) -> None:
    shop = strict_shop(database, requires_second_factor=True)
    root = await shop.root()

    page = await root.get("/admin/", headers=HTML)
    script = await root.get("/admin/adm-artist/pick", headers={"accept": "application/json"})
    sent = await root.post("/admin/adm-artist/add", data={"name": "Queen"})

    assert (page.status_code, page.headers["location"]) == (303, "/account/app")
    assert script.status_code == 403
    assert sent.status_code in (303, 403)
    async with database.own_transaction():
        assert await AdmArtist.where().count() == 0


async def test_staff_without_a_second_factor_hear_nothing_either(database: Database) -> None:
    shop = strict_shop(database, requires_second_factor=True)
    shop.app.use(Realtime())
    shop.admin.check()  # as the start does
    root = await shop.root()

    for channel in ("admin-admin/adm-artist", "admin-admin/adm-artist/1"):
        answer = await root.get("/realtime/events", params={"channel": channel})
        assert answer.status_code == 403, answer.text


async def test_a_password_alone_is_not_enough_for_who_has_one(database: Database) -> None:
    shop = strict_shop(database, requires_second_factor=True)
    root = await shop.root()
    begun = (await root.post("/auth/totp/begin")).json()
    app = pyotp.TOTP(begun["secret"])

    confirmed = await root.post("/auth/totp/confirm", json={"code": app.now()})
    here = await root.get("/admin/", headers=HTML)
    other = shop.client()
    given = {"log_in": "root@example.org", "password": PASSWORD}
    half = await other.post("/auth/sign-in", json=given)
    outside = await other.get("/admin/", headers=HTML)

    assert confirmed.status_code == 200, confirmed.text
    assert here.status_code == 200  # both were shown in this session
    assert half.status_code in (200, 202)
    assert outside.status_code != 200


async def test_a_site_on_which_nobody_can_have_one_does_not_start(database: Database) -> None:
    app = App()
    app.use(database)
    app.use(Auth(database))

    with pytest.raises(SetupError, match="second factor") as caught:
        app.use(Admin(requires_second_factor=True))

    assert caught.value.code == "admin.no-second-factor"


async def test_dangerous_pages_ask_who_it_is_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = strict_shop(database, recent=600)
    root = await shop.root()
    async with database.own_transaction():
        queen = await AdmArtist.create(name="Queen")
    url = f"/admin/adm-artist/{queen.id}"

    fresh = await root.get(f"{url}/delete")
    later = datetime.now(UTC) + timedelta(hours=1)
    monkeypatch.setattr("trivet.admin.visits.now", lambda: later)
    stale = await root.get(f"{url}/delete", headers=HTML)
    sent = await root.post(f"{url}/delete")
    acted = await root.post(
        "/admin/adm-artist/", data={"action": "delete", "key": str(queen.id), "confirmed": "yes"}
    )
    imported = await root.post("/admin/adm-artist/import", data={"data": ""})
    exported = await root.get("/admin/adm-artist/export?as=csv")
    form = await root.get(url)

    assert fresh.status_code == 200
    assert stale.status_code == 303
    assert stale.headers["location"].startswith("/account/confirm-identity?next=")
    assert {one.status_code for one in (sent, acted, imported, exported)} == {403}
    assert form.status_code == 200
    async with database.own_transaction():
        assert await AdmArtist.where().count() == 1
