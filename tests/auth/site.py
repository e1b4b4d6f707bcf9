"""An application with accounts, on a real database, for the tests of this folder."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
from sqlalchemy import Table

from trivet import App
from trivet.auth import Auth, AuthOptions, Group, SecurityEvent, User
from trivet.auth.groups import membership_table
from trivet.auth.links import StoredLink
from trivet.auth.passwords import Passwords
from trivet.db import Database, ForeignKey, Mapped, Model, field
from trivet.mail import Mail, MemoryTransport
from trivet.sessions.tables import sessions_in

PASSWORD = "seven green ladders"
OTHER_PASSWORD = "eleven blue buckets"
SITE = "https://shop.example.org"


class Essay(Model):
    """Something that belongs to somebody."""

    __tablename__ = "auth_test_essays"

    title: Mapped[str] = field(max_length=50)
    is_public: Mapped[bool] = field(default=False)
    owner_id: Mapped[int | None] = field(ForeignKey("users.id", ondelete="CASCADE"), default=None)


def auth_tables(database: Database) -> Sequence[Table]:
    """Give the tables of accounts."""
    models: list[Any] = [User, Group, SecurityEvent, StoredLink, Essay]
    sessions = sessions_in(database.metadata)
    return [model.__table__ for model in models] + [membership_table(User), sessions]


def quick_passwords() -> Passwords:
    """Give passwords whose hashes take no time; their rules are the ordinary ones."""
    return Passwords(time_cost=1, memory_cost=8)


@dataclass
class Site:
    """An application, its accounts, and the letters that it has sent."""

    app: App
    auth: Auth
    letters: MemoryTransport

    def client(self, **options: Any) -> httpx2.AsyncClient:
        """Give a browser of its own; its requests run in tasks of their own, as a server's do."""

        async def served(scope: Any, receive: Any, send: Any) -> None:
            await asyncio.create_task(self.app(scope, receive, send))

        transport = httpx2.ASGITransport(app=served, raise_app_exceptions=True)
        headers = {"origin": "http://shop.test", **options.pop("headers", {})}
        return httpx2.AsyncClient(
            transport=transport, base_url="http://shop.test", headers=headers, **options
        )

    def token(self) -> str:
        """Give the token of the newest letter."""
        text = self.letters.messages[-1].text or ""
        return text.split("token=")[1].split()[0]

    async def make(self, email: str = "ann@example.org", **values: Any) -> Any:
        """Make an account whose address is confirmed."""
        async with self.auth.database.own_transaction():
            user = await self.auth.accounts.make(email=email, password=PASSWORD, **values)
            return await user.update(email_confirmed_at=user.joined_at)

    async def signed_in(self, email: str = "ann@example.org", **more: Any) -> httpx2.AsyncClient:
        """Give a browser in which an account is signed in."""
        client = self.client()
        given = {"log_in": email, "password": PASSWORD, **more}
        answer = await client.post("/auth/sign-in", json=given)
        assert answer.status_code == 200, answer.text
        return client

    async def trail(self) -> list[str]:
        """Give the kinds of all events, oldest first."""
        async with self.auth.database.own_transaction():
            return [event.kind for event in await SecurityEvent.all().order_by(SecurityEvent.id)]


def site_on(database: Database, *, has_mail: bool = True, **options: Any) -> Site:
    """Make an application over a database."""
    letters = MemoryTransport()
    app = App(title="Shop")
    app.use(database)
    mail = app.use(Mail(letters, sender="shop@example.org")) if has_mail else None
    options.setdefault("site", SITE)
    auth = app.use(
        Auth(database, mail=mail, passwords=quick_passwords(), options=AuthOptions(**options))
    )
    return Site(app, auth, letters)
