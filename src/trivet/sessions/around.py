"""Sessions around a handler: kept before the answer, and touched behind it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from trivet.http.exchange import Exchange
from trivet.routing.around import Around
from trivet.sessions.keeping import is_due, keep
from trivet.sessions.scope import loaded
from trivet.sessions.session import Session

if TYPE_CHECKING:
    from trivet.sessions.part import Sessions

__all__ = ["SessionAround"]

_log = logging.getLogger("trivet.sessions")


class SessionAround(Around):
    """Keeps the session that a request has loaded; it stands inside the database's unit of work."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def begin(self, exchange: Exchange | None) -> Exchange | None:
        return exchange

    async def finish(self, opened: Exchange | None, status: int) -> None:
        session = self._session(opened)
        if session is None or session.notes.is_over:
            return
        if status >= 400:  # the database, too, takes back what such an answer has written
            session.notes.is_over = True
            return
        assert opened is not None, "there is a session"
        store, cookies = self._sessions.store, self._sessions.cookies
        await keep(session, store, cookies, opened.request.scope)

    async def leave(self, opened: Exchange | None, error: BaseException | None) -> None:
        session = self._session(opened)
        if session is None:
            return
        if error is not None:  # nothing of it was kept, or it is taken back now
            session.notes.is_over = True
            session.notes.cookie = None
        elif is_due(session) and not self._sessions.store.lives_in_cookie:
            session.notes.is_touched = True
            await self._touch(session)

    async def _touch(self, session: Session) -> None:
        """Write down that it was seen; the answer is out, and does not depend on it."""
        notes = session.notes
        assert notes.token is not None, "see `is_due`"
        try:
            await self._sessions.store.touch(session.as_seen(), notes.token)
        except Exception as error:
            _log.warning("it was not written down that a session was seen: %s", error)

    def _session(self, opened: Exchange | None) -> Session | None:
        if opened is None or opened.request is None:
            return None
        return loaded(opened.request.scope, self._sessions)
