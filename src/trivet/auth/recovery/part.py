"""Recovery codes as a part; `Totp` and `Passkeys` require it, so that it is there with them."""

from __future__ import annotations

from trivet.app.part import Part
from trivet.auth.part import Auth
from trivet.auth.recovery.api import recovery_router
from trivet.auth.recovery.codes import RecoveryCodes
from trivet.auth.recovery.tables import StoredRecoveryCode
from trivet.routing.router import Router

__all__ = ["Recovery"]


class Recovery(Part):
    """Recovery codes of who has a second factor; the same `codes` for all that ask for them."""

    name = "auth.recovery"

    def __init__(self, auth: Auth) -> None:
        self.requires = (auth,)
        self._auth = auth
        known = auth.signing_in.stand_in
        if not isinstance(known, RecoveryCodes):
            known = RecoveryCodes(auth.signing_in, auth.trail, auth.letters)
            auth.signing_in.stand_in = known
            auth.accounts.belongings.append(StoredRecoveryCode)
        self.codes = known

    def router(self) -> Router:
        """Give the JSON endpoints."""
        return recovery_router(self.codes, self._auth.options.path)
