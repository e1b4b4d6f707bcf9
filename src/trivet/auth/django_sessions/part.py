"""Who is signed in in Django stays so, as a part: ``app.use(DjangoSessions(auth, secrets=…))``."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from typing import Any

from pydantic import SecretStr
from sqlalchemy.exc import InterfaceError, OperationalError

from trivet.app.application import App
from trivet.app.part import Part
from trivet.auth.django_sessions.rows import DjangoRows
from trivet.auth.django_sessions.taking_over import SPENT, ByDjangoSession
from trivet.auth.part import Auth
from trivet.db import Database
from trivet.errors import SetupError
from trivet.sessions.cookies import Cookies

__all__ = ["DjangoSessions"]

_HOST = "__Host-"
_log = logging.getLogger("trivet.auth")


class DjangoSessions(Part):
    """Lets who is signed in in Django stay so: their session becomes one of ours, once.

    For the weeks behind `trivet adopt django-users`. `secrets` are Django's SECRET_KEY and then
    SECRET_KEY_FALLBACKS, `database` is where its tables are, by default the one of the accounts;
    `user_table` is that of its model of accounts, `cookie` its SESSION_COOKIE_NAME. Django's
    session is deleted; with `keep` it stays for a Django that is mounted still, and what was taken
    over is noted in a table of ours. With `remember`, as in Django, the new session outlives the
    browser, unless Django's was to end with it. Sessions must be in the database (the backends
    ``db`` and ``cached_db``) and in JSON. Raises `SetupError`, at the start too, where Django's
    tables are not there.

    It is asked when nothing else knows who sends a request. One without Django's cookie costs
    nothing, one with a cookie that leads nowhere a look for a row by its key, and a session that is
    taken over some five statements, once. WebSockets take nothing over: they have no answer that
    could bring a cookie.

    - Django's signature, the end of its session and the digest of the password in it are checked as
      Django checks them. The digest must be of the password in both tables: a password that was
      changed on either side ends the session. One that Trivet has hashed anew, when somebody signed
      in here, does too. Neither `secrets` nor a row alone let anybody in.
    - Who is not active, in either table, is nobody; who has a second factor here signs in. An
      address need not be confirmed. Nobody is recent by it: what asks for `requires_recent_login`
      asks for a password.
    - The session is a new one, with a token of its own, listed and ended like any; the trail has
      `SessionTakenOver`. Ending it from elsewhere ends it: Django's brings nobody back. Who signs
      out ends Django's session in that browser as well.
    - What another site's page sends is refused as for any session (403), and one that it only shows
      or fetches takes nothing over. Who can plant Django's cookie in somebody's browser can have
      them signed in as the planter, as they could in Django; of two such cookies, neither counts,
      and who has a session here is never signed in as another.
    - Where the answer is an error (400 and above) nothing has happened, and the next request tries
      again. Of requests at the same time one is signed in; the others are answered as a stranger's.
    """

    name = "django-sessions"

    def __init__(
        self,
        auth: Auth,
        *,
        secrets: str | SecretStr | Sequence[str | SecretStr],
        database: Database | None = None,
        user_table: str = "auth_user",
        cookie: str = "sessionid",
        keep: bool = False,
        remember: bool = True,
    ) -> None:
        source = auth.database if database is None else database
        self.requires: Sequence[Part] = (auth, source)
        self._auth = auth
        self._rows = DjangoRows(source, user_table)
        self._means = ByDjangoSession(
            auth,
            self._rows,
            Cookies(cookie, "lax", secure=cookie.startswith(_HOST)),
            _texts(secrets),
            is_kept=keep,
            is_remembered=remember,
        )
        if keep:
            import_module(SPENT)  # its table belongs to the migrations from now on

    def install(self, app: App) -> None:
        """Ask for Django's cookie when nothing else knows who sends a request."""
        if self._means not in self._auth.means:
            self._auth.means.append(self._means)
            self._auth.signing_in.also_ended.append(self._means.end)

    def lifespan(self, app: App) -> AbstractAsyncContextManager[Any]:
        """Look for Django's tables when the application starts."""
        return self._checked()

    @asynccontextmanager
    async def _checked(self) -> AsyncIterator[None]:
        try:
            await self._rows.check()
        except (InterfaceError, OperationalError, OSError) as error:
            _log.warning("nobody could look for Django's tables: %s", error)
        yield


def _texts(secrets: str | SecretStr | Sequence[str | SecretStr]) -> list[str]:
    """Give secrets as text; of any strength: the key alone, without rows, opens nothing."""
    several = [secrets] if isinstance(secrets, str | SecretStr) else list(secrets)
    texts = [one.get_secret_value() if isinstance(one, SecretStr) else one for one in several]
    if not texts or not all(isinstance(one, str) and one for one in texts):
        raise SetupError(
            "DjangoSessions was given no SECRET_KEY, or an empty one",
            code="auth.django-secrets",
            mend="DjangoSessions(auth, secrets=[SECRET_KEY, *SECRET_KEY_FALLBACKS])",
        )
    return texts
