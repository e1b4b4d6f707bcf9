"""What becomes of a session before its answer is sent, and when its being seen is written.

Two requests with one token at the same time:

- One rotates the token, or signs out. What the other one changes after that is lost: its update
  asks for the token under which it was loaded. It neither brings the session back nor ends it, and
  sets no cookie in the place of the new one.
- One comes with the old token after that. It is a stranger. What it would put into a session is
  kept nowhere for a minute, so that its cookie does not take the new one's place in the browser.
- Who signs in is signed in, whatever else is under way: its session is a new one.
- Both change values. The one that is saved last is kept as a whole.
"""

from __future__ import annotations

from trivet.http.exchange import Scope
from trivet.sessions.cookies import Cookies
from trivet.sessions.session import Session
from trivet.sessions.store import SessionStore

__all__ = ["is_due", "keep"]

_SEEN_EVERY = 60_000  # milliseconds


async def keep(session: Session, store: SessionStore, cookies: Cookies, scope: Scope) -> None:
    """Do what is noted in a session, and note the cookie that its answer needs."""
    notes, kept = session.notes, session.notes.kept
    notes.is_over = True
    if not session.is_changed and not (store.lives_in_cookie and is_due(session)):
        return
    wanted = session.to_keep()
    known = None if kept is None or notes.token is None else (kept.id, notes.token)
    if wanted.user is None and not wanted.data:  # there is nothing to keep
        if known is not None:
            await store.delete(known[0])
            notes.cookie = cookies.deleted(scope)
        return
    if not session.is_new:
        assert known is not None, "what is not new has a token"
        token = await store.update(wanted, known[1], rotates=notes.rotates)
    elif await _is_late(session, store):
        token = None
    else:
        token = await store.insert(wanted, known)
    notes.is_touched = True
    if token is not None and (token != notes.token or store.lives_in_cookie):
        left = max(1, (wanted.expires - session.now) // 1000)
        notes.cookie = cookies.written(scope, token, left if wanted.is_remembered else None)


async def _is_late(session: Session, store: SessionStore) -> bool:
    """Tell whether a stranger comes with a token that was replaced a moment ago."""
    notes = session.notes
    if notes.kept is not None or notes.token is None or notes.is_signed_in:
        return False
    return await store.was_replaced(notes.token, session.now)


def is_due(session: Session) -> bool:
    """Tell whether it is to be written down that a session was seen."""
    notes = session.notes
    if notes.kept is None or notes.is_touched or notes.is_replaced:
        return False
    return session.now - notes.kept.seen >= _SEEN_EVERY
