"""Who is signed in in Django is so here, once, and nobody else is."""

from __future__ import annotations

import asyncio
import json
import pickle
import zlib
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.signing import TimestampSigner  # type: ignore[import-untyped]
from django.test import override_settings  # type: ignore[import-untyped]
from starlette.requests import Request

from tests.auth.django_sessions.site import (
    OLD_SECRET,
    SECRET,
    Both,
    both_on,
    django_hash,
    held_by,
    signed_data,
)
from tests.auth.site import OTHER_PASSWORD, PASSWORD
from trivet import Depends, HTTPException
from trivet.auth import SecurityEvent, requires_recent_login
from trivet.auth.django_sessions.signed import MOST_OF_DATA
from trivet.auth.totp import Totp
from trivet.auth.totp.tables import StoredTotp
from trivet.auth.users import NO_PASSWORD
from trivet.db import Database
from trivet.testing import counted_queries


class Pickles:
    """What Django had as `PickleSerializer`."""

    def dumps(self, values: Any) -> bytes:
        return pickle.dumps(values)


def signed_bytes(payload: str) -> str:
    """Give a payload signed as Django signs what is in sessions, whatever it is."""
    with override_settings(SECRET_KEY=SECRET):
        signer = TimestampSigner(salt="django.contrib.sessions.SessionStore")
        return str(signer.sign(payload))


def packed(data: bytes) -> str:
    return "." + urlsafe_b64encode(zlib.compress(data)).decode().rstrip("=")


# -- who is signed in ----------------------------------------------------------------------------


async def test_person_of_djangos_session_is_signed_in_once(both: Both) -> None:
    key = await both.ann()

    async with both.client(key) as client, both.client(key) as other:
        first = await client.get("/who")
        second = await client.get("/who")
        later = await both.who(other)

    assert (first.json(), second.json(), later) == ("ann", "ann", None)
    assert len(client.cookies["session"]) >= 32
    assert key not in client.cookies["session"]
    assert await both.keys() == []


async def test_session_that_was_taken_over_is_listed_ended_and_told(both: Both) -> None:
    key = await both.ann()
    auth = both.site.auth

    async with both.client(key) as client:
        await client.get("/who")
        async with auth.database.own_transaction():
            user = await auth.accounts.by_username("ann")
            assert user is not None
            (listed,) = await auth.sessions.of(user.handle)
            (event,) = await SecurityEvent.all()
            await auth.sessions.end_all(user.handle)
        after = await both.who(client)

    assert (event.kind, event.user, event.details) == (
        "session-taken-over",
        user.handle,
        {"of": "django"},
    )
    assert event.agent is not None
    assert event.agent.startswith("python-httpx")
    assert listed.authenticated_at is None
    assert after is None


async def test_nobody_is_recent_by_it_before_they_say_their_password(both: Both) -> None:
    @both.site.app.get("/recent", dependencies=[Depends(requires_recent_login)])
    async def recent() -> str:
        return "yes"

    async with both.client(await both.ann()) as client:
        before = await client.get("/recent")
        said = await client.post("/auth/confirm-identity", json={"password": PASSWORD})
        after = await client.get("/recent")

    assert (before.status_code, said.status_code, after.status_code) == (403, 200, 200)


@pytest.mark.parametrize(
    ("remember", "more", "lasts"),
    [
        (True, {}, True),
        (True, {"_session_expiry": 300}, True),
        (True, {"_session_expiry": 0}, False),
        (False, {}, False),
    ],
)
async def test_session_outlives_the_browser_where_djangos_did(
    database: Database, remember: bool, more: dict[str, Any], lasts: bool
) -> None:
    both = both_on(database, remember=remember)
    password = await both.account()
    await both.taken(password)
    key = await both.session(signed_data(held_by(7, password, **more)))

    async with both.client(key) as client:
        answer = await client.get("/who")

    assert answer.json() == "ann"
    assert ("Max-Age" in answer.headers["set-cookie"]) is lasts


async def test_what_the_older_key_has_signed_counts_too(both: Both) -> None:
    password = await both.account()
    await both.taken(password)
    held = held_by(7, password, secret=OLD_SECRET)
    key = await both.session(signed_data(held, secret=OLD_SECRET))

    async with both.client(key) as client:
        assert await both.who(client) == "ann"


@pytest.mark.parametrize(
    "ours",
    [
        {"username": "ann", "key": 40, "email": None},
        {"username": "anna", "key": 41, "email": "ann@example.org"},
        {"username": "anna", "key": 7, "email": None},
    ],
    ids=["by name", "by address", "by key"],
)
async def test_account_is_found_wherever_it_went(both: Both, ours: dict[str, Any]) -> None:
    password = await both.account()
    await both.taken(password, **ours)
    key = await both.session(signed_data(held_by(7, password)))

    async with both.client(key) as client:
        assert await both.who(client) == ours["username"]


async def test_big_sessions_are_read(both: Both) -> None:
    password = await both.account()
    await both.taken(password)
    held = held_by(7, password, cart=[{"article": number} for number in range(20_000)])

    async with both.client(await both.session(signed_data(held))) as client:
        assert await both.who(client) == "ann"


# -- who is not ----------------------------------------------------------------------------------


async def test_session_that_has_ended_is_nobodys(both: Both) -> None:
    password = await both.account()
    await both.taken(password)
    ended = datetime.now(UTC) - timedelta(seconds=1)
    key = await both.session(signed_data(held_by(7, password)), ended)

    async with both.client(key) as client:
        assert await both.who(client) is None


async def test_session_that_is_not_signed_as_it_stands_is_nobodys(both: Both) -> None:
    password = await both.account()
    await both.taken(password)
    held = held_by(7, password)
    right = signed_data(held)
    other = signed_data({**held, "_auth_user_id": "8"})
    wrong = [
        signed_data(held, secret="another key altogether"),
        other.split(":")[0] + ":" + right.split(":", 1)[1],
        right[:-1] + ("A" if right[-1] != "A" else "Q"),
        right.rpartition(":")[0],
        right.replace(":", "."),
        right + "é",
        "",
        ":",
        "::",
    ]

    for data in wrong:
        async with both.client(await both.session(data)) as client:
            assert await both.who(client) is None, data


async def test_what_is_signed_and_no_object_of_json_is_nobodys(both: Both) -> None:
    password = await both.account()
    await both.taken(password)
    held = held_by(7, password)
    bomb = json.dumps({**held, "zeros": "0" * 5_000_000}).encode()
    wrong = [
        signed_data(held, serializer=Pickles),
        signed_bytes(packed(bomb)),
        signed_bytes(packed(json.dumps(held).encode() + b" " * MOST_OF_DATA)),
        signed_bytes(urlsafe_b64encode(json.dumps(held).encode() + b" " * MOST_OF_DATA).decode()),
        signed_bytes(packed(json.dumps(held).encode())[:-9]),
        signed_bytes(packed(json.dumps([held]).encode())),
        signed_bytes(packed(b"[" * 500_000)),
        signed_bytes("."),
        signed_bytes("a"),
        signed_data({**held, "_auth_user_hash": None}),
        signed_data({**held, "_auth_user_hash": "é"}),
        signed_data({**held, "_auth_user_id": 7}),
        signed_data({**held, "_auth_user_id": "9" * 40}),
        signed_data({**held, "_auth_user_id": "seven"}),
        signed_data({**held, "_auth_user_id": "8"}),
        signed_data({"cart": [1]}),
    ]

    for data in wrong:
        async with both.client(await both.session(data)) as client:
            answer = await client.get("/who")
            assert (answer.status_code, answer.json()) == (200, None), data[:80]


async def test_password_that_was_changed_in_django_ends_what_was_before(both: Both) -> None:
    key = await both.ann()
    await both.change(password=django_hash(OTHER_PASSWORD))

    async with both.client(key) as client:
        assert await both.who(client) is None


async def test_password_that_was_hashed_anew_by_signing_in_here_ends_it_too(both: Both) -> None:
    key = await both.ann(email_confirmed_at=datetime.now(UTC))
    async with both.client(None) as signing:
        given = {"log_in": "ann", "password": PASSWORD}
        signed = await signing.post("/auth/sign-in", json=given)

    async with both.client(key) as client:
        assert await both.who(client) is None
    assert signed.status_code == 200


@pytest.mark.parametrize("side", ["theirs", "ours", "a service"])
async def test_who_is_not_active_is_not_signed_in(both: Both, side: str) -> None:
    password = await both.account(is_active=side != "theirs")
    await both.taken(password, is_active=side != "ours", is_service=side == "a service")
    key = await both.session(signed_data(held_by(7, password)))

    async with both.client(key) as client:
        assert await both.who(client) is None
    assert await both.keys() == [key]


async def test_who_has_a_second_factor_signs_in(both: Both) -> None:
    both.site.app.use(Totp(both.site.auth))
    password = await both.account()
    user = await both.taken(password)
    async with both.site.auth.database.own_transaction():
        now = datetime.now(UTC)
        await StoredTotp(user=user.handle, secret="x", begun_at=now, confirmed_at=now).save()
    key = await both.session(signed_data(held_by(7, password)))

    async with both.client(key) as client:
        assert await both.who(client) is None
    assert await both.keys() == [key]


async def test_account_of_the_same_name_and_key_with_another_password_is_another(
    both: Both,
) -> None:
    password = await both.account()
    await both.taken(django_hash())
    key = await both.session(signed_data(held_by(7, password)))

    async with both.client(key) as client:
        assert await both.who(client) is None


@pytest.mark.parametrize("nothing", ["", NO_PASSWORD])
async def test_accounts_without_anything_to_compare_are_nobodys(both: Both, nothing: str) -> None:
    await both.account(password=nothing)
    await both.taken(nothing)
    key = await both.session(signed_data(held_by(7, nothing)))

    async with both.client(key) as client:
        assert await both.who(client) is None


async def test_who_signs_in_elsewhere_than_by_a_password_stays_signed_in(both: Both) -> None:
    unusable = "!" + "aB3" * 13 + "x"  # as Django's `set_unusable_password` writes it
    await both.account(password=unusable)
    await both.taken(unusable)
    key = await both.session(signed_data(held_by(7, unusable)))

    async with both.client(key) as client:
        assert await both.who(client) == "ann"


@pytest.mark.parametrize(
    "cookie", ["", "x", "a" * 41, "A" * 32, "' OR 1=1 --", "a" * 5000, "%00" * 10]
)
async def test_what_is_no_key_of_djangos_is_nobodys(both: Both, cookie: str) -> None:
    async with both.client(cookie) as client:
        answer = await client.get("/who")

    assert (answer.status_code, answer.json()) == (200, None)


# -- other sites, other cookies, other requests --------------------------------------------------


async def test_two_cookies_of_djangos_are_somebodys_trick(both: Both) -> None:
    key = await both.ann()
    cookie = {"cookie": f"sessionid={key}; sessionid={'a' * 32}"}

    async with both.client(None, headers=cookie) as client:
        assert await both.who(client) is None


async def test_who_has_a_session_here_is_never_another(both: Both) -> None:
    await both.site.make("bob@example.org", username="bob")
    client = await both.site.signed_in("bob")
    client.cookies["sessionid"] = await both.ann()

    with counted_queries(both.django) as queries:
        assert await both.who(client) == "bob"

    assert not [one.text for one in queries if "django" in one.text]
    assert len(await both.keys()) == 1


async def test_session_here_of_who_is_not_active_is_not_made_anothers(both: Both) -> None:
    bob = await both.site.make("bob@example.org", username="bob")
    client = await both.site.signed_in("bob")
    client.cookies["sessionid"] = await both.ann()
    async with both.site.auth.database.own_transaction():
        await bob.update(is_active=False)

    assert await both.who(client) is None
    assert len(await both.keys()) == 1


async def test_stranger_without_djangos_cookie_costs_nothing(both: Both) -> None:
    async with both.client(None) as client:
        with counted_queries(both.django) as queries:
            assert await both.who(client) is None

    assert len(queries) == 0


async def test_who_is_about_to_sign_in_here_is_not_taken_for_another(both: Both) -> None:
    both.site.app.use(Totp(both.site.auth))
    bob = await both.site.make("bob@example.org", username="bob")
    async with both.site.auth.database.own_transaction():
        now = datetime.now(UTC)
        await StoredTotp(user=bob.handle, secret="x", begun_at=now, confirmed_at=now).save()
    key = await both.ann()
    async with both.client(None) as client:
        half = await client.post("/auth/sign-in", json={"log_in": "bob", "password": PASSWORD})
        client.cookies["sessionid"] = key
        found = await both.who(client)

    assert half.json()["second_factors"] == ["totp"]
    assert found is None


async def test_what_another_sites_page_sends_is_refused_and_what_it_shows_takes_nothing(
    both: Both,
) -> None:
    key = await both.ann()
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}

    async with both.client(key) as client:
        posted = await client.post("/who", headers=foreign)
        shown = await client.get("/who", headers={**foreign, "sec-fetch-dest": "image"})
        framed = await client.get("/who", headers={**foreign, "sec-fetch-dest": "iframe"})
        kept = await both.keys()
        followed = await client.get("/who", headers={**foreign, "sec-fetch-dest": "document"})

    assert (posted.status_code, shown.json(), framed.json()) == (401, None, None)
    assert kept == [key]
    assert followed.json() == "ann"


async def test_form_that_another_sites_page_leads_here_is_refused(both: Both) -> None:
    key = await both.ann()
    foreign = {"origin": "https://evil.example"}

    async with both.client(key) as client:
        led = await client.post(
            "/who",
            headers={**foreign, "sec-fetch-site": "cross-site", "sec-fetch-dest": "document"},
        )
        old = await client.post("/who", headers=foreign)

    assert (led.status_code, old.status_code) == (403, 403)
    assert await both.keys() == [key]


async def test_handler_that_goes_on_after_a_refusal_has_nobody(both: Both) -> None:
    @both.site.app.post("/anyhow")
    async def anyhow(request: Request) -> bool:
        with pytest.raises(HTTPException):
            await both.site.auth.identify(request)
        return (await both.site.auth.sessions.of_request(request)).user is None

    key = await both.ann()

    async with both.client(key, headers={"origin": "https://evil.example"}) as client:
        answer = await client.post("/anyhow")

    assert (answer.status_code, answer.json()) == (200, True)
    assert await both.keys() == [key]


async def test_own_forms_may_be_the_first_request(both: Both) -> None:
    async with both.client(await both.ann()) as client:
        answer = await client.post("/who")

    assert (answer.status_code, answer.json()) == (200, "ann")


async def test_request_that_fails_has_taken_nothing(both: Both) -> None:
    key = await both.ann()

    async with both.client(key) as client:
        failed = await client.get("/broken")
        kept = await both.keys()
        after = await both.who(client)

    assert failed.json() == {"detail": "not now, ann"}
    assert (kept, after) == ([key], "ann")


async def test_of_two_requests_at_once_one_is_signed_in(both: Both) -> None:
    key = await both.ann()

    async with both.client(key) as client, both.client(key) as other:
        found = await asyncio.gather(*(both.who(one) for one in (client, other) * 3))

    holders = [one for one in (client, other) if "session" in one.cookies]
    assert "ann" in found
    assert len(holders) == 1
