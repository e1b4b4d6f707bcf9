"""A few connections to a server of one event loop, each used by one sender at a time.

A connection that has been idle is asked whether it still stands before a message is begun on it, so
that one which the server has closed is replaced unnoticed. One on which anything went wrong is
closed, and never used again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

from trivet.mail.transport import MailAway

__all__ = ["Connection", "Pool"]

_LONGEST_IDLE = 60.0  # seconds; servers wait longer (RFC 5321 asks for 300)


class Connection(Protocol):
    """What the pool knows of a connection."""

    async def rset(self) -> Any:
        """Ask whether it stands, and forget a message that was begun."""

    async def quit(self) -> Any:
        """Say good-bye."""

    def close(self) -> None:
        """Let go of it at once."""


class Pool:
    """At most `most` connections, each made by `connect`; who waits longer than `wait` is told."""

    def __init__(
        self, connect: Callable[[], Awaitable[Any]], *, most: int, wait: float, name: str
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self._connect = connect
        self._free = asyncio.Semaphore(most)
        self._wait = wait
        self._name = name
        self._idle: list[tuple[Connection, float]] = []
        self._is_closed = False

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """Lend a connection on which nothing was begun; raises `MailAway`."""
        try:
            async with asyncio.timeout(self._wait):
                await self._free.acquire()
        except TimeoutError:
            raise MailAway(
                f"all connections to {self._name} were in use for {self._wait:g} seconds"
            ) from None
        try:
            lent = await self._standing() or await self._connect()
            try:
                yield lent
            except BaseException:
                lent.close()
                raise
            if self._is_closed:
                lent.close()
            else:
                self._idle.append((lent, time.monotonic()))
        finally:
            self._free.release()

    async def _standing(self) -> Connection | None:
        """Give the connection that was used last, if it still stands."""
        while self._idle:
            found, since = self._idle.pop()
            try:
                if time.monotonic() - since < _LONGEST_IDLE:
                    await found.rset()
                    return found
            except Exception:  # whatever it is: another connection is made
                pass
            except BaseException:
                found.close()
                raise
            found.close()
        return None

    async def close(self) -> None:
        """Say good-bye on all idle connections; those in use are closed by their users."""
        self._is_closed = True
        while self._idle:
            found, _ = self._idle.pop()
            try:
                await found.quit()
            except Exception:  # it goes in any case
                pass
            finally:
                found.close()
