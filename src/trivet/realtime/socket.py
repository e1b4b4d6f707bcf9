"""Clients by WebSocket: JSON in text frames, all subscriptions of a client over one connection.

To a client that asks for lines (`?frames=lines`), a text frame holds one or several of ours, a line
each: what gathers while one is sent goes out with the next, which costs least where there are many
subscribers. Heart-beats, idle clients and those that take nothing are looked after by one task for
all connections.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from trivet.realtime.client import Client, InvalidMessage
from trivet.realtime.closing import (
    BAD_FRAME,
    IDLE,
    INTERNAL,
    POLICY,
    SLOW,
    TOO_BIG,
    Close,
    RefusedError,
)
from trivet.realtime.item import gap_frame
from trivet.realtime.limits import Limits

if TYPE_CHECKING:
    from trivet.realtime.realtime import Realtime

__all__ = ["Connection", "Frame"]

_LOG = logging.getLogger("trivet.realtime")
_MOST_BYTES = 128 * 1024  # of one frame to a client, as far as single messages are not larger
_GOODBYE = 1.0  # seconds in which a close frame must be gone
_PING = '{"type":"ping"}'


class Frame(BaseModel):
    """What a client sends."""

    model_config = ConfigDict(defer_build=True)

    type: Literal["subscribe", "unsubscribe", "publish", "ping", "pong"]
    ref: int | str | None = None
    channel: str = ""
    after: str | None = None
    last: int = Field(default=0, ge=0, le=1000)
    data: Any = None


class Connection:
    """One WebSocket, from its acceptance to its end."""

    def __init__(self, realtime: Realtime, socket: WebSocket) -> None:
        self._socket = socket
        self._client = Client(realtime, socket)
        self._limits = realtime.limits
        self._takes_lines = socket.query_params.get("frames") == "lines"
        self._writing: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._sent_at = self._pinged_at = self._loop.time()
        self._sending_since: float | None = None
        self._allowance = _Allowance(realtime.limits, self._heard_at)

    @property
    def client(self) -> Client:
        return self._client

    async def serve(self) -> None:
        """Serve it to its end."""
        await self._socket.accept()
        self._writing = asyncio.create_task(self._write())
        both = {asyncio.create_task(self._read()), self._writing}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._client.close()
            for task in both:
                task.cancel()
        # Not by gather: its own cancellation is one that anyio's scopes do not know for theirs.
        done, _ = await asyncio.wait(both)
        for task in done:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error
        await self._say_goodbye()

    async def _say_goodbye(self) -> None:
        closed = self._client.waiting.closed
        if closed is not None:
            with suppress(RuntimeError, WebSocketDisconnect, OSError, TimeoutError):
                async with asyncio.timeout(_GOODBYE):
                    await self._socket.close(*closed)

    # -- out -------------------------------------------------------------------------------------

    async def _write(self) -> None:
        waiting, send = self._client.waiting, self._socket.send
        with suppress(WebSocketDisconnect, OSError):
            while True:
                await waiting.wait()
                if waiting.closed is not None:
                    return
                frames = waiting.answers()
                for subscription, item in waiting.take(_MOST_BYTES):
                    frames.append(item.frame if item is not None else gap_frame(subscription.topic))
                for text in ("\n".join(frames),) if self._takes_lines and frames else frames:
                    self._sending_since = self._loop.time()
                    await send({"type": "websocket.send", "text": text})
                self._sending_since = None
                self._sent_at = self._loop.time()

    def _answer(self, **frame: Any) -> None:
        self._client.waiting.answer(json.dumps(frame, separators=(",", ":")))

    def sweep(self, now: float) -> None:
        """Look after it; called every few seconds with the time of the loop."""
        waiting, limits = self._client.waiting, self._limits
        since = self._sending_since
        if since is not None:
            if self._writing is not None and (
                now - since > limits.stall or (waiting.closed is not None and now - since > 1.0)
            ):
                waiting.end(Close(SLOW, "nothing was read for too long"))
                self._writing.cancel()
        elif now - self._heard_at > limits.idle:
            waiting.end(Close(IDLE, "nothing was heard for too long; answer pings"))
        elif now - max(min(self._heard_at, self._sent_at), self._pinged_at) > limits.heartbeat:
            self._pinged_at = now
            waiting.answer(_PING)

    # -- in --------------------------------------------------------------------------------------

    async def _read(self) -> None:
        waiting = self._client.waiting
        while waiting.closed is None:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            self._heard_at = self._loop.time()
            text = message.get("text")
            if text is None:
                waiting.end(Close(1003, "send text frames"))
            elif len(text) > self._limits.frame_bytes:
                waiting.end(Close(TOO_BIG, f"at most {self._limits.frame_bytes} bytes a frame"))
            elif not self._allowance.take(self._heard_at):
                waiting.end(Close(POLICY, f"at most {self._limits.frames:g} frames a second"))
            else:
                await self._take(text)
        await asyncio.Event().wait()  # the writer ends it

    async def _take(self, text: str) -> None:
        try:
            frame = Frame.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            if first["type"] == "json_invalid":
                self._client.waiting.end(Close(BAD_FRAME, "a frame is a JSON object"))
            else:
                place = ".".join(str(part) for part in first["loc"]) or "the frame"
                self._answer(type="error", code=BAD_FRAME, reason=f"{place}: {first['msg']}")
            return
        try:
            await self._do(frame)
        except RefusedError as error:
            self._refuse(frame, error.code, error.reason)
        except InvalidMessage as error:
            self._refuse(frame, BAD_FRAME, str(error), errors=error.errors)
        except Exception:
            _LOG.exception("%s of %r failed", frame.type, frame.channel)
            self._refuse(frame, INTERNAL, "an error of the server")

    def _refuse(self, frame: Frame, code: int, reason: str, **more: Any) -> None:
        self._answer(
            type="error", ref=frame.ref, channel=frame.channel, code=code, reason=reason, **more
        )

    async def _do(self, frame: Frame) -> None:
        if frame.type == "subscribe":
            subscribed = await self._client.subscribe(frame.channel, frame.after, frame.last)
            self._answer(**subscribed.frame(), ref=frame.ref)
        elif frame.type == "unsubscribe":
            self._client.unsubscribe(frame.channel)
            self._answer(type="unsubscribed", ref=frame.ref, channel=frame.channel)
        elif frame.type == "publish":
            await self._client.publish(frame.channel, frame.data)
            self._answer(type="published", ref=frame.ref, channel=frame.channel)
        elif frame.type == "ping":
            self._answer(type="pong", ref=frame.ref)


class _Allowance:
    """How many frames a client may send: so many at once, and so many more each second."""

    __slots__ = ("_at", "_left", "_most", "_rate")

    def __init__(self, limits: Limits, now: float) -> None:
        self._rate, self._most = limits.frames, float(limits.burst)
        self._left, self._at = self._most, now

    def take(self, now: float) -> bool:
        self._left = min(self._most, self._left + (now - self._at) * self._rate)
        self._at = now
        self._left -= 1.0
        return self._left >= 0.0
