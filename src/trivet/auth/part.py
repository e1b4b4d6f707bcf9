"""Accounts as a part: ``auth = app.use(Auth(db))``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from starlette.requests import HTTPConnection, Request

from trivet.app.application import App
from trivet.app.part import Part
from trivet.auth.accounts import Accounts
from trivet.auth.api import api_router
from trivet.auth.by_session import BySession
from trivet.auth.current import user_shown
from trivet.auth.flows import Flows
from trivet.auth.forgetting import forgetting_links
from trivet.auth.guessing import Guessing
from trivet.auth.identity import Identity, Means
from trivet.auth.letters import Letters
from trivet.auth.links import StoredLink
from trivet.auth.options import AuthOptions
from trivet.auth.passwords import Passwords
from trivet.auth.permissions.asking import Permitting
from trivet.auth.permissions.deciding import Deciding
from trivet.auth.permissions.rules import Rules
from trivet.auth.signing_in import SigningIn
from trivet.auth.trail import Trail
from trivet.auth.users import UserMixin
from trivet.checks import Finding, Level
from trivet.db import Database
from trivet.events import Events
from trivet.mail import Mail
from trivet.routing.router import Router
from trivet.security.rate import RateStore
from trivet.sessions import DatabaseSessions, Sessions

__all__ = ["Auth"]

_COMMANDS = "trivet.auth.commands"  # by name: only the command line wants it
_LETTERS = Path(__file__).parent / "templates"
_READY_MODEL = "trivet.auth.user"  # by name: importing it makes its table


class Auth(Part, Permitting):
    """Accounts, kept in a database: who somebody is, and what they may.

    `user` is the model of accounts, by default `trivet.auth.User`. `mail` sends letters, `events`
    are told of what happens, `rates` count attempts: in this process alone, where none are given.
    Sessions are kept in the same database, unless there are others. Raises `SetupError`.
    """

    name = "auth"

    def __init__(
        self,
        database: Database,
        *,
        user: type[UserMixin] | None = None,
        mail: Mail | None = None,
        sessions: Sessions | None = None,
        events: Events | None = None,
        passwords: Passwords | None = None,
        rates: RateStore | None = None,
        options: AuthOptions | None = None,
    ) -> None:
        self.database = database
        self.options = options or AuthOptions()
        self.sessions = sessions or Sessions(DatabaseSessions(database))
        also = [part for part in (mail, events) if part is not None]
        self.requires: Sequence[Part] = (database, self.sessions, *also)
        self.passwords = passwords or Passwords()
        self.recent = self.options.recent
        self.rules = Rules()
        self.trail = Trail(database, events)
        self.guessing = Guessing(rates, self.options.rates)
        self.letters = Letters(mail, self.options)
        self.accounts: Accounts[Any] = Accounts(
            user or import_module(_READY_MODEL).User,
            self.passwords,
            self.options.log_in,
            self._end_sessions,
        )
        self.accounts.belongings.append(StoredLink)
        self.deciding = Deciding(self.rules, database)
        self.signing_in = SigningIn(
            self.accounts, self.sessions, self.guessing, self.trail, self.options
        )
        asked = self.options.confirm_email
        self.signing_in.needs_confirmed = mail is not None if asked is None else asked
        self.flows = Flows(
            database, self.accounts, self.guessing, self.trail, self.letters, self.options
        )
        self.by_session = BySession(self.accounts, self.sessions, self.options.csrf)
        self.means: list[Means] = [self.by_session]
        self._counts_here = rates is None

    @property
    def user(self) -> Any:  # Any: the application's model
        """The model of accounts."""
        return self.accounts.model

    async def identify(self, connection: HTTPConnection) -> Identity:
        """Give who asks; raises `HTTPException` for credentials that do not count.

        A WebSocket has no unit of work, and is read for in one of its own.
        """
        if self.database.open_unit is not None:
            return await super().identify(connection)
        async with self.database.own_transaction():
            return await super().identify(connection)

    async def _end_sessions(self, handle: str, keep: str | None) -> object:
        return await self.sessions.end_all(handle, except_id=keep)

    # -- as a part -------------------------------------------------------------------------------

    def install(self, app: App) -> None:
        """Learn whether the application is being developed, and what it is called."""
        self.letters.is_debug = app.debug
        self.letters.title = self.options.site_name or app.title
        self.letters.language = partial(_language_of, app)

    def router(self) -> Router:
        """Give the JSON endpoints."""
        return api_router(self.signing_in, self.flows, self.sessions, self.options)

    def serving(self, app: App) -> AbstractAsyncContextManager[None]:
        """Forget links that have ended, once an hour."""
        return forgetting_links(self.database, self.flows.links)

    def commands(self) -> Sequence[Any]:
        """Give `trivet createsuperuser`, `changepassword` and `users …`."""
        return import_module(_COMMANDS).commands_of(self)  # type: ignore[no-any-return]

    def template_functions(self) -> dict[str, Callable[..., Any]]:
        """Give `current_user()` to templates: who is signed in, where the handler asked for it."""
        return {"current_user": user_shown}

    def template_folders(self) -> Sequence[Path]:
        """Give the folder of the letters, for mail that has templates."""
        return [_LETTERS]

    def checks(self, app: App) -> Sequence[Finding]:
        """Tell what production lacks."""
        found = list(self.passwords.findings())
        if app.debug:
            return found
        if self.letters.can_send and self.options.site is None:
            found.append(
                Finding(
                    Level.ERROR,
                    "auth.no-site",
                    "letters have links in them, and nobody said where the site is",
                    'Auth(db, options=AuthOptions(site="https://shop.example.org"))',
                )
            )
        if self._counts_here:
            found.append(
                Finding(
                    Level.INFO,
                    "auth.rates-in-memory",
                    "each process counts attempts to sign in by itself",
                    "Auth(db, rates=RedisRates(…))",
                )
            )
        return found


def _language_of(app: App, user: Any) -> Request | None:
    """Give what templates take for a request, in the language of an account, where there are some.

    The part is found by its name: nobody loads languages who has one alone.
    """
    for part in app.parts.values():
        if part.name == "i18n":
            i18n: Any = part
            request: Request = i18n.locale(user.locale).as_request()
            return request
    return None
