"""A streamed response that is fair to other requests and can keep a quiet stream alive."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import anyio
import anyio.lowlevel
from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse

from trivet.http.exchange import Send

__all__ = ["PacedResponse"]

# How long, in seconds, a stream whose iterator never waits may keep the loop to itself.
SLICE = 0.005


class PacedResponse(StreamingResponse):
    """Sends chunks as they come, and lets others run after each few milliseconds of work.

    `ping` is sent whenever nothing else was for `ping_seconds`.
    """

    def __init__(
        self,
        content: AsyncIterator[Any],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
        *,
        ping: bytes | None = None,
        ping_seconds: float = 15.0,
    ) -> None:
        super().__init__(content, status_code, headers, media_type, background)
        self._ping = ping
        self._ping_seconds = ping_seconds
        self._sent_at = 0.0

    async def stream_response(self, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        if self._ping is None:
            await self._send_chunks(send)
        else:
            await self._send_with_pings(send)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_chunks(self, send: Send) -> None:
        last_pause = time.monotonic()
        charset = self.charset
        async for chunk in self.body_iterator:
            if not isinstance(chunk, bytes | memoryview):
                chunk = chunk.encode(charset)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            self._sent_at = now = time.monotonic()
            # A pause for each chunk would cost as much as the chunk (benchmarks: event-stream).
            if now - last_pause > SLICE:
                await anyio.lowlevel.checkpoint()
                last_pause = time.monotonic()

    async def _send_with_pings(self, send: Send) -> None:
        async def ping() -> None:
            wait = self._ping_seconds
            while True:
                await anyio.sleep(wait)
                quiet = time.monotonic() - self._sent_at
                if quiet < self._ping_seconds:
                    wait = self._ping_seconds - quiet
                    continue
                await send({"type": "http.response.body", "body": self._ping, "more_body": True})
                self._sent_at = time.monotonic()
                wait = self._ping_seconds

        self._sent_at = time.monotonic()
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(ping)
                await self._send_chunks(send)
                group.cancel_scope.cancel()
        except BaseExceptionGroup as raised:
            raise _alone(raised) from None


def _alone(error: BaseException) -> BaseException:
    """Give the one error inside groups that hold nothing else."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
