"""An application with accounts and second factors, on a real database."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pyotp
from sqlalchemy import Table

from tests.auth.factors.device import Device
from trivet import App
from trivet.auth import Auth, AuthOptions, Group, Passwords, SecurityEvent, User
from trivet.auth.groups import membership_table
from trivet.auth.links import StoredLink
from trivet.auth.passkeys import Passkeys
from trivet.auth.passkeys.tables import StoredPasskey
from trivet.auth.recovery.tables import StoredRecoveryCode
from trivet.auth.totp import Totp
from trivet.auth.totp.tables import StoredTotp
from trivet.db import Database
from trivet.sessions.tables import sessions_in

PASSWORD = "seven green ladders"
SITE = "https://shop.example.org"
SECRET = "8Qm2vX0cJr5uT1yLk7sWn4bZ9eGh3aPd"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_900_000_000.0

    def __call__(self) -> float:
        return self.now


def tables_in(database: Database) -> Sequence[Table]:
    """Give the tables that these tests need."""
    models: list[Any] = [User, Group, SecurityEvent, StoredLink]
    factors: list[Any] = [StoredTotp, StoredRecoveryCode, StoredPasskey]
    return [
        *(model.__table__ for model in models + factors),
        membership_table(User),
        sessions_in(database.metadata),
    ]


@dataclass
class Site:
    """An application, its accounts, and the clock of its codes."""

    app: App
    auth: Auth
    totp: Totp
    passkeys: Passkeys
    clock: Clock = field(default_factory=Clock)

    def client(self, **options: Any) -> httpx2.AsyncClient:
        """Give a browser of its own; its requests run in tasks of their own, as a server's do."""

        async def served(scope: Any, receive: Any, send: Any) -> None:
            await asyncio.create_task(self.app(scope, receive, send))

        transport = httpx2.ASGITransport(app=served, raise_app_exceptions=True)
        headers = {"origin": SITE, **options.pop("headers", {})}
        return httpx2.AsyncClient(transport=transport, base_url=SITE, headers=headers, **options)

    async def make(self, email: str = "ann@example.org", **values: Any) -> Any:
        """Make an account."""
        async with self.auth.database.own_transaction():
            return await self.auth.accounts.make(email=email, password=PASSWORD, **values)

    async def half_signed_in(self, email: str = "ann@example.org") -> httpx2.AsyncClient:
        """Give a browser in which an account has shown its password."""
        client = self.client()
        answer = await client.post("/auth/sign-in", json={"log_in": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return client

    signed_in = half_signed_in  # where an account has no second factor

    async def with_totp(self, email: str = "ann@example.org") -> tuple[pyotp.TOTP, list[str]]:
        """Set up an app for an account; gives the app and the recovery codes."""
        client = await self.signed_in(email)
        begun = (await client.post("/auth/totp/begin")).json()
        app = pyotp.TOTP(begun["secret"])
        answer = await client.post("/auth/totp/confirm", json={"code": app.at(self.clock.now)})
        assert answer.status_code == 200, answer.text
        self.clock.now += 30  # the step of the first code is used up
        codes: list[str] = answer.json()["recovery_codes"]
        return app, codes

    async def with_passkey(
        self, email: str = "ann@example.org", **changed: Any
    ) -> tuple[Device, httpx2.AsyncClient]:
        """Make a passkey for an account; gives the device, and the browser that is signed in."""
        device, client = Device(SITE), await self.signed_in(email)
        options = (await client.post("/auth/passkeys/options")).json()
        given = {"credential": device.create(options, **changed)}
        answer = await client.post("/auth/passkeys", json=given)
        assert answer.status_code == 201, answer.text
        return device, client

    async def trail(self) -> list[str]:
        """Give the kinds of all events, oldest first."""
        async with self.auth.database.own_transaction():
            return [event.kind for event in await SecurityEvent.all().order_by(SecurityEvent.id)]


def site_on(database: Database, *, debug: bool = False, **totp: Any) -> Site:
    """Make an application over a database."""
    app, clock = App(title="Shop", debug=debug), Clock()
    app.use(database)
    passwords = Passwords(time_cost=1, memory_cost=8)
    auth = app.use(Auth(database, passwords=passwords, options=AuthOptions(site=SITE)))
    found = app.use(Totp(auth, clock=clock, **totp))
    return Site(app, auth, found, app.use(Passkeys(auth)), clock)


def normal(code: str) -> str:
    """Give a recovery code as a hurried person types it."""
    return re.sub("-", " ", code).upper()
