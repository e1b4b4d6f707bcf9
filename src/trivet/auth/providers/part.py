"""Sign-in by providers as a part: ``app.use(SignInWith(auth, [google(…), GitHub(…)]))``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

from trivet.app.application import App
from trivet.app.part import Part
from trivet.auth.part import Auth
from trivet.auth.providers.api import refused_page, with_router
from trivet.auth.providers.fetching import Fetcher
from trivet.auth.providers.linking import Linking
from trivet.auth.providers.provider import Provider, wrong_provider
from trivet.auth.providers.refused import WithRefused
from trivet.auth.providers.signing_in_with import SigningInWith
from trivet.auth.providers.tables import LinkedLogin
from trivet.auth.providers.trips import Trips
from trivet.checks import Finding, Level
from trivet.concurrency import repeating
from trivet.errors import SetupError
from trivet.routing.router import Router
from trivet.security.redirects import safe_path

__all__ = ["SignInWith"]

_FORGETTING = 3600.0  # seconds
_log = logging.getLogger("trivet.auth")


class SignInWith(Part):
    """Lets people sign in by what they have elsewhere, and link it to their account.

    `trusted` names providers by whose verified addresses an account that there is already may be
    entered; by none without it. `second_factor_path` is the page that asks for a second factor.
    Somebody has `lifetime` seconds at a provider, and a provider `timeout` seconds for an answer.
    Raises `SetupError`.
    """

    name = "auth.with"

    def __init__(
        self,
        auth: Auth,
        providers: Sequence[Provider],
        *,
        trusted: Collection[str] = (),
        second_factor_path: str = "/account/second-factor",
        lifetime: float = 600.0,
        timeout: float = 5.0,
    ) -> None:
        self.requires = (auth,)
        self._auth = auth
        self._second_factor_path = safe_path(second_factor_path, second_factor_path)
        _check_providers(providers, trusted)
        trips = Trips(auth.database, auth.sessions, lifetime)
        linking = Linking(auth, frozenset(trusted))
        auth.accounts.belongings.append(LinkedLogin)
        auth.signing_in.ways.append(linking)
        self.flow = SigningInWith(auth, providers, Fetcher(timeout=timeout), trips, linking)

    def install(self, app: App) -> None:
        """See that it is known where providers send people back to; raises `SetupError`."""
        if self._auth.options.site is None and not app.debug:
            raise SetupError(
                "providers send people back to an address that is registered with them, and nobody"
                " said where the site is: what a request says of its host, anybody may have"
                " written",
                code="auth.no-site",
                mend='Auth(db, options=AuthOptions(site="https://shop.example.org"))',
            )

    def router(self) -> Router:
        """Give the endpoints."""
        return with_router(self.flow, self._auth.options.path, self._second_factor_path)

    def exception_handlers(self) -> dict[Any, Callable[..., Any]]:
        """Say what went wrong, to a browser by a page; an application's own handler comes first."""
        return {WithRefused: refused_page}

    def checks(self, app: App) -> Sequence[Finding]:
        """Tell where nobody could come back."""
        if self._auth.sessions.cookies.same_site != "strict":
            return ()
        return (
            Finding(
                Level.ERROR,
                "auth.strict-cookie",
                "browsers do not send a SameSite=Strict cookie with who comes back from a provider,"
                " so that nobody is known there who began to sign in",
                'Sessions(same_site="lax")',
            ),
        )

    def serving(self, app: App) -> AbstractAsyncContextManager[Any]:
        """Delete sign-ins that nobody came back from, once an hour."""
        return repeating(
            self.flow.trips.forget_expired,
            _FORGETTING,
            name="forgetting trips to providers",
            failed=partial(
                _log.warning, "sign-ins that nobody came back from were not deleted: %s"
            ),
        )


def _check_providers(providers: Sequence[Provider], trusted: Collection[str]) -> None:
    names = [one.name for one in providers]
    issuers = [one.issuer for one in providers]
    if not providers:
        raise wrong_provider("providers", providers, "at least one: [google(…)]")
    if len(set(names)) < len(names) or len(set(issuers)) < len(issuers):
        raise wrong_provider("name", names, "another name and issuer for each")
    if isinstance(trusted, str) or not set(trusted) <= set(names):
        raise wrong_provider("trusted", trusted, f"some of {names}")
