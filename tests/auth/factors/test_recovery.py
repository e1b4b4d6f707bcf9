"""Recovery codes of who has a second factor, whichever it is."""

from __future__ import annotations

import pyotp
import pytest

from tests.auth.factors.site import SITE, Site, site_on
from trivet import App
from trivet.auth import Auth, AuthOptions
from trivet.auth.passkeys import Passkeys
from trivet.auth.recovery import Recovery
from trivet.auth.totp import Totp
from trivet.db import Database

CODES = "/auth/recovery-codes"
pytestmark = pytest.mark.anyio


async def test_who_has_a_passkey_alone_makes_codes_and_signs_in_by_one(site: Site) -> None:
    await site.make()
    _, client = await site.with_passkey()

    made = await client.post(CODES, json={})
    half = await site.half_signed_in()
    wanted = await site.client().post(
        "/auth/sign-in", json={"log_in": "ann@example.org", "password": "seven green ladders"}
    )
    code = {"code": made.json()["recovery_codes"][0]}
    done = await half.post("/auth/sign-in/recovery-code", json=code)

    assert made.status_code == 200
    assert len(set(made.json()["recovery_codes"])) == 10
    assert wanted.json()["second_factors"] == ["passkey", "recovery-code"]
    assert done.json()["user"]["email"] == "ann@example.org"
    assert (await half.get(CODES)).json() == {"left": 9}
    assert {"recovery-codes-made", "recovery-code-used"} <= set(await site.trail())


async def test_who_has_no_second_factor_makes_no_codes(site: Site) -> None:
    await site.make()
    client = await site.signed_in()

    refused = await client.post(CODES, json={})

    assert refused.status_code == 409
    assert "second factor" in refused.json()["detail"]
    assert (await client.get(CODES)).json() == {"left": 0}


async def test_codes_stay_until_the_last_second_factor_goes(site: Site) -> None:
    await site.make()
    _, client = await site.with_passkey()
    begun = (await client.post("/auth/totp/begin")).json()
    code = pyotp.TOTP(begun["secret"]).at(site.clock.now)
    assert (await client.post("/auth/totp/confirm", json={"code": code})).status_code == 200

    await client.post("/auth/totp/disable", json={})
    with_a_passkey = (await client.get(CODES)).json()
    [passkey] = (await client.get("/auth/passkeys")).json()
    gone = await client.delete(f"/auth/passkeys/{passkey['id']}")
    with_nothing = (await client.get(CODES)).json()

    assert with_a_passkey == {"left": 10}
    assert gone.status_code in (200, 204)
    assert with_nothing == {"left": 0}


async def test_making_codes_asks_for_a_recent_sign_in_and_for_somebody(site: Site) -> None:
    assert (await site.client().post(CODES, json={})).status_code == 401
    assert (await site.client().get(CODES)).status_code == 401


async def test_both_kinds_of_second_factor_share_their_codes(database: Database) -> None:
    site = site_on(database)

    parts = [part for part in site.app.parts.values() if isinstance(part, Recovery)]

    assert len(parts) == 1
    assert parts[0].codes is site.totp.apps.recovery is site.auth.signing_in.stand_in


async def test_passkeys_that_are_no_second_factor_bring_no_codes(database: Database) -> None:
    app = App()
    app.use(database)
    auth = app.use(Auth(database, options=AuthOptions(site=SITE)))
    app.use(Passkeys(auth, second_factor=False))

    assert not any(isinstance(part, Recovery) for part in app.parts.values())


async def test_an_app_alone_brings_codes(database: Database) -> None:
    app = App()
    app.use(database)
    app.use(Totp(app.use(Auth(database))))

    assert any(isinstance(part, Recovery) for part in app.parts.values())
