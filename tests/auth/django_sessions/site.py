"""An application beside Django's tables, in which Django's own code has written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import httpx2
from django.contrib.auth.hashers import PBKDF2PasswordHasher  # type: ignore[import-untyped]
from django.contrib.sessions.backends.db import SessionStore  # type: ignore[import-untyped]
from django.test import override_settings  # type: ignore[import-untyped]
from django.utils.crypto import get_random_string  # type: ignore[import-untyped]
from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import mysql
from starlette.websockets import WebSocket

from tests.app.django_site import project
from tests.auth.site import PASSWORD, Site, site_on
from trivet import HTTPException
from trivet.auth import CurrentUser, OptionalUser
from trivet.auth.django_sessions import DjangoSessions
from trivet.db import Database

project()  # one set of settings for a process, whichever test comes first
_BASE_USER = import_module("django.contrib.auth.base_user").AbstractBaseUser  # reads the settings

SECRET, OLD_SECRET = "the key of the shop, of Django", "the key that it had before"
DJANGO = MetaData()
_MOMENT = DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
SESSIONS = Table(
    "django_session",
    DJANGO,
    Column("session_key", String(40), primary_key=True),
    Column("session_data", Text().with_variant(mysql.LONGTEXT, "mysql", "mariadb"), nullable=False),
    Column("expire_date", _MOMENT, nullable=False),
)
ACCOUNTS = Table(
    "auth_user",
    DJANGO,
    Column("id", Integer, primary_key=True),
    Column("username", String(150), nullable=False),
    Column("email", String(254), nullable=False),
    Column("password", String(128), nullable=False),
    Column("is_active", Boolean, nullable=False),
)


def django_hash(password: str = PASSWORD) -> str:
    """Give what Django stores of a password; of few rounds."""
    return str(PBKDF2PasswordHasher().encode(password, get_random_string(22), iterations=2))


def signed_data(values: dict[str, Any], *, secret: str = SECRET, serializer: Any = None) -> str:
    """Give a session as Django's own store writes it."""
    with override_settings(SECRET_KEY=secret):
        store = SessionStore()
        if serializer is not None:
            store.serializer = serializer
        return str(store.encode(values))


def digest_of(password: str, *, secret: str = SECRET) -> str:
    """Give Django's digest of a stored password, as a session has it."""
    with override_settings(SECRET_KEY=secret):
        return str(_BASE_USER._get_session_auth_hash(SimpleNamespace(password=password)))


def held_by(key: object, password: str, *, secret: str = SECRET, **more: Any) -> dict[str, Any]:
    """Give what Django puts into the session of who signs in."""
    return {
        "_auth_user_id": str(key),
        "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
        "_auth_user_hash": digest_of(password, secret=secret),
        **more,
    }


@dataclass
class Both:
    """An application, and Django's tables."""

    site: Site
    django: Database

    async def write(self, statement: Any) -> None:
        """Write into Django's tables."""
        async with self.django.engine.begin() as connection:
            await connection.execute(statement)

    async def account(self, key: int = 7, username: str = "ann", **more: Any) -> str:
        """Make an account of Django's; gives the hash of its password."""
        values = {
            "id": key, "username": username, "email": f"{username}@example.org",
            "password": django_hash(), "is_active": True, **more,
        }  # fmt: skip
        await self.write(insert(ACCOUNTS).values(values))
        return str(values["password"])

    async def taken(self, password: str, key: int = 7, username: str = "ann", **more: Any) -> Any:
        """Make the account of ours that was taken over from it."""
        async with self.site.auth.database.own_transaction():
            given = {"username": username, "email": f"{username}@example.org", **more}
            user = self.site.auth.user(password=password, **given)
            user.id = key
            return await user.save()

    async def session(self, data: str, ends: datetime | None = None) -> str:
        """Make a session of Django's; gives its key."""
        key = str(get_random_string(32, "abcdefghijklmnopqrstuvwxyz0123456789"))
        moment = ends or datetime.now(UTC) + timedelta(hours=1)
        if self.django.engine.dialect.name != "postgresql":
            moment = moment.astimezone(UTC).replace(tzinfo=None)
        await self.write(
            insert(SESSIONS).values(session_key=key, session_data=data, expire_date=moment)
        )
        return key

    async def ann(self, **more: Any) -> str:
        """Make Ann on both sides, signed in in Django; gives the key of her session there."""
        password = await self.account()
        await self.taken(password, **more)
        return await self.session(signed_data(held_by(7, password)))

    async def change(self, **values: Any) -> None:
        """Change Django's account of Ann."""
        await self.write(update(ACCOUNTS).where(ACCOUNTS.c.id == 7).values(values))

    async def keys(self) -> list[str]:
        """Give the keys of the sessions that Django has."""
        async with self.django.engine.connect() as connection:
            return list(await connection.scalars(select(SESSIONS.c.session_key)))

    def client(self, key: str | None, **options: Any) -> httpx2.AsyncClient:
        """Give a browser that has a cookie of Django's."""
        cookies = {} if key is None else {"sessionid": key}
        return self.site.client(cookies=cookies, **options)

    async def who(self, client: httpx2.AsyncClient) -> str | None:
        """Give who a browser is here; None for nobody."""
        found: str | None = (await client.get("/who")).json()
        return found


def both_on(database: Database, django: Database | None = None, **options: Any) -> Both:
    """Make an application that takes over sessions."""
    site = site_on(database, log_in="either")
    given = {"secrets": [SECRET, OLD_SECRET], "database": django, **options}
    site.app.use(DjangoSessions(site.auth, **given))

    @site.app.get("/who")
    async def who(user: OptionalUser) -> str | None:
        return None if user is None else user.username

    @site.app.post("/who")
    async def change(user: CurrentUser) -> str | None:
        return user.username

    @site.app.get("/broken")
    async def broken(user: CurrentUser) -> None:
        raise HTTPException(409, f"not now, {user.username}")

    @site.app.websocket("/live")
    async def live(socket: WebSocket, user: OptionalUser) -> None:
        await socket.accept()
        await socket.send_json(None if user is None else user.username)
        await socket.close()

    return Both(site, database if django is None else django)
