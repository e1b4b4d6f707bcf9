"""The session of the present request, as a dependency."""

from __future__ import annotations

from typing import Annotated

from starlette.requests import HTTPConnection

from trivet.binding.params import Depends
from trivet.errors import SetupError
from trivet.sessions.part import Sessions
from trivet.sessions.session import Session

__all__ = ["CurrentSession", "current_session"]


async def current_session(connection: HTTPConnection) -> Session:
    """Give the session of a request or WebSocket, loaded by whoever asks first.

    Raises `SetupError` where the application uses no `Sessions`.
    """
    parts = getattr(connection.scope.get("app"), "parts", {})
    sessions = parts.get(Sessions)
    if sessions is None:
        raise SetupError(
            "a session is asked for, and this application has none; a mounted one has its own",
            code="sessions.not-installed",
            mend="app.use(Sessions())",
        )
    session: Session = await sessions.of_request(connection)
    return session


CurrentSession = Annotated[Session, Depends(current_session)]
"""The session of the present request: ``async def cart(session: CurrentSession)``."""
