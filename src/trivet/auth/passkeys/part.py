"""Passkeys as a part: ``app.use(Passkeys(auth))``."""

from __future__ import annotations

from collections.abc import Sequence

from trivet.app.application import App
from trivet.app.part import Part
from trivet.auth.part import Auth
from trivet.auth.passkeys.api import passkeys_router
from trivet.auth.passkeys.challenges import Challenges
from trivet.auth.passkeys.keys import Keys
from trivet.auth.passkeys.relying import Relying
from trivet.auth.passkeys.tables import StoredPasskey
from trivet.auth.recovery.part import Recovery
from trivet.checks import Finding, Level
from trivet.routing.router import Router

__all__ = ["Passkeys"]

_LIFETIME = 300.0  # seconds; what WebAuthn advises for what people do


class Passkeys(Part):
    """Passkeys (WebAuthn): signing in without a name and a password, or beside them.

    `rp_id` is the site's host or a domain above it, `origins` are the pages that may ask; both come
    from ``AuthOptions(site=…)``, and while the application is being developed from the request.
    `rp_name` is what people are shown, by default what `Auth` calls the site. With `second_factor`,
    who has a passkey shows it, or another second factor, behind a password. Raises `SetupError`.
    """

    name = "passkeys"

    def __init__(
        self,
        auth: Auth,
        *,
        rp_id: str | None = None,
        rp_name: str = "",
        origins: Sequence[str] = (),
        second_factor: bool = True,
    ) -> None:
        self.requires = (auth, Recovery(auth)) if second_factor else (auth,)
        self._auth = auth
        self._relying = Relying(auth.options.site, rp_id, origins, rp_name)
        self.keys = Keys(
            auth.database,
            auth.accounts,
            auth.signing_in,
            auth.guessing,
            auth.trail,
            auth.letters,
            Challenges(auth.flows.links, auth.sessions, _LIFETIME),
            self._relying,
        )
        auth.signing_in.ways.append(self.keys)
        auth.accounts.belongings.append(StoredPasskey)
        if second_factor:
            auth.signing_in.factors.append(self.keys)

    def install(self, app: App) -> None:
        """Learn what the site is called; raises `SetupError` where nobody said which it is."""
        self._relying.is_debug = app.debug
        self._relying.name = self._relying.name or self._auth.letters.title
        self._relying.check()

    def router(self) -> Router:
        """Give the JSON endpoints, and the script for pages."""
        return passkeys_router(self.keys, self._auth.options.path)

    def checks(self, app: App) -> Sequence[Finding]:
        """Tell where production would know the site by what requests say."""
        if app.debug and not self._relying.is_known:
            return (
                Finding(
                    Level.INFO,
                    "auth.passkeys-site",
                    "passkeys are made for the host that each request names; not outside of debug",
                    'Auth(db, options=AuthOptions(site="https://shop.example.org"))',
                ),
            )
        return ()
