"""Sessions in requests: what is kept, when, and what the answers say."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import event

from tests.sessions.site import DAY, Site, sent, shown, token_of
from trivet import App, Request, Response
from trivet.cache import Cache, MemoryStore
from trivet.sessions import CurrentSession, SessionError, Sessions
from trivet.sessions.redis import RedisSessions
from trivet.testing.client import async_client

DELETED = 'session=""; Expires=Thu, 01 Jan 1970 00:00:00 GMT'


async def test_a_stranger_for_whom_nothing_is_kept_gets_no_cookie(site: Site) -> None:
    async with site.client() as browser:
        answer = await browser.get("/me")

    assert answer.json() == {"user": None, "values": {}, "is_new": True, "is_remembered": False}
    assert "set-cookie" not in answer.headers


async def test_values_are_there_in_the_next_request(site: Site) -> None:
    async with site.client() as browser:
        answer = await browser.post("/put?key=a&value=1")
        again = await browser.post("/put?key=b&value=2")

        assert (await browser.get("/me")).json()["values"] == {"a": "1", "b": "2"}
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("session=")
    assert cookie.endswith("; HttpOnly; Path=/; SameSite=lax")
    assert ("set-cookie" in again.headers) is site.sessions.store.lives_in_cookie


async def test_an_empty_session_of_a_stranger_is_forgotten(site: Site) -> None:
    async with site.client() as browser:
        await browser.post("/put?key=a&value=1")
        answer = await browser.post("/clear")

        assert answer.headers["set-cookie"].startswith(DELETED)
        assert not browser.cookies


async def test_who_signs_in_is_signed_in_and_keeps_what_a_stranger_had(site: Site) -> None:
    async with site.client() as browser:
        await browser.post("/put?key=basket&value=7")
        await browser.post("/in?user=ann")

        assert (await browser.get("/me")).json() == {
            "user": "ann",
            "values": {"basket": "7"},
            "is_new": False,
            "is_remembered": False,
        }


async def test_another_user_gets_nothing_of_the_one_before(site: Site) -> None:
    async with site.client() as browser:
        await browser.post("/in?user=ann")
        await browser.post("/put?key=secret&value=7")
        await browser.post("/in?user=ann")
        assert (await browser.get("/me")).json()["values"] == {"secret": "7"}

        await browser.post("/in?user=bob")

        assert (await browser.get("/me")).json()["values"] == {}
        assert (await browser.get("/user")).json() == "bob"


async def test_who_signs_out_is_nobody_and_has_no_cookie(site: Site) -> None:
    async with site.client() as browser:
        await browser.post("/in?user=ann")
        answer = await browser.post("/out")

        assert answer.headers["set-cookie"].startswith(DELETED)
        assert (await browser.get("/user")).json() is None


async def test_what_is_said_after_a_sign_out_is_in_a_new_session(site: Site) -> None:
    async with site.client() as browser:
        await browser.post("/in?user=ann")
        await browser.post("/goodbye")

        assert (await browser.get("/user")).json() is None
        assert (await browser.get("/flashes")).json() == [["Good bye", "success"]]
        assert (await browser.get("/flashes")).json() == []
        assert not browser.cookies


async def test_a_cookie_ends_with_the_browser_unless_it_is_remembered(site: Site) -> None:
    async with site.client() as browser:
        plain = await browser.post("/in?user=ann")
        remembered = await browser.post("/in?user=ann&remember=true")

        assert (await browser.get("/me")).json()["is_remembered"] is True
    assert "Max-Age" not in plain.headers["set-cookie"]
    assert f"Max-Age={int(90 * DAY)}" in remembered.headers["set-cookie"]


async def test_over_https_the_cookie_is_secure_and_of_this_host_alone(site: Site) -> None:
    async with site.client("https") as browser:
        answer = await browser.post("/in?user=ann")

        assert (await browser.get("/user")).json() == "ann"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-session=")
    assert cookie.endswith("; HttpOnly; Path=/; SameSite=lax; Secure")


# -- times ---------------------------------------------------------------------------------------


async def test_a_session_ends_when_nobody_comes_for_the_idle_time(site: Site) -> None:
    async with site.client() as browser:
        await browser.post("/in?user=ann")
        site.now += 13 * DAY
        assert (await browser.get("/user")).json() == "ann"
        site.now += 13 * DAY
        assert (await browser.get("/user")).json() == "ann"

        site.now += 14 * DAY

        assert (await browser.get("/user")).json() is None


async def test_a_session_ends_after_the_absolute_time_however_often_it_is_seen(
    site: Site,
) -> None:
    async with site.client() as browser:
        await browser.post("/in?user=ann")
        for _ in range(8):
            site.now += 11 * DAY
            assert (await browser.get("/user")).json() == "ann"

        site.now += 2 * DAY

        assert (await browser.get("/user")).json() is None


async def test_one_that_is_remembered_ends_after_its_own_time(site: Site) -> None:
    async with site.client() as browser:
        await browser.post("/in?user=ann&remember=true")
        token = token_of(browser)
    site.now += 89 * DAY
    async with site.client(headers=sent(token)) as browser:
        assert (await browser.get("/user")).json() == "ann"
        site.now += DAY
        assert (await browser.get("/user")).json() is None


async def test_shorter_times_count_for_sessions_that_are_there(kept_site: Site) -> None:
    async with kept_site.client() as browser:
        await browser.post("/in?user=ann")
        token = token_of(browser)
    shorter = Site(kept_site.sessions.store, idle=60)
    shorter.now += 61
    async with shorter.client(headers=sent(token)) as browser:
        assert (await browser.get("/user")).json() is None


async def test_that_it_was_seen_is_written_at_most_once_a_minute(kept_site: Site) -> None:
    async with kept_site.client(headers={"user-agent": "first"}) as browser:
        await browser.post("/in?user=ann")
        seen = []
        for seconds in (30, 29, 1, 59, 1):
            kept_site.now += seconds
            await browser.get("/user", headers={"user-agent": f"after {seconds}"})
            (info,) = await kept_site.sessions.of("ann")
            seen.append((info.seen_at.timestamp() - 1_800_000_000, info.agent))

    assert seen == [
        *((0, "first"), (0, "first"), (60, "after 1"), (60, "after 1"), (120, "after 1")),
    ]


# -- together with the handler -------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/raises", "/refuses"])
async def test_an_answer_that_is_an_error_keeps_nothing(site: Site, path: str) -> None:
    async with site.client() as browser:
        refused = await browser.post(path)
        assert "set-cookie" not in refused.headers
        await browser.post("/put?key=a&value=1")

        refused = await browser.post(path)

        assert "set-cookie" not in refused.headers
        assert refused.headers["vary"] == "Cookie"
        assert refused.headers["cache-control"] == "private"
        assert (await browser.get("/me")).json()["values"] == {"a": "1"}


async def test_a_commit_that_fails_keeps_nothing_and_sets_no_cookie(database_site: Site) -> None:
    database = database_site.sessions.store.database  # type: ignore[attr-defined]

    @database_site.app.post("/fails")
    async def fails(session: CurrentSession) -> None:
        session.sign_in("bob")

        def broken(_: object) -> None:
            raise RuntimeError("no")

        event.listen(database.unit.sync_session(), "before_commit", broken)

    async with database_site.client(raise_app_exceptions=False) as browser:
        await browser.post("/in?user=ann")
        answer = await browser.post("/fails")

        assert answer.status_code == 500
        assert "set-cookie" not in answer.headers
        assert (await browser.get("/user")).json() == "ann"
    assert await database_site.sessions.of("bob") == []


async def test_a_request_that_reads_opens_no_transaction(kept_site: Site) -> None:
    database = kept_site.sessions.store.database  # type: ignore[attr-defined]
    began: list[bool] = []

    @kept_site.app.get("/reads")
    async def reads(session: CurrentSession) -> str | None:
        began.append(database.unit.is_writing)
        return session.user

    async with kept_site.client() as browser:
        await browser.post("/in?user=ann")
        assert (await browser.get("/reads")).json() == "ann"

    assert began == [False]


async def test_a_handler_with_a_plain_session_keeps_it_too(database_site: Site) -> None:
    database = database_site.sessions.store.database  # type: ignore[attr-defined]

    @database_site.app.post("/plain-session")
    def plain_session(session: CurrentSession) -> None:
        table = database_site.sessions.store.table  # type: ignore[attr-defined]
        database.unit.sync_session().execute(table.delete().where(table.c.id == "nobody"))
        session.sign_in("ann")

    async with database_site.client() as browser:
        answer = await browser.post("/plain-session")

        assert answer.status_code == 200
        assert (await browser.get("/user")).json() == "ann"


async def test_what_is_changed_once_the_answer_goes_out_is_refused(site: Site) -> None:
    async with site.client() as browser:
        answer = await browser.post("/stream")

        assert "its answer goes out" in answer.text
        assert (await browser.get("/me")).json()["values"] == {"key": "before"}


async def test_head_is_answered_as_get_is(site: Site) -> None:
    async with site.client() as browser:
        await browser.post("/in?user=ann")
        answer = await browser.head("/me")

    assert (answer.status_code, answer.text) == (200, "")
    assert answer.headers["vary"] == "Cookie"


async def test_all_who_ask_in_one_request_get_the_same_session(site: Site) -> None:
    @site.app.get("/twice")
    async def twice(one: CurrentSession, two: CurrentSession) -> bool:
        return one is two

    async with site.client() as browser:
        assert (await browser.get("/twice")).json() is True


async def test_starlettes_request_session_is_the_same_once_it_is_loaded(site: Site) -> None:
    @site.app.get("/starlette")
    async def starlette(session: CurrentSession, request: Request) -> bool:
        return request.session is session

    async with site.client() as browser:
        assert (await browser.get("/starlette")).json() is True


async def test_changes_that_nothing_keeps_are_told_to_the_log(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async def before(request: Request) -> Response:
        (await site.sessions.of_request(request))["a"] = 1
        return Response("early")

    site.app.before_request(before)
    async with site.client() as browser:
        answer = await browser.get("/me")

    assert (answer.text, "set-cookie" in answer.headers) == ("early", False)
    assert "changed where nothing keeps it" in caplog.text


async def test_an_application_without_sessions_says_what_to_write() -> None:
    app = App()

    @app.get("/")
    async def root(session: CurrentSession) -> None: ...

    async with async_client(app) as client:
        with pytest.raises(RuntimeError, match=r"app\.use\(Sessions\(\)\)"):
            await client.get("/")


# -- what caches may do --------------------------------------------------------------------------


async def test_an_answer_that_asked_for_the_session_is_private_and_varies(site: Site) -> None:
    async with site.client() as browser:
        asked, other = await browser.get("/me"), await browser.get("/plain")

    assert (asked.headers["vary"], asked.headers["cache-control"]) == ("Cookie", "private")
    assert "vary" not in other.headers
    assert "cache-control" not in other.headers


async def test_an_answers_own_word_on_caching_counts_unless_it_sets_a_cookie(site: Site) -> None:
    async with site.client() as browser:
        own, with_cookie = await browser.get("/public"), await browser.get("/public?key=a")

    assert own.headers["cache-control"] == "public, max-age=60"
    assert "set-cookie" in with_cookie.headers
    assert with_cookie.headers["cache-control"] == "private"


async def test_a_cached_route_keeps_nothing_that_asked_for_the_session(site: Site) -> None:
    cache = site.app.use(Cache(MemoryStore()))

    @site.app.get("/cached")
    @cache.route(ttl=60, vary=[])
    async def cached(session: CurrentSession) -> str | None:
        return session.user

    async with site.client() as browser:
        await browser.post("/in?user=ann")
        assert (await browser.get("/cached")).json() == "ann"
        await browser.post("/in?user=bob")
        assert (await browser.get("/cached")).json() == "bob"


# -- elsewhere -----------------------------------------------------------------------------------


async def test_a_store_that_is_away_is_a_503_and_takes_nobody_for_a_stranger() -> None:
    app = App()
    app.use(Sessions(RedisSessions("redis://127.0.0.1:1/0")))

    @app.get("/me")
    async def me(session: CurrentSession) -> dict[str, Any]:
        return shown(session)

    async with async_client(app) as client:
        answer = await client.get("/me", headers=sent("a" * 43))
        stranger = await client.get("/me")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "set-cookie" not in answer.headers
    assert stranger.status_code == 200


async def test_a_mounted_application_with_the_same_sessions_keeps_them(site: Site) -> None:
    inner = App()
    inner.use(site.sessions)

    @inner.post("/put")
    async def put(session: CurrentSession) -> None:
        session["a"] = 1

    site.app.mount("/inner", inner)
    async with site.client() as browser:
        answer = await browser.post("/inner/put")

        assert len(answer.headers.get_list("set-cookie")) == 1
        assert (await browser.get("/me")).json()["values"] == {"a": 1}


async def test_sign_in_and_the_list_of_a_user(kept_site: Site) -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    async with kept_site.client(headers={"user-agent": firefox}) as browser:
        await browser.post("/in?user=ann&remember=true")
        (info,) = await kept_site.sessions.of("ann")

        assert (info.device, info.address, info.is_remembered) == (
            *("Firefox on Linux", "testclient", True),
        )
        assert await kept_site.sessions.end(info.id, user="ann")
        assert (await browser.get("/user")).json() is None


async def test_sessions_that_end_in_a_handler_end_with_its_transaction(
    database_site: Site,
) -> None:
    @database_site.app.post("/others")
    async def others(session: CurrentSession, fails: bool = False) -> int:
        ended = await database_site.sessions.end_all("ann", except_id=session.id)
        if fails:
            raise SessionError("no")
        return ended

    async with (
        database_site.client(raise_app_exceptions=False) as one,
        database_site.client() as two,
    ):
        await one.post("/in?user=ann")
        await two.post("/in?user=ann")

        assert (await one.post("/others?fails=1")).status_code == 500
        assert (await two.get("/user")).json() == "ann"
        assert (await one.post("/others")).json() == 1
        assert (await two.get("/user")).json() is None
        assert (await one.get("/user")).json() == "ann"


async def test_two_requests_at_once_with_one_session_both_end_well(site: Site) -> None:
    async with site.client() as browser:
        await browser.post("/in?user=ann")

        answers = await asyncio.gather(*[browser.get("/me") for _ in range(10)])

    assert {answer.json()["user"] for answer in answers} == {"ann"}
