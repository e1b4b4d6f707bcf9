"""A session by itself: a dictionary, and notes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.sessions.site import SECRET
from trivet import App
from trivet.db import BareModel, Database
from trivet.errors import SetupError
from trivet.sessions import (
    CookieSessions,
    DatabaseSessions,
    Flash,
    Kept,
    Session,
    SessionError,
    SessionInfo,
    Sessions,
)
from trivet.sessions.agents import browser_of, system_of
from trivet.sessions.kept import Lifetimes
from trivet.sessions.session import Notes, Visitor

NOW = 1_800_000_000_000
LIVES = Lifetimes.of(3600, 86_400, timedelta(days=30))


class UnitModel(BareModel, apart=True):
    """Where the tables of these tests are registered."""


class AnotherModel(BareModel, apart=True):
    """The models of a second database."""


def session(**notes: object) -> Session:
    return Session(Notes(**notes), LIVES, Visitor(NOW, "::1", "curl/8"))  # type: ignore[arg-type]


def kept(**changed: object) -> Kept:
    values = {
        "id": "one", "user": "ann", "data": '{"values":{"a":{"b":1}},"flashes":[["hi","info"]]}',
        "created": NOW - 60_000, "seen": NOW - 1000, "expires": NOW + 1000,
        "authenticated": NOW - 60_000, "is_remembered": False, "address": "", "agent": "",
    }  # fmt: skip
    return Kept(**values | changed)  # type: ignore[arg-type]


def test_a_new_one_is_empty_and_nobodys() -> None:
    new = session()

    assert (dict(new), new.user, new.is_new, new.authenticated_at) == ({}, None, True, None)
    assert new.created_at == new.seen_at == datetime.fromtimestamp(NOW / 1000, UTC)
    assert new.expires_at - new.created_at == timedelta(hours=1)
    assert (new.address, new.agent) == ("::1", "curl/8")
    assert new.id == new.id != session().id
    assert not new.is_changed


def test_one_that_was_kept_is_as_it_was() -> None:
    found = session(kept=kept(), token="t")

    assert (dict(found), found.user, found.id) == ({"a": {"b": 1}}, "ann", "one")
    assert not found.is_new
    assert not found.is_changed
    assert found.expires_at == datetime.fromtimestamp(NOW / 1000 + 1, UTC)
    assert found.flashes() == [Flash("hi", "info")]
    assert found.flashes() == []
    assert found.is_changed


def test_what_is_changed_within_a_value_is_a_change() -> None:
    found = session(kept=kept(), token="t")

    found["a"]["b"] = 2

    assert found.is_changed
    assert '"b":2' in found.to_keep().data


def test_a_dictionary_is_what_it_is() -> None:
    new = session()

    new["a"] = 1
    new.update(b=2)
    new.setdefault("c", []).append(3)

    assert (dict(new), len(new), "a" in new, new.pop("a")) == (
        *({"a": 1, "b": 2, "c": [3]}, 3, True, 1),
    )
    assert bool(session())
    del new["b"]
    with pytest.raises(KeyError):
        new["b"]


def test_signing_in_gives_another_id_and_begins_anew() -> None:
    found = session(kept=kept(), token="t")

    found.sign_in("ann", remember=True)

    assert found.is_new
    assert found.id != "one"
    assert found.is_remembered
    assert found.created_at == found.authenticated_at == datetime.fromtimestamp(NOW / 1000, UTC)
    assert found.expires_at - found.created_at == timedelta(days=30)
    assert dict(found) == {"a": {"b": 1}}


def test_who_was_signed_in_without_a_proof_has_none_until_they_confirm() -> None:
    found = session()
    found.sign_in("ann", is_proof=False)
    before = found.authenticated_at

    found.confirm()

    assert (found.user, before) == ("ann", None)
    assert found.authenticated_at == datetime.fromtimestamp(NOW / 1000, UTC)


@pytest.mark.parametrize("user", ["", " ann", "ann\n", "a\0b", "x" * 256])
def test_a_handle_is_printable_text(user: str) -> None:
    with pytest.raises(SessionError, match="handle has 1 to 255"):
        session().sign_in(user)


def test_nobody_can_confirm_who_is_not_signed_in() -> None:
    with pytest.raises(SessionError, match="sign_in"):
        session().confirm()


def test_what_json_cannot_write_is_told() -> None:
    new = session()
    new["when"] = datetime.now(UTC)

    with pytest.raises(SessionError, match="isoformat"):
        new.to_keep()
    with pytest.raises(SessionError, match="text"):
        new[1] = 2  # type: ignore[index]


@pytest.mark.parametrize("notes", [{"is_over": True}, {"is_read_only": True}])
def test_one_that_nobody_keeps_cannot_be_changed(notes: dict[str, bool]) -> None:
    found = session(kept=kept(), token="t", **notes)

    for change in (
        lambda: found.sign_in("bob"),
        lambda: found.flash("hi"),
        lambda: found.update(a=1),
        lambda: found.pop("a"),
        found.sign_out,
        found.rotate,
        found.confirm,
    ):
        with pytest.raises(SessionError, match=r"cannot be changed|not change it"):
            change()
    assert found["a"] == {"b": 1}
    assert found.flashes() == []


def test_its_values_are_in_no_repr() -> None:
    found = session(kept=kept(), token="secret-token")

    assert repr(found) == "<Session one of 'ann'>"


def test_a_list_says_which_browser_it_is() -> None:
    info = SessionInfo.of(kept(agent="curl/8.1", authenticated=None))

    assert (info.device, info.authenticated_at) == ("curl", None)
    assert SessionInfo.of(kept(agent="?")).device == "unknown browser"


@pytest.mark.parametrize(
    ("agent", "browser", "system"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
            " Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
            *("Edge", "Windows"),
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15"
            " (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
            *("Safari", "iOS"),
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
            " Chrome/141.0.0.0 Mobile Safari/537.36",
            *("Chrome", "Android"),
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0",
            *("Firefox", "macOS"),
        ),
        ("", None, None),
    ],
)
def test_browsers_and_systems_are_told_apart(
    agent: str, browser: str | None, system: str | None
) -> None:
    assert (browser_of(agent), system_of(agent)) == (browser, system)


# -- what is told at start-up --------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        *({"idle": 0}, {"absolute": timedelta(0)}, {"remember": -1}, {"idle": float("nan")}),
        *({"cookie": "a b"}, {"same_site": "maybe"}, {"same_site": "none", "secure": False}),
    ],
)
def test_options_that_cannot_be_are_told(options: dict[str, object]) -> None:
    with pytest.raises(SetupError, match="Sessions") as found:
        Sessions(**options)  # type: ignore[arg-type]

    assert found.value.code == "sessions.option"


def test_the_applications_one_database_is_taken() -> None:
    app = App()
    database = app.use(Database("sqlite://", models=UnitModel))

    sessions = app.use(Sessions())

    assert isinstance(sessions.store, DatabaseSessions)
    assert sessions.store.database is database
    assert "trivet_sessions" in UnitModel.metadata.tables


@pytest.mark.parametrize("models", [(), (UnitModel, AnotherModel)])
def test_without_one_database_somebody_has_to_say_where(models: tuple[type, ...]) -> None:
    app = App()
    for one in models:
        app.use(Database("sqlite://", models=one, name=one.__name__))

    with pytest.raises(SetupError, match="DatabaseSessions") as found:
        app.use(Sessions())

    assert found.value.code == "sessions.no-store"


async def test_sessions_in_cookies_cannot_be_listed_or_ended() -> None:
    sessions = Sessions(CookieSessions(SECRET))

    for asked in (sessions.of("ann"), sessions.end("one", user="ann"), sessions.end_all("ann")):
        with pytest.raises(SetupError, match="visitors alone") as found:
            await asked
        assert found.value.code == "sessions.in-cookies"
    assert await sessions.forget_expired() == 0


async def test_a_session_too_large_for_a_cookie_is_told() -> None:
    large = session()
    large["a"] = "x" * 3000

    with pytest.raises(SessionError, match="4,093"):
        await CookieSessions(SECRET).insert(large.to_keep(), None)


def test_a_store_with_cookies_of_other_sites_is_always_secure() -> None:
    sessions = Sessions(CookieSessions(SECRET), same_site="none", cookie="__Host-own")

    cookie = sessions.cookies.written({"scheme": "http", "headers": []}, "x", None)

    assert cookie == b"__Host-own=x; HttpOnly; Path=/; SameSite=none; Secure"
