"""HTTP Basic (RFC 7617), for tools that know nothing else: ``app.use(BasicMeans(auth))``.

The password comes with each request. What was right a moment ago is remembered, so that neither a
hash is made each time nor a count of attempts used up; kept of it is a digest under a key that this
process alone has, never the password.
"""

from __future__ import annotations

import hmac
import time
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from secrets import token_bytes
from typing import Any

from starlette.requests import HTTPConnection

from trivet.app.application import App
from trivet.app.part import Part
from trivet.auth.bearer import TokenRefused
from trivet.auth.errors import NotAllowed, SignInFailed
from trivet.auth.identity import Identity
from trivet.auth.part import Auth
from trivet.auth.passwords import PasswordRefused
from trivet.security.authorization import split_authorization
from trivet.security.http import HTTPBasic

__all__ = ["BasicMeans"]

_MOST_REMEMBERED = 1000
_REALM = "trivet"


class BasicMeans(Part):
    """Takes log-in and password with each request; off unless it is used.

    `realm` is what browsers show. `remembered` is for how many seconds a password that was right is
    not asked for again; one that was changed counts at once. Accounts with a second factor are
    refused, and nobody is recent by it. Browsers send such credentials by themselves: guard what
    changes something by `Csrf`. Raises `SetupError` for a realm that no header can have.
    """

    name = "basic"

    def __init__(self, auth: Auth, *, realm: str = _REALM, remembered: float = 60.0) -> None:
        self.requires: Sequence[Part] = (auth,)
        named = HTTPBasic(realm=realm).make_authenticate_headers()["WWW-Authenticate"]
        self.challenge: str | None = f'{named}, charset="UTF-8"'
        self._auth = auth
        self._remembered = remembered
        self._key = token_bytes(32)
        self._right: OrderedDict[bytes, float] = OrderedDict()

    def install(self, app: App) -> None:
        """Ask for a password before sessions: who shows one means it."""
        if self not in self._auth.means:
            self._auth.means.insert(0, self)

    def security_schemes(self) -> Mapping[str, Mapping[str, Any]]:  # Any: JSON
        """Give how a password is shown."""
        return {"Basic": {"type": "http", "scheme": "basic"}}

    async def identify(self, connection: HTTPConnection) -> Identity | None:
        """Give whose log-in and password a request shows, or None.

        Raises `TokenRefused` (401), and `TooManyAttempts` (429) for who guesses.
        """
        given = connection.headers.getlist("authorization")
        scheme, credentials = split_authorization(given[0] if given else None)
        if scheme.lower() != "basic":
            return None
        assert self.challenge is not None, "it was made with the part"
        try:
            text = b64decode(credentials, validate=True).decode()
        except ValueError as error:
            raise TokenRefused(self.challenge) from error
        log_in, colon, password = text.partition(":")
        if len(given) > 1 or not colon:
            raise TokenRefused(self.challenge)
        try:
            user = await self._known(log_in, password, connection)
        except (SignInFailed, NotAllowed, PasswordRefused) as error:
            raise TokenRefused(self.challenge) from error
        return Identity(user, self.name)

    async def _known(self, log_in: str, password: str, connection: HTTPConnection) -> Any:
        user = await self._auth.accounts.find(log_in)
        is_known = user is not None and user.is_active and self._is_remembered(user, password)
        if not is_known:
            user = await self._auth.signing_in.by_password(log_in, password, connection)
        if await self._auth.signing_in.factors_of(user):
            await self._auth.signing_in.refuse(user, "second-factor", connection)
            raise SignInFailed
        if not is_known:
            self._remember(user, password)
        return user

    def _digest(self, user: Any, password: str) -> bytes:
        # With the stored hash in it: another password of the account is another digest.
        whole = f"{user.handle}\0{user.password}\0{password}"
        return hmac.digest(self._key, whole.encode(errors="surrogatepass"), sha256)

    def _is_remembered(self, user: Any, password: str) -> bool:
        digest = self._digest(user, password)
        return self._right.get(digest, 0.0) > time.monotonic()

    def _remember(self, user: Any, password: str) -> None:
        self._right[self._digest(user, password)] = time.monotonic() + self._remembered
        if len(self._right) > _MOST_REMEMBERED:
            self._right.popitem(last=False)
