"""Hints between processes that something was written: LISTEN and NOTIFY where the database has it.

A hint may be lost, so nothing may depend on one alone: whoever waits for hints also looks by itself
now and then. One connection listens for the whole process, opened with the first listener and made
anew when it is lost. Hints are gathered before they are sent, because the commit of each NOTIFY
takes a lock on all of the server's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from trivet.db.drivers.driver import Ear

if TYPE_CHECKING:
    from trivet.db.database import Database

__all__ = ["Hints", "Listener"]

_LOG = logging.getLogger("trivet.db")
_GATHERED = 0.02  # seconds between two statements that send hints
_CHECKED = 30.0  # seconds between two looks whether the connection still answers
_PATIENCE = 5.0  # seconds that it may take to answer
_DELAYS = (0.1, 0.5, 1.0, 2.0, 5.0)  # seconds before the connection is made anew; the last repeats
_KEPT = 1000  # different payloads that a listener keeps; more of them mean "look at everything"
_LONGEST = 7999  # bytes of a payload, as PostgreSQL takes them
_LONGEST_CHANNEL = 63  # bytes of an identifier


class Listener:
    """What one who listens to a channel waits on."""

    def __init__(self) -> None:
        self._payloads: set[str] = set()
        self._is_all = False
        self._woken = asyncio.Event()

    async def wait(self, timeout: float) -> frozenset[str]:
        """Wait for hints, at most `timeout` seconds, and give their payloads, each once.

        None at all means: look at everything. That is so after the time has passed, and when hints
        may have been lost because the connection was.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._woken.wait()
        found = frozenset() if self._is_all else frozenset(self._payloads)
        self._payloads.clear()
        self._is_all = False
        self._woken.clear()
        return found

    def hear(self, payload: str | None) -> None:
        """Take a hint; None where some may have been lost."""
        if payload is None or len(self._payloads) >= _KEPT:
            self._is_all = True
        else:
            self._payloads.add(payload)
        self._woken.set()


class Hints:
    """The hints of one database, sent and heard."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: dict[str, set[Listener]] = {}
        self._hearing: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()  # the channels, or the connection
        self._unsent: dict[str, set[str]] = {}
        self._sending: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def listen(self, channel: str) -> AsyncIterator[Listener]:
        """Listen to a channel while the block runs."""
        _check(channel)
        listener = Listener()
        self._listeners.setdefault(channel, set()).add(listener)
        self._changed.set()
        if self._hearing is None and self._database.driver.tells:
            self._changed = asyncio.Event()  # of this loop: scripts may run several, one by one
            self._hearing = asyncio.create_task(self._hear())
        try:
            yield listener
        finally:
            self._listeners[channel].discard(listener)
            if not self._listeners[channel]:
                del self._listeners[channel]
                self._changed.set()
            if not self._listeners and self._hearing is not None:
                hearing, self._hearing = self._hearing, None
                hearing.cancel()
                with suppress(asyncio.CancelledError):
                    await hearing

    def send(self, channel: str, payload: str = "") -> None:
        """Tell all who listen to a channel, soon."""
        _check(channel, payload)
        if not self._database.driver.tells:
            self._heard(channel, payload)
            return
        self._unsent.setdefault(channel, set()).add(payload)
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())

    async def close(self) -> None:
        """Send what is still to be sent."""
        if self._sending is not None:
            await self._sending

    # -- sending ---------------------------------------------------------------------------------

    async def _send(self) -> None:
        """Send what there is, then what has gathered meanwhile, until there is nothing more."""
        try:
            while self._unsent:
                unsent, self._unsent = self._unsent, {}
                channels = [name for name, payloads in unsent.items() for _ in payloads]
                payloads = [payload for each in unsent.values() for payload in each]
                try:
                    await self._database.driver.tell(channels, payloads)
                except Exception as error:
                    _LOG.warning("hints to others were lost: %s", self._database.meaning(error))
                await asyncio.sleep(_GATHERED)
        finally:
            self._sending = None

    # -- hearing ---------------------------------------------------------------------------------

    def _heard(self, channel: str, payload: str | None) -> None:
        for listener in self._listeners.get(channel, ()):
            listener.hear(payload)

    async def _hear(self) -> None:
        """Keep a connection that listens, until cancelled."""
        failures = 0
        while True:
            try:
                async with self._listening() as ear:
                    failures = 0
                    await self._follow(ear)
            except Exception as error:
                level = logging.DEBUG if failures else logging.WARNING
                _LOG.log(level, "nothing listens to hints of the database for now: %r", error)
            await asyncio.sleep(_DELAYS[min(failures, len(_DELAYS) - 1)])
            failures += 1

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[Ear]:
        ear = await self._database.driver.ear(self._heard, lambda: self._changed.set())
        try:
            yield ear
        finally:
            await ear.close()

    async def _follow(self, ear: Ear) -> None:
        """Listen to the channels that are wanted until the connection is lost."""
        known: set[str] = set()
        while not ear.is_lost:
            self._changed.clear()
            async with asyncio.timeout(_PATIENCE):
                await ear.check()
                for channel in set(self._listeners) - known:
                    await ear.listen(channel)
                    self._heard(channel, None)  # what was written before is told by nobody
                for channel in known - set(self._listeners):
                    await ear.unlisten(channel)
            known = set(self._listeners)
            with suppress(TimeoutError):
                async with asyncio.timeout(_CHECKED):
                    await self._changed.wait()
        raise ConnectionError("the connection that listened was lost")


def _check(channel: str, payload: str = "") -> None:
    if not 0 < len(channel.encode()) <= _LONGEST_CHANNEL:
        raise ValueError(f"a channel has a name of 1 to {_LONGEST_CHANNEL} bytes, not {channel!r}")
    if len(payload.encode()) > _LONGEST:
        raise ValueError(
            f"a hint has at most {_LONGEST} bytes, this one {len(payload.encode())}: store what it"
            " is about, and send its key"
        )
