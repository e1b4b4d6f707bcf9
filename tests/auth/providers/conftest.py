"""A site whose people come from a provider of our own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from tests.auth.providers.own_provider import CLIENT, SECRET, OwnProvider, running
from tests.auth.site import Site, auth_tables, site_on
from tests.databases import clean_database, emptied
from tests.db.conftest import address
from trivet.auth.providers import LinkedLogin, OidcProvider, SignInWith
from trivet.auth.providers.tables import StoredTrip
from trivet.db import Database

OWN: tuple[Any, ...] = (LinkedLogin, StoredTrip)
PAGE = {"accept": "text/html"}


@pytest.fixture(scope="module")
async def made_database(kind: str) -> AsyncIterator[Database]:
    tables = [*auth_tables(Database(address(kind))), *(one.__table__ for one in OWN)]
    async with clean_database(address(kind), tables) as found:
        yield found


@pytest.fixture
async def database(made_database: Database) -> AsyncIterator[Database]:
    yield made_database
    await emptied(made_database, [*auth_tables(made_database), *(one.__table__ for one in OWN)])


@pytest.fixture
def acme() -> Iterator[OwnProvider]:
    """Give a provider that does what it should, until a test says otherwise."""
    with running(OwnProvider()) as found:
        yield found


@dataclass
class Traveller:
    """A browser that goes to a provider and comes back."""

    site: Site
    provider: OwnProvider
    client: httpx2.AsyncClient

    async def go(self, path: str = "/auth/with/acme", **query: str) -> str:
        """Give the address to which they are sent."""
        answer = await self.client.get(path, params=query)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def back(self, brought: dict[str, str], **options: Any) -> httpx2.Response:
        """Come back with what the provider gave them."""
        path = "/auth/with/acme/callback"
        return await self.client.get(path, params=brought, **options)

    async def travel(self, **person: Any) -> httpx2.Response:
        """Go, sign in there as somebody, and come back."""
        return await self.back(self.provider.grant(await self.go(), **person))

    async def me(self) -> str | None:
        """Give the address, or else the handle, of who is signed in here, or None."""
        answer = await self.client.get("/auth/me")
        if answer.status_code == 401:
            return None
        found: str = answer.json()["email"] or answer.json()["handle"]
        return found


@dataclass
class Acme:
    """A site, its provider, and the part between them."""

    site: Site
    provider: OwnProvider
    part: SignInWith

    def traveller(self, client: httpx2.AsyncClient | None = None) -> Traveller:
        return Traveller(self.site, self.provider, client or self.site.client())


Making = Callable[..., Acme]


@pytest.fixture
def making(database: Database, acme: OwnProvider) -> Making:
    """Give what makes a site with a provider."""

    def make(*, trusted: tuple[str, ...] = (), **options: Any) -> Acme:
        provider_options = {
            name: options.pop(name)
            for name in ("algorithms", "strong_amr", "strong_acr", "scopes", "more")
            if name in options
        }
        site = site_on(database, **options)
        provider = OidcProvider(
            "acme",
            issuer=acme.issuer,
            client_id=CLIENT,
            client_secret=SECRET,
            **provider_options,
        )
        part = SignInWith(site.auth, [provider], trusted=trusted, timeout=30.0)
        site.app.use(part)
        return Acme(site, acme, part)

    return make


@pytest.fixture
def shop(making: Making) -> Acme:
    return making()
