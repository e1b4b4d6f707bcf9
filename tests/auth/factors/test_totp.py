"""Codes of an app: set up, shown once, replaced and taken away."""

from __future__ import annotations

import asyncio

import pyotp
import pytest

from tests.auth.factors.site import SECRET, Clock, Site, normal, site_on
from trivet.auth.guessing import Guessing, GuessingRates
from trivet.auth.recovery import StoredRecoveryCode
from trivet.auth.totp.tables import StoredTotp
from trivet.db import Database


async def test_an_app_counts_once_a_first_code_was_shown(site: Site) -> None:
    ann = await site.make()
    client = await site.signed_in()

    begun = (await client.post("/auth/totp/begin")).json()
    before = (await client.get("/auth/totp")).json()
    wrong = await client.post("/auth/totp/confirm", json={"code": "000000"})
    code = pyotp.TOTP(begun["secret"]).at(site.clock.now)
    right = await client.post("/auth/totp/confirm", json={"code": f"{code[:3]} {code[3:]}"})
    after = (await client.get("/auth/totp")).json()

    assert before == {"is_active": False, "confirmed_at": None, "recovery_codes_left": 0}
    assert wrong.status_code == 401
    assert len(set(right.json()["recovery_codes"])) == 10
    assert (after["is_active"], after["recovery_codes_left"]) == (True, 10)
    assert begun["address"].startswith("otpauth://totp/Shop:ann%40example.org?secret=")
    assert begun["picture"].startswith("<svg")
    assert "style=" not in begun["picture"]
    assert (await site.trail()).count("totp-enabled") == 1
    async with site.auth.database.own_transaction():
        assert await site.totp.apps.has(ann)


async def test_what_was_begun_an_hour_ago_is_begun_again(site: Site) -> None:
    await site.make()
    client = await site.signed_in()
    begun = (await client.post("/auth/totp/begin")).json()
    site.clock.now += 3601

    code = pyotp.TOTP(begun["secret"]).at(site.clock.now)
    answer = await client.post("/auth/totp/confirm", json={"code": code})

    assert answer.status_code == 409


async def test_a_password_alone_signs_nobody_in_who_has_an_app(site: Site) -> None:
    await site.make()
    app, _ = await site.with_totp()

    client = site.client()
    given = {"log_in": "ann@example.org", "password": "seven green ladders"}
    half = await client.post("/auth/sign-in", json=given)
    stranger = await client.get("/auth/me")
    whole = await client.post("/auth/sign-in/totp", json={"code": app.at(site.clock.now)})

    assert half.json() == {"user": None, "second_factors": ["totp", "recovery-code"]}
    assert stranger.status_code == 401
    assert whole.json()["user"]["email"] == "ann@example.org"
    assert (await client.get("/auth/me")).status_code == 200


async def test_a_code_without_a_password_signs_nobody_in(site: Site) -> None:
    await site.make()
    app, codes = await site.with_totp()

    answers = [
        await site.client().post("/auth/sign-in/totp", json={"code": app.at(site.clock.now)}),
        await site.client().post("/auth/sign-in/recovery-code", json={"code": codes[0]}),
    ]

    assert [one.status_code for one in answers] == [401, 401]


@pytest.mark.parametrize(("seconds", "status"), [(-60, 401), (-30, 200), (30, 200), (60, 401)])
async def test_clocks_may_differ_by_one_step(site: Site, seconds: int, status: int) -> None:
    await site.make()
    app, _ = await site.with_totp()
    site.clock.now += 300
    client = await site.half_signed_in()

    answer = await client.post(
        "/auth/sign-in/totp", json={"code": app.at(int(site.clock.now) + seconds)}
    )

    assert answer.status_code == status


async def test_a_code_that_was_used_counts_no_more_nor_do_older_ones(site: Site) -> None:
    await site.make()
    app, _ = await site.with_totp()
    code, older = app.at(site.clock.now), app.at(int(site.clock.now) - 30)
    first, second = await site.half_signed_in(), await site.half_signed_in()

    assert (await first.post("/auth/sign-in/totp", json={"code": code})).status_code == 200
    again = await second.post("/auth/sign-in/totp", json={"code": code})
    before = await second.post("/auth/sign-in/totp", json={"code": older})
    site.clock.now += 30
    newer = await second.post("/auth/sign-in/totp", json={"code": app.at(site.clock.now)})

    assert [again.status_code, before.status_code, newer.status_code] == [401, 401, 200]
    assert again.json() == before.json()
    assert (await site.trail()).count("sign-in-refused") == 2


async def test_the_code_that_set_the_app_up_counts_no_more(site: Site) -> None:
    await site.make()
    app, _ = await site.with_totp()
    site.clock.now -= 30
    client = await site.half_signed_in()

    answer = await client.post("/auth/sign-in/totp", json={"code": app.at(site.clock.now)})

    assert answer.status_code == 401


async def test_of_two_who_show_one_code_at_once_one_is_let_in(site: Site) -> None:
    await site.make()
    app, _ = await site.with_totp()
    clients = [await site.half_signed_in() for _ in range(4)]

    code = {"code": app.at(site.clock.now)}
    answers = await asyncio.gather(
        *(client.post("/auth/sign-in/totp", json=code) for client in clients)
    )

    assert sorted(one.status_code for one in answers) == [200, 401, 401, 401]


async def test_of_two_who_show_one_recovery_code_at_once_one_is_let_in(site: Site) -> None:
    await site.make()
    _, codes = await site.with_totp()
    clients = [await site.half_signed_in() for _ in range(4)]

    answers = await asyncio.gather(
        *(client.post("/auth/sign-in/recovery-code", json={"code": codes[0]}) for client in clients)
    )

    assert sorted(one.status_code for one in answers) == [200, 401, 401, 401]


async def test_a_recovery_code_counts_once_however_it_is_typed(site: Site) -> None:
    await site.make()
    _, codes = await site.with_totp()
    client, other = await site.half_signed_in(), await site.half_signed_in()

    first = await client.post("/auth/sign-in/recovery-code", json={"code": normal(codes[3])})
    again = await other.post("/auth/sign-in/recovery-code", json={"code": codes[3]})
    left = (await client.get("/auth/totp")).json()["recovery_codes_left"]

    assert [first.status_code, again.status_code, left] == [200, 401, 9]
    assert {"recovery-code-used", "sign-in-refused"} <= set(await site.trail())


async def test_a_recovery_code_is_worth_nothing_to_another_account(site: Site) -> None:
    await site.make()
    await site.make("bob@example.org")
    _, codes = await site.with_totp()
    await site.with_totp("bob@example.org")
    client = await site.half_signed_in("bob@example.org")

    answer = await client.post("/auth/sign-in/recovery-code", json={"code": codes[0]})

    assert answer.status_code == 401


async def test_new_recovery_codes_take_the_place_of_earlier_ones(site: Site) -> None:
    await site.make()
    app, codes = await site.with_totp()
    client = await site.half_signed_in()
    await client.post("/auth/sign-in/totp", json={"code": app.at(site.clock.now)})

    answers = await asyncio.gather(
        *(client.post("/auth/totp/recovery-codes", json={}) for _ in range(2)),
        return_exceptions=False,
    )
    other = await site.half_signed_in()
    old = await other.post("/auth/sign-in/recovery-code", json={"code": codes[0]})

    assert 200 in {one.status_code for one in answers}
    assert (await client.get("/auth/totp")).json()["recovery_codes_left"] == 10
    assert old.status_code == 401


async def test_recovery_codes_and_the_app_go_together(site: Site) -> None:
    await site.make()
    app, _ = await site.with_totp()
    client = await site.half_signed_in()
    await client.post("/auth/sign-in/totp", json={"code": app.at(site.clock.now)})

    assert (await client.post("/auth/totp/disable", json={})).status_code == 200
    assert (await client.post("/auth/totp/recovery-codes", json={})).status_code == 409

    async with site.auth.database.own_transaction():
        assert await StoredTotp.all().count() == await StoredRecoveryCode.all().count() == 0
    given = {"log_in": "ann@example.org", "password": "seven green ladders"}
    alone = await site.client().post("/auth/sign-in", json=given)
    assert alone.json()["user"]["email"] == "ann@example.org"
    assert (await site.trail()).count("totp-disabled") == 1


async def test_an_app_that_was_set_up_counts_until_another_one_does(site: Site) -> None:
    await site.make()
    old, _ = await site.with_totp()
    client = await site.half_signed_in()
    await client.post("/auth/sign-in/totp", json={"code": old.at(site.clock.now)})
    new = pyotp.TOTP((await client.post("/auth/totp/begin")).json()["secret"])
    site.clock.now += 30

    by_old = await client.post("/auth/confirm-identity/totp", json={"code": old.at(site.clock.now)})
    by_new = await client.post("/auth/confirm-identity/totp", json={"code": new.at(site.clock.now)})
    await client.post("/auth/totp/confirm", json={"code": new.at(site.clock.now)})
    site.clock.now += 30
    after = await client.post("/auth/confirm-identity/totp", json={"code": old.at(site.clock.now)})

    assert [by_old.status_code, by_new.status_code, after.status_code] == [200, 401, 401]


async def test_what_changes_a_factor_asks_for_a_recent_sign_in(database: Database) -> None:
    site = site_on(database)
    site.auth.recent = -1.0  # nothing is ever recent
    await site.make()
    client = await site.signed_in()

    answers = [
        await client.post("/auth/totp/begin"),
        await client.post("/auth/totp/confirm", json={"code": "123456"}),
        await client.post("/auth/totp/disable", json={}),
        await client.post("/auth/totp/recovery-codes", json={}),
    ]

    assert {one.status_code for one in answers} == {403}


async def test_a_form_of_another_site_takes_no_factor_away(site: Site) -> None:
    await site.make()
    client = await site.signed_in()
    form = {"content-type": "text/plain"}

    for path in ("disable", "recovery-codes"):
        for content in (b"", b"{}"):
            answer = await client.post(f"/auth/totp/{path}", content=content, headers=form)
            assert answer.status_code == 422


async def test_who_guesses_is_slowed_down_in_new_sessions_too(site: Site) -> None:
    await site.make()
    app, _ = await site.with_totp()

    told = []
    for _ in range(3):
        client = await site.half_signed_in()
        for _ in range(5):
            told.append(await client.post("/auth/sign-in/totp", json={"code": "000000"}))
    right = await client.post("/auth/sign-in/totp", json={"code": app.at(site.clock.now)})

    assert [one.status_code for one in told][:9] == [401] * 9  # one was the first code
    assert {one.status_code for one in told[9:]} == {429}
    assert right.status_code == 429


@pytest.mark.parametrize("code", ["", "1", "x" * 41, "\uff11" * 6, "\x00" * 6, "12345\u0666"])
async def test_what_is_no_code_is_refused(site: Site, code: str) -> None:
    await site.make()
    await site.with_totp()
    client = await site.half_signed_in()

    for path in ("totp", "recovery-code"):
        answer = await client.post(f"/auth/sign-in/{path}", json={"code": code})
        assert answer.status_code in {401, 422}


async def test_secrets_are_sealed_where_the_application_has_secrets(database: Database) -> None:
    site = site_on(database, secrets=SECRET)
    await site.make()
    app, _ = await site.with_totp()

    async with database.own_transaction():
        stored = await StoredTotp.all().one()
    client = await site.half_signed_in()
    answer = await client.post("/auth/sign-in/totp", json={"code": app.at(site.clock.now)})

    assert str(stored.secret).startswith("sealed:")
    assert app.secret not in str(stored.secret)
    assert answer.status_code == 200


@pytest.mark.parametrize("before", [None, SECRET[::-1]])
async def test_what_an_older_secret_sealed_is_sealed_anew_in_passing(
    database: Database, before: str | None
) -> None:
    await site_on(database, secrets=before).make()
    app, _ = await site_on(database, secrets=before).with_totp()
    secrets = [SECRET] if before is None else [SECRET, before]
    site = site_on(database, secrets=secrets)
    site.clock.now += 30

    client = await site.half_signed_in()
    answer = await client.post("/auth/sign-in/totp", json={"code": app.at(site.clock.now)})
    newest = site_on(database, secrets=SECRET)
    newest.clock.now = site.clock.now + 30
    client = await newest.half_signed_in()
    again = await client.post("/auth/sign-in/totp", json={"code": app.at(newest.clock.now)})

    assert [answer.status_code, again.status_code] == [200, 200]


async def test_attempts_are_counted_by_account(database: Database) -> None:
    site = site_on(database)
    rates = GuessingRates(second_factor="3/hour")
    guessing = Guessing(rates=rates)
    site.auth.signing_in._guessing = guessing
    site.totp.apps._guessing = guessing
    await site.make()
    await site.with_totp()

    client = await site.half_signed_in()
    told = [
        (await client.post("/auth/sign-in/totp", json={"code": "000000"})).status_code
        for _ in range(3)
    ]

    assert told == [401, 401, 429]
    assert isinstance(site.clock, Clock)
