"""A site with accounts and tokens, and the people on it; each database has the tables it needs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx2
from sqlalchemy import delete

from trivet import App, Depends, Security
from trivet.auth import (
    Auth,
    AuthOptions,
    Can,
    CurrentUser,
    Group,
    OptionalUser,
    Passwords,
    SecurityEvent,
    User,
    current_user,
    requires,
    requires_recent_login,
)
from trivet.auth.groups import membership_table
from trivet.auth.jwt import JwtTokens, StoredFamily
from trivet.auth.tokens import ApiToken, ApiTokens
from trivet.db import Database
from trivet.sessions.tables import sessions_in
from trivet.testing import async_client

PASSWORD = "a long sentence of Ann"
SECRET = "m1-" + "x9Kq4Zt7Lw2Pb8Vn" * 2


def tables(database: Database) -> list[Any]:
    """Give the tables of accounts, those first on which others stand."""
    models: list[Any] = [User, Group, SecurityEvent, ApiToken, StoredFamily]
    others = [membership_table(User), sessions_in(database.metadata)]
    return [*(one.__table__ for one in models), *others]


async def make_tables(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(database.metadata.create_all, tables=tables(database))


async def empty(database: Database) -> None:
    async with database.own_transaction() as unit:
        for table in reversed(tables(database)):
            await unit.execute(delete(table))


class Site:
    """An application that knows tokens of all kinds."""

    def __init__(self, database: Database, *, scheme: str = "Bearer", **jwt: Any) -> None:
        self.database = database
        self.app = App()
        cheap = Passwords(time_cost=1, memory_cost=8)
        self.auth = Auth(
            database, passwords=cheap, options=AuthOptions(recent=600, token_scheme=scheme)
        )
        self.app.use(self.auth)
        self.tokens = self.app.use(ApiTokens(self.auth, header="X-API-Key"))
        given = jwt or {"secrets": SECRET}
        self.jwt = self.app.use(JwtTokens(self.auth, services=self.tokens, **given))
        add_routes(self.app)

    async def person(self, name: str = "ann", **values: Any) -> Any:
        """Make an account."""
        is_service = values.get("is_service", False)
        password = None if is_service else PASSWORD
        async with self.database.own_transaction():
            return await self.auth.accounts.make(
                email=f"{name}@example.org", password=password, **values
            )

    async def token(self, user: Any, *scopes: str, lifetime: float | None = 3600) -> str:
        """Make an API token for an account."""
        async with self.database.own_transaction():
            text, _ = await self.tokens.keeping.make(
                user, name="test", scopes=scopes or ("*",), lifetime=lifetime
            )
        return text

    async def access(self, user: Any, *scopes: str) -> str:
        """Give an account an access token."""
        async with self.database.own_transaction():
            return (await self.jwt.granting.issue(user, scopes=scopes or ("*",))).access_token

    async def kinds(self) -> list[str]:
        """Give what the trail has, the oldest first."""
        async with self.database.own_transaction():
            return [one.kind for one in await SecurityEvent.where().order_by(SecurityEvent.id)]

    async def inside(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Do something in a transaction."""
        async with self.database.own_transaction():
            return await work()

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx2.AsyncClient]:
        headers = {"origin": "http://testserver"}
        async with async_client(self.app, headers=headers) as found:
            yield found


def add_routes(app: App) -> None:
    @app.get("/who")
    async def who(user: CurrentUser) -> str:
        return user.handle

    @app.get("/maybe")
    async def maybe(user: OptionalUser) -> str | None:
        return None if user is None else user.handle

    @app.get("/change", dependencies=[requires("post.change")])
    async def change() -> str:
        return "changed"

    @app.get("/scoped")
    async def scoped(user: Annotated[Any, Security(current_user, scopes=["post.read"])]) -> str:
        return "read"

    @app.get("/asks")
    async def asks(can: Can) -> bool:
        return await can("post.change")

    @app.get("/recent", dependencies=[Depends(requires_recent_login)])
    async def recent() -> str:
        return "recent"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
