"""Messages on their way out of this process.

What is published directly is sent or refused. What goes out after a commit cannot be refused any
more: where the back end is away it waits here, in its order, for as long as there is room.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import NamedTuple

from trivet.realtime.backends.backend import Backend, Keep
from trivet.realtime.errors import BackendAway

__all__ = ["Sending"]

_LOG = logging.getLogger("trivet.realtime")
_MOST = 10_000  # messages that may wait
_MOST_BYTES = 32 * 1024 * 1024
_PATIENCE = 1.0  # seconds that whoever has committed waits for its message to be sent
_PAUSE = 0.5  # seconds between two attempts


class _Letter(NamedTuple):
    topic: str
    data: bytes
    keep: Keep | None


class Sending:
    """Sends by one back end."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._letters: deque[_Letter] = deque()
        self._bytes = 0
        self._task: asyncio.Task[None] | None = None
        self._is_away = False

    async def now(self, topic: str, data: bytes, keep: Keep | None) -> None:
        """Send, or raise `BackendAway`."""
        await self._backend.publish(topic, data, keep)

    async def after_commit(self, topic: str, data: bytes, keep: Keep | None) -> None:
        """Send now, or later where the back end is away."""
        if len(self._letters) >= _MOST or self._bytes + len(data) > _MOST_BYTES:
            _LOG.error("a message to %s is lost: too many wait for the back end", topic)
            return
        self._letters.append(_Letter(topic, data, keep))
        self._bytes += len(data)
        if self._task is None:
            self._task = asyncio.create_task(self._send())
        if not self._is_away:
            await asyncio.wait({self._task}, timeout=_PATIENCE)

    async def _send(self) -> None:
        try:
            while self._letters:
                try:
                    await self._backend.publish(*self._letters[0])
                except BackendAway as error:
                    if not self._is_away:
                        _LOG.warning("%s; what was committed waits", error)
                        self._is_away = True
                    await asyncio.sleep(_PAUSE)
                    continue
                except Exception:
                    _LOG.exception("a message to %s is lost", self._letters[0].topic)
                self._is_away = False
                self._bytes -= len(self._letters.popleft().data)
        finally:
            self._task = None

    async def close(self, seconds: float) -> None:
        """Send what waits, for some seconds at most; what then waits is lost."""
        if self._task is not None:
            task = self._task
            await asyncio.wait({task}, timeout=seconds)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if self._letters:
            _LOG.error("%d messages are lost: the back end is away", len(self._letters))
            self._letters.clear()
            self._bytes = 0
