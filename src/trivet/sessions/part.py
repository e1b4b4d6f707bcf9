"""Sessions on the server as a part: ``sessions = app.use(Sessions())``."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from importlib import import_module
from typing import Any

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from trivet.app.application import App
from trivet.app.part import Part
from trivet.concurrency import repeating
from trivet.db import Database
from trivet.errors import SetupError
from trivet.http.cookies import SameSite
from trivet.middleware.hook import Hook
from trivet.openapi.error_shape import FASTAPI, ErrorShape
from trivet.sessions.answers import SessionAnswers
from trivet.sessions.around import SessionAround
from trivet.sessions.cookies import Cookies
from trivet.sessions.database import DatabaseSessions
from trivet.sessions.info import SessionInfo
from trivet.sessions.kept import Lifetimes
from trivet.sessions.scope import loaded, put
from trivet.sessions.session import Flash, Notes, Session, Visitor
from trivet.sessions.store import SessionsAway, SessionStore
from trivet.watching import Probe

__all__ = ["Sessions"]

_COMMANDS = "trivet.sessions.commands"  # by name: only the command line wants it
_FORGETTING = 3600.0  # seconds
_LONGEST_AGENT = 300
_log = logging.getLogger("trivet.sessions")


class Sessions(Part):
    """Sessions that are kept on the server; the browser holds a random token.

    `store` is where, by default the application's database. A session ends `idle` seconds after it
    was seen last, and `absolute` seconds after it began, whichever comes first; one that is to be
    remembered ends `remember` seconds after it began. `cookie` is the cookie's name, with
    ``__Host-`` before it over HTTPS; `secure` None goes by the scheme of each request. Raises
    `SetupError` for times that are not above 0 and cookies that browsers would drop.

    Cost of a request, measured: 0.6 µs where the handler cannot wait, 5 µs where it can and does
    not ask, 15 µs where it asks and the visitor has no cookie; with one, 60 µs more on SQLite and
    170 µs on PostgreSQL, where any read of a row by its key costs 30 and 150.
    """

    name = "sessions"
    store: SessionStore

    def __init__(
        self,
        store: SessionStore | None = None,
        *,
        idle: float | timedelta = timedelta(days=14),
        absolute: float | timedelta = timedelta(days=90),
        remember: float | timedelta = timedelta(days=90),
        cookie: str = "session",
        same_site: SameSite = "lax",
        secure: bool | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if store is not None:
            self.store = store
            self.requires = tuple(store.requires)
        self.lifetimes = Lifetimes.of(idle, absolute, remember)
        self.cookies = Cookies(cookie, same_site, secure)
        self._clock = clock
        self._has_store = store is not None

    def install(self, app: App) -> None:
        """Take the application's database, unless a store was given; raises `SetupError`."""
        if self._has_store:
            return
        found = [part for part in app.parts.values() if isinstance(part, Database)]
        if len(found) != 1:
            raise SetupError(
                "Sessions does not know where to keep sessions: the application uses"
                f" {len(found) or 'no'} database{'s' if found else ''}",
                code="sessions.no-store",
                mend="app.use(Sessions(DatabaseSessions(db))), or app.use(db) before it",
            )
        self.store = DatabaseSessions(found[0])
        self._has_store = True

    def probes(self) -> Sequence[Probe]:
        """Ask whether the store of sessions is there."""
        return self.store.probes()

    # -- in a request ----------------------------------------------------------------------------

    async def of_request(self, connection: HTTPConnection) -> Session:
        """Give the session of a request or WebSocket, loaded by whoever asks first."""
        scope = connection.scope
        found = loaded(scope, self)
        if found is None:
            found = put(scope, await self._load(connection), self)
        return found

    async def _load(self, connection: HTTPConnection) -> Session:
        scope = connection.scope
        visitor = Visitor(self._now(), _address(connection), _agent(connection))
        notes = Notes(is_read_only=scope["type"] == "websocket")
        notes.token = self.cookies.read(scope)
        if notes.token is not None:
            kept = await self.store.find(notes.token, visitor.now)
            if kept is not None:
                # The times of today, where the application was given others since.
                end = self.lifetimes.end(kept.created, kept.seen, is_remembered=kept.is_remembered)
                if end > visitor.now:
                    notes.kept = kept if end >= kept.expires else replace(kept, expires=end)
        return Session(notes, self.lifetimes, visitor)

    def _now(self) -> int:
        return int(self._clock() * 1000)

    # -- those of a user -------------------------------------------------------------------------

    async def of(self, user: str) -> list[SessionInfo]:
        """Give the sessions in which a user is signed in, the one seen last first.

        Raises `SetupError` where the store cannot list them.
        """
        return [SessionInfo.of(kept) for kept in await self.store.of(user, self._now())]

    async def end(self, id: str, *, user: str) -> bool:
        """End one session of a user, at once; False where there is none. Raises as `of`."""
        return await self.store.end(id, user)

    async def end_all(self, user: str, except_id: str | None = None) -> int:
        """End all sessions of a user but one; gives how many. Raises as `of`."""
        return await self.store.end_all(user, except_id)

    async def forget_expired(self) -> int:
        """Delete what has ended; gives how many. A server does it once an hour."""
        return await self.store.forget_expired(self._now())

    # -- as a part -------------------------------------------------------------------------------

    def hooks(self) -> Sequence[Hook]:
        """Give what puts cookies and cache headers on answers."""
        return [SessionAnswers(self)]

    def around(self) -> SessionAround:
        """Give what keeps a session before its answer is sent."""
        return SessionAround(self)

    def exception_handlers(self) -> dict[Any, Callable[..., Any]]:
        """Answer 503 where the store does not answer."""
        return {SessionsAway: _away}

    def template_functions(self) -> Mapping[str, Callable[..., Any]]:
        """Give templates `flashes()`: the messages of a session that was loaded before."""

        def flashes(request: Request | None) -> list[Flash]:
            session = None if request is None else loaded(request.scope, self)
            return [] if session is None else session.flashes()

        return {"flashes": flashes}

    def commands(self) -> Sequence[Any]:
        """Give `trivet sessions list`, `end` and `purge`."""
        return list(import_module(_COMMANDS).commands_of(self))

    def lifespan(self, app: App) -> AbstractAsyncContextManager[Any]:
        """Close the store when the application stops."""
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await self.store.close()

    def serving(self, app: App) -> AbstractAsyncContextManager[Any]:
        """Delete what has ended, once an hour."""
        return repeating(
            self.forget_expired,
            _FORGETTING,
            name="forgetting sessions",
            failed=partial(_log.warning, "sessions that have ended were not deleted: %s"),
        )


def _address(connection: HTTPConnection) -> str:
    client = connection.client
    return "" if client is None else client.host[:64]


def _agent(connection: HTTPConnection) -> str:
    for name, value in connection.scope["headers"]:
        if name == b"user-agent":
            text = value.decode("latin-1")[:_LONGEST_AGENT]
            return text if text.isprintable() else ""
    return ""


async def _away(request: Request, error: SessionsAway) -> Response:
    _log.error("%s", error)
    shape = getattr(request.scope.get("app"), "error_shape", FASTAPI)
    shape = shape if isinstance(shape, ErrorShape) else FASTAPI
    detail = "Who you are cannot be looked up at the moment; try again in a moment."
    return Response(
        shape.to_json(503, detail), 503, {"retry-after": "1"}, media_type=shape.media_type
    )
