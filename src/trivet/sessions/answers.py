"""What an answer says when it depended on a session, and the cookie that goes with it.

Such an answer varies by cookie and is for the one who asked alone, unless it says otherwise
itself. One that sets a cookie is private, whatever it says: no cache on the way may give one
visitor's cookie to another.
"""

from __future__ import annotations

import logging
from typing import ClassVar

from trivet.http.exchange import Answer, Exchange, Head, Message, RawHeaders, Send
from trivet.middleware.dress import Dress, lowered, vary_added
from trivet.middleware.hook import Hook
from trivet.sessions.scope import loaded
from trivet.sessions.session import Session

__all__ = ["SessionAnswers"]

# Twins of heads are kept: 1 µs an answer (see Dress).
_PRIVATE = Dress(default=[(b"cache-control", b"private")], vary=b"Cookie")
_log = logging.getLogger("trivet.sessions")


class SessionAnswers(Hook):
    """Put cookies and cache headers on the answers of requests that asked for their session."""

    __slots__ = ("_owner",)
    name: ClassVar[str] = "server-side sessions"

    def __init__(self, owner: object) -> None:
        self._owner = owner

    def after(self, exchange: Exchange, answer: Answer) -> Answer:
        """Dress a ready answer."""
        request = exchange.request
        if request is None:
            return answer
        session = loaded(request.scope, self._owner)
        if session is None:
            return answer
        _end(session, answer.status)
        cookie, session.notes.cookie = session.notes.cookie, None
        if cookie is None:
            return _PRIVATE.on(answer)
        headers = [*answer.head.headers, *(answer.extra or ())]
        return Answer(Head(answer.status, _with_cookie(headers, cookie)), answer.body)

    def wrap(self, exchange: Exchange, send: Send) -> Send:
        """Dress the head of a streamed answer."""
        scope = exchange.scope

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                session = loaded(scope, self._owner)
                if session is not None:
                    _end(session, message["status"])
                    cookie, session.notes.cookie = session.notes.cookie, None
                    if cookie is None:
                        _PRIVATE.on_start(message)
                    else:
                        headers = lowered(message.get("headers", ()))
                        message["headers"] = _with_cookie(headers, cookie)
            await send(message)

        return dressed


def _end(session: Session, status: int) -> None:
    """Take no more changes; tell of those that nobody has kept."""
    if session.notes.is_over:
        return
    if status < 400 and session.is_changed:
        _log.error(
            "a session was changed where nothing keeps it: change it in a handler that awaits, or"
            " in what such a handler depends on"
        )
    session.notes.is_over = True


def _with_cookie(headers: RawHeaders, cookie: bytes) -> list[tuple[bytes, bytes]]:
    found = vary_added(headers, b"Cookie")
    said = b",".join([value for name, value in found if name == b"cache-control"]).lower()
    if b"private" not in said and b"no-store" not in said:
        found = [pair for pair in found if pair[0] != b"cache-control"]
        found.append((b"cache-control", b"private"))
    return [*found, (b"set-cookie", cookie)]
