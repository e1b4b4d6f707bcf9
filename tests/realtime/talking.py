"""A client that speaks the protocol of the channels in the plainest way."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

LONG = 20.0  # seconds in which something comes, or the test fails


class Talker:
    """One connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.takes_lines = False
        self._frames: deque[dict[str, Any]] = deque()
        self._ref = 0

    async def send(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def next(self) -> dict[str, Any]:
        """Give the next frame."""
        while not self._frames:
            text = await asyncio.wait_for(self.socket.recv(), LONG)
            assert isinstance(text, str)
            assert self.takes_lines or "\n" not in text
            self._frames.extend(json.loads(line) for line in text.split("\n"))
        return self._frames.popleft()

    async def ask(self, **frame: Any) -> dict[str, Any]:
        """Send a frame and give its answer, which must be the next one."""
        self._ref += 1
        await self.send(**frame, ref=self._ref)
        answer = await self.next()
        assert answer.pop("ref", None) == self._ref, answer
        return answer

    async def subscribe(self, channel: str, **wish: Any) -> dict[str, Any]:
        answer = await self.ask(type="subscribe", channel=channel, **wish)
        assert answer["type"] == "subscribed", answer
        return answer

    async def messages(self, count: int) -> list[Any]:
        """Give the data of the next frames, which must be messages."""
        found = []
        for _ in range(count):
            frame = await self.next()
            assert frame["type"] == "message", frame
            found.append(frame["data"])
        return found

    async def close_code(self) -> int:
        """Wait for the end, whatever comes before, and give its code."""
        async with asyncio.timeout(LONG):
            with suppress(ConnectionClosed):
                while True:
                    await self.socket.recv()
        assert self.socket.close_code is not None
        return self.socket.close_code


@asynccontextmanager
async def talking(url: str, query: str = "", **options: Any) -> AsyncIterator[Talker]:
    """Connect to the channels of a server."""
    address = f"{url}/realtime/socket{query}"
    async with connect(address, compression=None, close_timeout=1, **options) as socket:
        yield Talker(socket)
