"""Sessions in templates, WebSockets, commands, and behind a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from tests.sessions.site import DAY, SECRET, Site
from trivet import App, WebSocket
from trivet.app.part import CommandGroup
from trivet.sessions import CookieSessions, CurrentSession, SessionError, Sessions
from trivet.templates import Templates
from trivet.testing import LiveServer


def test_a_page_shows_messages_once(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        "{% for message, level in flashes() %}[{{ level }}: {{ message }}]{% endfor %}"
    )
    app = App()
    templates = app.use(Templates(tmp_path))
    app.use(Sessions(CookieSessions(SECRET)))

    @app.post("/save")
    async def save(session: CurrentSession) -> None:
        session.flash("Saved", "success")

    @app.get("/page")
    @templates.page("page.html")
    async def page(session: CurrentSession) -> dict[str, Any]:
        return {}

    @app.get("/other")
    @templates.page("page.html")
    async def other() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {}

    browser = TestClient(app)
    browser.post("/save")
    pages = [browser.get(path).text for path in ("/other", "/page", "/page")]

    assert pages == ["", "[success: Saved]", ""]
    assert not browser.cookies


def test_a_websocket_reads_the_session_and_cannot_change_it() -> None:
    app = App()
    app.use(Sessions(CookieSessions(SECRET)))

    @app.post("/in")
    async def sign_in(session: CurrentSession) -> None:
        session.sign_in("ann")

    @app.websocket("/ws")
    async def talk(socket: WebSocket, session: CurrentSession) -> None:
        await socket.accept()
        await socket.send_text(str(session.user))
        try:
            session["a"] = 1
        except SessionError as error:
            await socket.send_text(str(error))
        await socket.close()

    browser = TestClient(app)
    browser.post("/in")
    with browser.websocket_connect("/ws") as socket:
        assert socket.receive_text() == "ann"
        assert "not change it" in socket.receive_text()


def test_behind_a_real_server_it_is_the_same(tmp_path: Path) -> None:
    from trivet.db import BareModel, Database

    class LiveModel(BareModel, apart=True):
        """Where the table of this test is registered."""

    app = App()
    database = app.use(Database(f"sqlite:///{tmp_path}/live.db", models=LiveModel))
    sessions = app.use(Sessions())

    @app.post("/in")
    async def sign_in(session: CurrentSession, user: str) -> None:
        session.sign_in(user)

    @app.get("/user")
    async def user(session: CurrentSession) -> str | None:
        return session.user

    @app.post("/tables")
    async def tables() -> None:
        await database.create_tables()

    @app.post("/everywhere")
    async def everywhere(session: CurrentSession) -> int:
        assert session.user is not None
        return await sessions.end_all(session.user)

    with LiveServer(app) as server, httpx.Client(base_url=server.url) as browser:
        browser.post("/tables")
        answer = browser.post("/in?user=ann")
        assert answer.headers["set-cookie"].startswith("session=")
        assert browser.get("/user").json() == "ann"
        assert browser.head("/user").headers["vary"] == "Cookie"
        assert browser.post("/everywhere").json() == 1
        assert browser.get("/user").json() is None


# -- commands ------------------------------------------------------------------------------------


@pytest.fixture
async def commands(kept_site: Site) -> dict[str, Callable[..., Awaitable[None]]]:
    (group,) = kept_site.sessions.commands()
    assert isinstance(group, CommandGroup)
    assert group.name == "sessions"
    return dict(group.commands)


async def test_commands_list_end_and_purge(
    kept_site: Site,
    commands: dict[str, Callable[..., Awaitable[None]]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def signed_in(user: str) -> str:
        async with kept_site.client(headers={"user-agent": "curl/8.0"}) as browser:
            await browser.post(f"/in?user={user}")
        return (await kept_site.sessions.of(user))[0].id

    id = await signed_in("ann")
    await commands["list"]("ann")
    await commands["end"]("ann", id)
    await signed_in("ann")
    await signed_in("ann")
    await commands["end"]("ann")
    await signed_in("bob")
    kept_site.now += 15 * DAY
    await commands["purge"]()

    assert capsys.readouterr().out.splitlines() == [
        f"{id}  2027-01-15 08:00Z  testclient  curl",
        *("1 ended", "2 ended", "1 deleted"),
    ]


async def test_a_server_deletes_what_has_ended(
    kept_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trivet.sessions.part._FORGETTING", 0.01)
    ended = asyncio.Event()
    rounds: list[int] = []

    async def forget_expired() -> int:
        rounds.append(1)
        if len(rounds) == 1:
            raise OSError("the database is away")
        ended.set()
        return 0

    monkeypatch.setattr(kept_site.sessions, "forget_expired", forget_expired)
    async with kept_site.sessions.serving(kept_site.app):
        await asyncio.wait_for(ended.wait(), 10)
