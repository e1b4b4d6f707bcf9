"""The same rules in WebSockets, in channels and in jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ColumnElement

from tests.auth.site import PASSWORD, Essay, Site, auth_tables, site_on
from trivet import WebSocket, WebSocketDisconnect
from trivet.auth import Can, CurrentUser, User, requires
from trivet.db import Database, Model
from trivet.jobs import Jobs
from trivet.jobs.tables import board_in
from trivet.realtime import Realtime
from trivet.testing import TestClient, WebSocketDenialResponse


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return site_on(Database(f"sqlite:///{tmp_path / 'site.db'}"), has_mail=False)


async def _prepare(site: Site) -> None:
    database = site.auth.database
    board = board_in(database.metadata)
    tables = [*auth_tables(database), board.jobs, board.marks]
    async with database.engine.begin() as connection:
        await connection.run_sync(Model.metadata.create_all, tables=tables)
    async with database.own_transaction():
        make = site.auth.accounts.make
        await make(email="ann@example.org", password=PASSWORD, permissions=["news.read"])
        await make(email="bob@example.org", password=PASSWORD)


def _sign_in(client: TestClient, email: str) -> None:
    answer = client.post("/auth/sign-in", json={"log_in": email, "password": PASSWORD})
    assert answer.status_code == 200


def test_a_socket_knows_who_opens_it_and_what_they_may(site: Site) -> None:
    @site.app.websocket("/news", dependencies=[requires("news.read")])
    async def news(socket: WebSocket, user: CurrentUser) -> None:
        await socket.accept()
        await socket.send_text(str(user.email))
        await socket.close()

    with TestClient(site.app, headers={"Origin": "http://testserver"}) as client:
        client.portal.call(_prepare, site)
        for email in (None, "bob@example.org"):
            if email is not None:
                _sign_in(client, email)
            with (
                pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)),
                client.websocket_connect("/news"),
            ):
                pass
        _sign_in(client, "ann@example.org")
        with client.websocket_connect("/news") as socket:
            assert socket.receive_text() == "ann@example.org"


def test_a_channel_asks_the_same_rules(site: Site) -> None:
    async def may(can: Can) -> bool:
        return await can("news.read")

    realtime = site.app.use(Realtime())
    realtime.channel("news", str, may_subscribe=may)

    def subscribed(client: TestClient) -> Any:
        with client.websocket_connect("/realtime/socket") as socket:
            socket.send_json({"type": "subscribe", "channel": "news"})
            return socket.receive_json().get("code")

    with TestClient(site.app, headers={"Origin": "http://testserver"}) as client:
        client.portal.call(_prepare, site)
        assert subscribed(client) == 4403
        _sign_in(client, "ann@example.org")
        assert subscribed(client) is None


def test_a_job_asks_the_same_rules(site: Site) -> None:
    jobs = site.app.use(Jobs(site.auth.database, in_server=False))
    answers: list[Any] = []

    @site.auth.rules.allow("change", Essay)
    def own(user: User) -> ColumnElement[bool]:
        return Essay.owner_id == user.id

    @jobs.job(name="auth.may")
    async def may(user_id: int, essay_id: int) -> None:
        user, essay = await User.get(user_id), await Essay.get(essay_id)
        answers.append(await site.auth.can(user, "change", essay))

    async def work() -> None:
        await _prepare(site)
        async with site.auth.database.own_transaction():
            users = await User.all().order_by(User.id)
            essay = await Essay.create(title="hers", owner_id=users[0].id)
            for user in users:
                await may.enqueue(user.id, essay.id)
        await jobs.run_pending()

    with TestClient(site.app, headers={"Origin": "http://testserver"}) as client:
        client.portal.call(work)
    assert sorted(answers) == [False, True]
