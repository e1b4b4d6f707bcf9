"""Access tokens as a part: ``app.use(JwtTokens(auth, secrets=[settings.jwt_secret]))``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from trivet.app.application import App
from trivet.app.part import Part
from trivet.auth.bearer import BEARER, shown_scheme
from trivet.auth.jwt.api import access_router
from trivet.auth.jwt.by_access import ByAccess
from trivet.auth.jwt.claims import Statements
from trivet.auth.jwt.granting import Granting
from trivet.auth.jwt.keys import SigningKeys
from trivet.auth.jwt.refreshing import Refreshing, StoredFamily
from trivet.auth.part import Auth
from trivet.auth.tokens import ApiTokens
from trivet.auth.tokens.form import TokenForm
from trivet.errors import SetupError
from trivet.routing.router import Router

__all__ = ["JwtTokens"]

_MINUTE, _DAY = 60.0, 86_400.0
_LONGEST_ACCESS = 60 * _MINUTE
_GRACE = 10.0  # seconds: long enough for an answer that was lost, and to ask again
_PREFIX = "trr"  # of refresh tokens


class JwtTokens(Part):
    """Access tokens that end soon, and refresh tokens that give the next ones.

    They are signed by `secrets`, of 32 characters or more, or by `keys` in PEM, on P-256 or
    Ed25519: the first signs, all verify. `lifetime` is an access token's in seconds, an hour at
    most; `refresh_lifetime` is how long somebody stays signed in without showing a password again.
    `issuer` is the options' site, without one ``trivet``; `audience` is the issuer. `services` lets
    services have access tokens, for their API tokens. Raises `SetupError`.
    """

    name = "jwt"

    def __init__(
        self,
        auth: Auth,
        *,
        secrets: str | SecretStr | Sequence[str | SecretStr] = (),
        keys: str | SecretStr | Sequence[str | SecretStr] = (),
        issuer: str | None = None,
        audience: str | None = None,
        lifetime: float = 10 * _MINUTE,
        refresh_lifetime: float = 30 * _DAY,
        services: ApiTokens | None = None,
    ) -> None:
        if not 1 <= lifetime <= _LONGEST_ACCESS or refresh_lifetime < lifetime:
            raise SetupError(
                f"access tokens cannot count for lifetime={lifetime!r} seconds and be refreshed for"
                f" refresh_lifetime={refresh_lifetime!r}",
                code="auth.jwt-lifetime",
                mend="JwtTokens(auth, …, lifetime=600, refresh_lifetime=30 * 86_400)",
            )
        self.requires: Sequence[Part] = (auth,) if services is None else (auth, services)
        self.keys = SigningKeys(secrets=secrets, keys=keys)
        named = issuer or auth.options.site or "trivet"
        statements = Statements(named, audience or named, lifetime)
        auth.accounts.belongings.append(StoredFamily)
        self.refreshing = Refreshing(
            auth.database,
            auth.accounts,
            auth.trail,
            TokenForm(_PREFIX),
            lifetime=refresh_lifetime,
            grace=_GRACE,
        )
        """The families of refresh tokens."""
        self.granting = Granting(
            self.keys,
            statements,
            self.refreshing,
            auth.signing_in,
            auth.accounts,
            auth.trail,
            None if services is None else services.keeping,
        )
        """Gives tokens: for endpoints, and for sign-ins of your own."""
        self._auth = auth
        self._scheme = auth.options.token_scheme
        self._means = ByAccess(self.keys, statements, auth.accounts, self._scheme)
        self._serves = services is not None

    def install(self, app: App) -> None:
        """Ask for tokens before sessions: who shows one means it, and browsers send cookies."""
        if self._means not in self._auth.means:
            self._auth.means.insert(0, self._means)

    def router(self) -> Router:
        """Give the token endpoints."""
        path = self._auth.options.path
        return access_router(self.granting, self.keys, path, self._scheme)

    def security_schemes(self) -> Mapping[str, Mapping[str, Any]]:  # Any: JSON
        """Give the flows by which a client gets a token, for the documentation's Authorize.

        OpenAPI's flows are for bearer tokens alone; another scheme is a header to be filled in.
        """
        if self._scheme.lower() != BEARER.lower():
            text = f"`{self._scheme} …`: the word, a space, and an access token"
            return {"AccessToken": {**shown_scheme(self._scheme), "description": text}}
        # Without a slash in front, as OpenAPI's readers find it behind a proxy's prefix too.
        address = f"{self._auth.options.path}/token"[1:]
        flow = {"tokenUrl": address, "refreshUrl": address, "scopes": {}}
        flows = {"password": flow}
        if self._serves:
            flows["clientCredentials"] = flow
        return {"AccessToken": {"type": "oauth2", "flows": flows}}
