"""Codes of an app as a second factor, as a part: ``app.use(Totp(auth))``."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from pydantic import SecretStr

from trivet.app.application import App
from trivet.app.part import Part
from trivet.auth.part import Auth
from trivet.auth.recovery.part import Recovery
from trivet.auth.totp.api import totp_router
from trivet.auth.totp.apps import Apps
from trivet.auth.totp.sealing import Sealing
from trivet.auth.totp.tables import StoredTotp
from trivet.checks import Finding, Level
from trivet.routing.router import Router

__all__ = ["Totp"]


class Totp(Part):
    """Codes of an app (RFC 6238) as a second factor, with recovery codes.

    `issuer` is what the app calls the site; by default what `Auth` calls it. `secrets`, one or
    several of 32 characters or more, seal what is stored: the first seals, all open, and what an
    older one has sealed is sealed anew when it is used. `clock` gives seconds since 1970. Raises
    `SetupError` for a secret that is too short.
    """

    name = "totp"

    def __init__(
        self,
        auth: Auth,
        *,
        issuer: str | None = None,
        secrets: str | SecretStr | Sequence[str | SecretStr] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        recovery = Recovery(auth)
        self.requires = (auth, recovery)
        self._auth = auth
        self._issuer = issuer
        self._sealing = Sealing(secrets)
        self.apps = Apps(
            auth.signing_in,
            auth.guessing,
            auth.trail,
            auth.letters,
            self._sealing,
            recovery.codes,
            clock,
        )
        auth.signing_in.factors.append(self.apps)
        auth.accounts.belongings.append(StoredTotp)

    def install(self, app: App) -> None:
        """Learn what the site is called."""
        self.apps.issuer = self._issuer or self._auth.letters.title

    def router(self) -> Router:
        """Give the JSON endpoints."""
        return totp_router(self.apps, self._auth.options.path)

    def checks(self, app: App) -> Sequence[Finding]:
        """Tell where secrets are stored as they are."""
        if app.debug or self._sealing.is_on:
            return ()
        return (
            Finding(
                Level.WARNING,
                "auth.totp-unsealed",
                "secrets of second factors are stored as they are: who reads the database, or a"
                " backup of it, can make everybody's codes",
                "Totp(auth, secrets=settings.secrets)",
            ),
        )
