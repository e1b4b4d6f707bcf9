"""What somebody may try with a session that is not theirs."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sessions.site import SECRET, Site, sent, token_of
from trivet.security.signing import Signer
from trivet.sessions import CookieSessions
from trivet.sessions.cookies import Cookies

COOKIES = Cookies("session", "lax", None)


async def test_a_token_that_was_planted_before_is_worth_nothing_after_the_sign_in(
    kept_site: Site,
) -> None:
    async with kept_site.client() as attacker:
        await attacker.post("/put?key=a&value=1")
        planted = token_of(attacker)

    async with kept_site.client() as victim:
        victim.cookies.set("session", planted, domain="testserver.local")
        await victim.post("/in?user=ann")
        assert (await victim.get("/user")).json() == "ann"

    async with kept_site.client(headers=sent(planted)) as attacker:
        assert (await attacker.get("/user")).json() is None


async def test_a_token_that_nobody_gave_out_is_never_taken_over(kept_site: Site) -> None:
    invented = "A" * 43
    async with kept_site.client(headers=sent(invented)) as browser:
        answer = await browser.post("/put?key=a&value=1")

    assert invented not in answer.headers["set-cookie"]


@pytest.mark.parametrize("path", ["/rotate", "/confirm", "/in?user=ann", "/in?user=bob", "/out"])
async def test_a_stolen_token_is_worth_nothing_after_it_changed(kept_site: Site, path: str) -> None:
    async with kept_site.client() as browser:
        await browser.post("/in?user=ann")
        stolen = token_of(browser)
        await browser.post(path)

    async with kept_site.client(headers=sent(stolen)) as thief:
        for _ in range(2):
            assert (await thief.get("/user")).json() is None
            assert "set-cookie" not in (await thief.get("/user")).headers
            await thief.post("/out")
            kept_site.now += 120


async def test_confirming_notes_the_moment(kept_site: Site) -> None:
    async with kept_site.client() as browser:
        await browser.post("/in?user=ann")
        kept_site.now += 3600
        await browser.post("/confirm")
        (info,) = await kept_site.sessions.of("ann")

    assert info.authenticated_at is not None
    assert info.authenticated_at.timestamp() == kept_site.now
    assert info.created_at.timestamp() == kept_site.now - 3600


async def test_a_request_beside_a_rotation_neither_loses_nor_ends_the_session(
    database_site: Site,
) -> None:
    site = database_site
    async with site.client() as browser:
        await browser.post("/in?user=ann")
        old = token_of(browser)
        slow = asyncio.create_task(browser.post("/slow?key=a", headers=sent(old)))
        await site.paused.wait()
        await browser.post("/rotate")
        new = token_of(browser)
        site.go_on.set()

        late = await slow

        assert late.status_code == 200
        assert "set-cookie" not in late.headers
        assert token_of(browser) == new != old
        assert (await browser.get("/me")).json()["user"] == "ann"
        assert (await browser.get("/me")).json()["values"] == {}


async def test_a_request_beside_a_sign_out_does_not_bring_the_session_back(
    database_site: Site,
) -> None:
    site = database_site
    async with site.client() as browser:
        await browser.post("/in?user=ann")
        old = token_of(browser)
        slow = asyncio.create_task(browser.post("/slow?key=a", headers=sent(old)))
        await site.paused.wait()
        await browser.post("/out")
        site.go_on.set()

        assert "set-cookie" not in (await slow).headers
        assert await site.sessions.of("ann") == []
    async with site.client(headers=sent(old)) as thief:
        assert (await thief.get("/user")).json() is None


async def test_who_comes_late_with_the_old_token_does_not_take_the_new_cookies_place(
    kept_site: Site,
) -> None:
    async with kept_site.client() as browser:
        await browser.post("/in?user=ann")
        old = token_of(browser)
        await browser.post("/rotate")

    async with kept_site.client(headers=sent(old)) as late:
        assert "set-cookie" not in (await late.post("/put?key=a&value=1")).headers
        assert "set-cookie" in (await late.post("/in?user=ann")).headers
    async with kept_site.client(headers=sent(old)) as much_later:
        kept_site.now += 61
        assert "set-cookie" in (await much_later.post("/put?key=a&value=1")).headers


async def test_two_who_sign_in_at_once_with_one_session_are_both_signed_in(
    kept_site: Site,
) -> None:
    async with kept_site.client() as browser:
        await browser.post("/put?key=a&value=1")
        old = token_of(browser)
    async with kept_site.client() as one, kept_site.client() as two:
        answers = await asyncio.gather(
            one.post("/in?user=ann", headers=sent(old)),
            two.post("/in?user=ann", headers=sent(old)),
        )

        assert all("set-cookie" in answer.headers for answer in answers)
        assert (await one.get("/user")).json() == (await two.get("/user")).json() == "ann"


async def test_a_cookie_without_the_prefix_is_not_looked_at_over_https(kept_site: Site) -> None:
    async with kept_site.client() as attacker:
        await attacker.post("/in?user=mallory")
        tossed = token_of(attacker)

    async with kept_site.client("https") as victim:
        answer = await victim.get("/user", headers=sent(tossed))
        assert answer.json() is None
        await victim.post("/in?user=ann")
        mine = token_of(victim)
        both = {"cookie": f"session={tossed}; __Host-session={mine}; session={tossed}"}
        assert (await victim.get("/user", headers=both)).json() == "ann"


async def test_of_two_cookies_with_one_name_neither_is_believed(kept_site: Site) -> None:
    async with kept_site.client() as one, kept_site.client() as two:
        await one.post("/in?user=ann")
        await two.post("/in?user=mallory")
        mine, tossed = token_of(one), token_of(two)
    async with kept_site.client() as victim:
        for pair in (f"session={mine}; session={tossed}", f"session={tossed}; session={mine}"):
            assert (await victim.get("/user", headers={"cookie": pair})).json() is None
        same = {"cookie": f"session={mine}; session={mine}"}
        assert (await victim.get("/user", headers=same)).json() == "ann"


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"=", b"=x", b"session", b"session=", b";;;", b"session=;session=", b"\xff=\xff"),
        *(
            b"session=\xff\xfe",
            b"Session=x",
            b"session =x",
            b"xsession=x",
            b"session=" + b"x" * 5000,
        ),
        *(b"\xa0session=x", b"\x85session=x", b"session\xa0=x", b"$Version=1; session"),
    ],
)
async def test_a_broken_cookie_is_no_session(line: bytes) -> None:
    scope = {"scheme": "http", "headers": [(b"cookie", line)]}

    assert COOKIES.read(scope) is None


@given(st.lists(st.binary(max_size=60), max_size=4), st.sampled_from(["http", "https"]))
def test_no_cookie_header_is_an_error(lines: list[bytes], scheme: str) -> None:
    headers = [(b"cookie", b"session=" + line) for line in lines]
    headers += [(b"cookie", line) for line in lines]

    found = COOKIES.read({"scheme": scheme, "headers": headers})

    assert found is None or (found.isascii() and len(found) > 0)


async def test_a_signed_cookie_counts_for_its_purpose_and_as_it_stands_alone(
    kept_site: Site,
) -> None:
    site = Site(CookieSessions(SECRET))
    async with site.client() as browser:
        await browser.post("/in?user=ann")
        token = token_of(browser)
    payload = Signer(SECRET, purpose="sessions").read(token, max_age=None)
    other = Signer(SECRET, purpose="reset").sign(payload)
    short = Signer(SECRET, purpose="sessions").sign([1, 2])
    for value in (other, short, token[:-2], token + "AA", token.replace(".", "..", 1)):
        async with site.client(headers=sent(value)) as attacker:
            assert (await attacker.get("/user")).json() is None
