"""Sessions that are kept on the server: who is signed in, and what a visitor has gathered.

The browser holds a random token and nothing else. ``sessions = app.use(Sessions())``, and
``session: CurrentSession`` wherever one is wanted.
"""

from __future__ import annotations

from trivet.sessions.current import CurrentSession, current_session
from trivet.sessions.database import DatabaseSessions
from trivet.sessions.info import SessionInfo
from trivet.sessions.kept import Kept
from trivet.sessions.part import Sessions
from trivet.sessions.redis import RedisSessions
from trivet.sessions.session import Flash, Session, SessionError
from trivet.sessions.signed import CookieSessions
from trivet.sessions.store import SessionsAway, SessionStore

__all__ = [
    "CookieSessions",
    "CurrentSession",
    "DatabaseSessions",
    "Flash",
    "Kept",
    "RedisSessions",
    "Session",
    "SessionError",
    "SessionInfo",
    "SessionStore",
    "Sessions",
    "SessionsAway",
    "current_session",
]
