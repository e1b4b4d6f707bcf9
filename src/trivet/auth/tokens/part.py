"""API tokens as a part: ``tokens = app.use(ApiTokens(auth))``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from trivet.app.application import App
from trivet.app.part import Part
from trivet.auth.bearer import shown_scheme
from trivet.auth.part import Auth
from trivet.auth.tokens.api import token_router
from trivet.auth.tokens.by_token import ByToken
from trivet.auth.tokens.form import TokenForm
from trivet.auth.tokens.keeping import TokenKeeping
from trivet.auth.tokens.own import OwnTokens, TokenLifetimes
from trivet.auth.tokens.table import ApiToken
from trivet.errors import SetupError
from trivet.routing.router import Router

__all__ = ["ApiTokens"]

_HEADER = re.compile(r"[A-Za-z0-9-]+")
_NOT_FOR_IT = frozenset({"authorization", "cookie", "host", "content-type", "content-length"})


class ApiTokens(Part):
    """Opaque tokens by which programs act for an account: ``Authorization: Bearer trv_…``.

    `prefix` is what they begin with: one of your own tells scanners whose they are. `header` names
    another header in which they may stand, such as ``X-API-Key``. `lifetimes` are of those that
    people make for themselves. Raises `SetupError`.
    """

    name = "api-tokens"

    def __init__(
        self,
        auth: Auth,
        *,
        prefix: str = "trv",
        header: str | None = None,
        lifetimes: TokenLifetimes | None = None,
    ) -> None:
        if header is not None and (not _HEADER.fullmatch(header) or header.lower() in _NOT_FOR_IT):
            raise SetupError(
                f"API tokens cannot stand in a header {header!r}",
                code="auth.token-header",
                mend='write a name of its own: ApiTokens(auth, header="X-API-Key")',
            )
        self.requires: Sequence[Part] = (auth,)
        auth.accounts.belongings.append(ApiToken)
        self.keeping = TokenKeeping(auth.database, auth.accounts, auth.trail, TokenForm(prefix))
        """Makes, lists and revokes tokens, of services too."""
        self.own = OwnTokens(self.keeping, lifetimes or TokenLifetimes())
        """What people do with their own."""
        self._auth = auth
        self._header = header
        self._means = ByToken(self.keeping, header, auth.options.token_scheme)

    def install(self, app: App) -> None:
        """Ask for tokens before sessions: who shows one means it, and browsers send cookies."""
        if self._means not in self._auth.means:
            self._auth.means.insert(0, self._means)

    def router(self) -> Router:
        """Give the JSON endpoints."""
        return token_router(self.own, f"{self._auth.options.path}/tokens")

    def security_schemes(self) -> Mapping[str, Mapping[str, Any]]:  # Any: JSON
        """Give how a token is shown."""
        about = f"An API token: {self.keeping.form.prefix}_…"
        scheme = shown_scheme(self._auth.options.token_scheme)
        found: dict[str, Mapping[str, Any]] = {"ApiToken": {**scheme, "description": about}}
        if self._header is not None:
            found["ApiKey"] = {
                "type": "apiKey",
                "in": "header",
                "name": self._header,
                "description": about,
            }
        return found
