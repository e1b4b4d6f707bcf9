"""`trivet sessions …`: who is signed in where, and ending it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from trivet.app.part import CommandGroup
from trivet.sessions.database import DatabaseSessions

if TYPE_CHECKING:
    from trivet.sessions.part import Sessions

__all__ = ["commands_of"]


def commands_of(sessions: Sessions) -> Sequence[CommandGroup]:
    """Give the commands of an application's sessions."""
    commands = _Commands(sessions)
    words: dict[str, Callable[..., Any]] = {
        "list": commands.listed,
        "end": commands.end,
        "purge": commands.purge,
    }
    return [CommandGroup("sessions", "See where somebody is signed in, and end it", words)]


class _Commands:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def listed(self, user: str, /) -> None:
        """List the sessions in which USER is signed in."""
        for one in await self._sessions.of(user):
            seen = f"{one.seen_at:%Y-%m-%d %H:%M}Z"
            _say(f"{one.id}  {seen}  {one.address or '-'}  {one.device}")
        await self._close()

    async def end(self, user: str, id: str = "", /) -> None:
        """End the session ID of USER, or all of them."""
        if id:
            count = int(await self._sessions.end(id, user=user))
        else:
            count = await self._sessions.end_all(user)
        _say(f"{count} ended")
        await self._close()

    async def purge(self) -> None:
        """Delete sessions that have ended by themselves."""
        _say(f"{await self._sessions.forget_expired()} deleted")
        await self._close()

    async def _close(self) -> None:
        store = self._sessions.store
        await store.close()
        if isinstance(store, DatabaseSessions):
            await store.database.close()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
