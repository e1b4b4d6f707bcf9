"""The one permission model stands before tools: API tokens, permissions, a resource's own rules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from trivet import App, Depends
from trivet.ai import Toolbox, tool
from trivet.ai.mcp import MCP
from trivet.auth import (
    Auth,
    CurrentUser,
    Group,
    Passwords,
    SecurityEvent,
    User,
    current_user,
    requires,
)
from trivet.auth.groups import membership_table
from trivet.auth.tokens import ApiToken, ApiTokens
from trivet.db import Database, Mapped, Model, field
from trivet.resources import resource
from trivet.sessions.tables import sessions_in
from trivet.testing import LiveServer


class ToolNote(Model):
    """Something that tools read and write."""

    __tablename__ = "ai_test_notes"

    text: Mapped[str] = field(max_length=50)


class Site:
    """An application whose MCP server asks for a token, and the people on it."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.app = App()
        self.app.use(self.database)
        self.auth = self.app.use(
            Auth(self.database, passwords=Passwords(time_cost=1, memory_cost=8))
        )
        self.tokens = self.app.use(ApiTokens(self.auth))
        notes = resource(ToolNote, browsable=False)
        self.app.include_router(notes)

        @self.app.get("/me")
        @tool
        async def who_am_i(user: CurrentUser) -> str:
            return str(user.email)

        @self.app.post("/reports", dependencies=[requires("reports.write")])
        async def write_report() -> str:
            return "written"

        @self.app.post("/notes/two")
        async def two_notes(fail: bool) -> None:
            for text in ("one", "two"):
                await ToolNote.create(text=text)
            if fail:
                raise RuntimeError("in the middle")

        chosen: list[Any] = [who_am_i, write_report, two_notes, notes]
        self.app.use(MCP(tools=chosen, dependencies=[Depends(current_user)]))

    async def make(self) -> None:
        models: list[Any] = [User, Group, SecurityEvent, ApiToken, ToolNote]
        others = [membership_table(User), sessions_in(self.database.metadata)]
        tables = [*(one.__table__ for one in models), *others]
        async with self.database.engine.begin() as connection:
            await connection.run_sync(self.database.metadata.create_all, tables=tables)

    async def token(self, name: str, *scopes: str, **values: Any) -> str:
        """Give a token of a new account."""
        async with self.database.own_transaction():
            user = await self.auth.accounts.make(
                email=f"{name}@example.org", password="a long sentence of Ann", **values
            )
            text, _ = await self.tokens.keeping.make(
                user, name="test", scopes=scopes or ("*",), lifetime=3600
            )
        return text


@pytest.fixture(scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    found = Site(f"sqlite:///{tmp_path_factory.mktemp('ai') / 'site.db'}")
    await found.make()
    yield found
    await found.database.close()


@asynccontextmanager
async def speaking(site: Site, token: str) -> AsyncIterator[Client]:
    with LiveServer(site.app) as server:
        async with httpx2.AsyncClient(headers={"authorization": f"Bearer {token}"}) as http:
            transport = streamable_http_client(f"{server.url}/mcp", http_client=http)
            async with Client(transport) as client:
                yield client


async def _names(client: Client) -> set[str]:
    return {one.name for one in (await client.list_tools()).tools}


async def test_who_may_everything_is_offered_everything(site: Site) -> None:
    token = await site.token("root", is_superuser=True)

    async with speaking(site, token) as client:
        names = await _names(client)
        me = await client.call_tool("who_am_i")
        created = await client.call_tool("create_tool_note", {"body": {"text": "mine"}})
        listed = await client.call_tool("list_tool_notes")

    assert names >= {"who_am_i", "write_report", "create_tool_note", "delete_tool_note"}
    assert me.content[0].text == '"root@example.org"'  # type: ignore[union-attr]
    assert not created.is_error, created
    assert "mine" in str(listed.structured_content)


async def test_a_token_is_offered_what_its_scopes_and_its_account_allow(site: Site) -> None:
    token = await site.token("ann", "reports.write", is_superuser=True)

    async with speaking(site, token) as client:
        names = await _names(client)
        written = await client.call_tool("write_report")
        created = await client.call_tool("create_tool_note", {"body": {"text": "no"}})

    assert {"who_am_i", "write_report"} <= names
    assert "create_tool_note" not in names
    assert not written.is_error
    assert created.is_error
    assert created.content[0].text.startswith("403")  # type: ignore[union-attr]


async def test_nobody_is_refused_as_a_whole(site: Site) -> None:
    with LiveServer(site.app) as server:
        refused = httpx2.post(f"{server.url}/mcp", json={})
        wrong = httpx2.post(
            f"{server.url}/mcp", json={}, headers={"authorization": "Bearer trv_no_such_token"}
        )

    assert (refused.status_code, wrong.status_code) == (401, 401)


async def test_a_tool_is_one_unit_of_work(site: Site) -> None:
    box = Toolbox(site.app, ["two_notes"])

    failed = await box.call("two_notes", {"fail": True})
    async with site.database.own_transaction():
        nothing = await ToolNote.where(ToolNote.text == "one").count()
    done = await box.call("two_notes", {"fail": False})
    async with site.database.own_transaction():
        kept = await ToolNote.where(ToolNote.text == "one").count()

    assert (failed.is_error, nothing) == (True, 0)
    assert (done.is_error, kept) == (False, 1)
