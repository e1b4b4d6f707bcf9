"""The way to a provider and back, once: endpoints and pages call it alike."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import HTTPConnection

from trivet.auth.errors import NotAllowed, SignInFailed
from trivet.auth.providers.fetching import Fetcher
from trivet.auth.providers.linking import Linking
from trivet.auth.providers.provider import Person, Provider, Returned
from trivet.auth.providers.refused import (
    ProviderAway,
    ProviderDeclined,
    ProviderFault,
    WithRefused,
)
from trivet.auth.providers.trips import Begun, Trips
from trivet.auth.signing_in import SignInResult
from trivet.errors import HTTPException
from trivet.security.redirects import safe_path

if TYPE_CHECKING:
    from trivet.auth.part import Auth

__all__ = ["Arrived", "SigningInWith"]

_log = logging.getLogger("trivet.auth")


@dataclass(frozen=True, slots=True)
class Arrived:
    """Where somebody goes on who came back from a provider."""

    next: str
    result: SignInResult | None
    """None where an account was linked."""


class SigningInWith:
    """Sends people to providers, and knows them when they come back."""

    def __init__(
        self,
        auth: Auth,
        providers: Sequence[Provider],
        fetcher: Fetcher,
        trips: Trips,
        linking: Linking,
    ) -> None:
        self._auth = auth
        self._fetcher = fetcher
        self.trips = trips
        self.providers: Mapping[str, Provider] = {one.name: one for one in providers}
        self.linking = linking

    async def begin(
        self, connection: HTTPConnection, name: str, *, next: str = "/", remember: bool = False
    ) -> str:
        """Give the address at which a visitor signs in; raises `WithRefused`, 404 and 429.

        `next` is a path of this site, anything else is taken for ``/``.
        """
        return await self._begin(connection, name, next, remember=remember, user=None)

    async def begin_link(self, connection: HTTPConnection, name: str, *, next: str = "/") -> str:
        """Give the address at which who is signed in shows whom they are at a provider.

        Who calls this has asked for a recent sign-in, and for a request that no other site's page
        can make: POST. Raises `NotAllowed` (403), and what `begin` does.
        """
        identity = await self._auth.identify(connection)
        if identity.means != "session" or identity.impersonator is not None:
            raise NotAllowed("Only who is signed in by a session as themselves may do this")
        self.linking.must_be_confirmed(identity.user)
        return await self._begin(connection, name, next, remember=False, user=identity.user.handle)

    async def finish(self, connection: HTTPConnection, name: str, returned: Returned) -> Arrived:
        """Sign in, or link, who comes back; raises `WithRefused` and 404."""
        provider = self._provider(name)
        session = await self._auth.sessions.of_request(connection)
        await self._auth.guessing.count("with-back", session.id, connection)
        try:
            begun = await self._begun(connection, name, returned)
            person = await self._person(provider, begun, returned)
            user = await self._user(connection, provider, begun, person)
        except WithRefused as refused:
            await self._auth.signing_in.refuse(None, f"with-{name}: {refused.reason}", connection)
            raise
        if begun.user is not None:
            return Arrived(safe_path(begun.next), None)
        try:
            result = await self._auth.signing_in.sign_in(
                connection,
                user,
                factor=f"with-{name}",
                remember=begun.remember,
                is_enough=person.is_strong,
            )
        except SignInFailed as error:
            raise WithRefused(403, "not-active", "You cannot sign in here") from error
        return Arrived(safe_path(begun.next), result)

    def redirect_uri(self, connection: HTTPConnection, name: str) -> str:
        """Give the address to which a provider sends people back; it is registered there."""
        site = self._auth.options.site
        if site is None:  # only while it is being developed; see the part
            site = str(connection.base_url).rstrip("/")
        return f"{site}{self._auth.options.path}/with/{name}/callback"

    # -- on the way ------------------------------------------------------------------------------

    async def _begin(
        self, connection: HTTPConnection, name: str, next: str, *, remember: bool, user: str | None
    ) -> str:
        provider = self._provider(name)
        session = await self._auth.sessions.of_request(connection)
        # By address alone where there is no session yet: this one was made just now.
        await self._auth.guessing.count("with", session.id, connection)
        trip = self.trips.plan(self.redirect_uri(connection, name))
        try:
            # Before anything is written: a provider may take its time.
            address = await provider.address(self._fetcher, trip)
        except ProviderFault as fault:
            _log.warning("%s: %s", name, fault)
            raise _away(provider) from fault
        begun = Begun(trip, safe_path(next), remember, user)
        await self.trips.keep(session, name, begun)
        return address

    async def _begun(self, connection: HTTPConnection, name: str, returned: Returned) -> Begun:
        begun = await self.trips.use(connection, name, returned.state)
        if begun is None:
            raise WithRefused(
                400,
                "stale",
                "This sign-in was not begun here, took too long, or was used already. Begin again",
            )
        return begun

    async def _person(self, provider: Provider, begun: Begun, returned: Returned) -> Person:
        """Ask the provider who came; its reasons go to the log, and not to people."""
        try:
            return await provider.person(self._fetcher, begun.trip, returned)
        except ProviderDeclined as fault:
            # What it wrote is one of RFC 6749's words at most, see `Returned`.
            _log.info("%s declined: %s", provider.name, fault.error)
            raise _declined(provider, fault.error) from fault
        except ProviderAway as fault:
            _log.warning("%s: %s", provider.name, fault)
            raise _away(provider) from fault
        except ProviderFault as fault:
            _log.warning("%s: %s", provider.name, fault)
            detail = f"What came from {provider.title} does not prove who you are"
            raise WithRefused(400, "not-proved", detail) from fault

    async def _user(
        self, connection: HTTPConnection, provider: Provider, begun: Begun, person: Person
    ) -> Any:
        """Give the account that is signed in now, or that was linked."""
        if begun.user is not None:
            user = await self._who_began(connection, begun.user)
            await self.linking.add(connection, user, provider, person)
            return user
        user = await self.linking.find(person)
        if user is None:
            await self._must_be_nobody(connection, provider)
            user = await self.linking.first(connection, provider, person)
        return user

    async def _who_began(self, connection: HTTPConnection, handle: str) -> Any:
        session = await self._auth.sessions.of_request(connection)
        user = None
        if session.user == handle:
            user = await self._auth.accounts.by_handle(handle)
        if user is None or not user.is_active:
            raise WithRefused(
                400, "stale", "You are not signed in any more as who you were. Begin again"
            )
        return user

    async def _must_be_nobody(self, connection: HTTPConnection, provider: Provider) -> None:
        session = await self._auth.sessions.of_request(connection)
        if session.user is not None:
            raise WithRefused(
                409,
                "not-linked",
                f"Your account is not linked to {provider.title}: link it first, or sign out",
            )

    def _provider(self, name: str) -> Provider:
        found = self.providers.get(name)
        if found is None:
            raise HTTPException(404, "There is no such way to sign in")
        return found

    def title_of(self, issuer: str) -> str:
        """Give what people call an issuer; itself, where it is none of today's providers."""
        for one in self.providers.values():
            if one.issuer == issuer:
                return one.title
        return issuer


def _away(provider: Provider) -> WithRefused:
    detail = f"{provider.title} does not answer as it should. Try again later"
    return WithRefused(502, "away", detail)


def _declined(provider: Provider, error: str) -> WithRefused:
    if error == "access_denied":
        return WithRefused(403, "declined", f"You did not sign in at {provider.title}")
    if error in ("server_error", "temporarily_unavailable"):
        return _away(provider)
    return WithRefused(400, "declined", f"{provider.title} did not let you sign in")
