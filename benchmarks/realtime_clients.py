"""Subscribers to one channel in one process, on raw asyncio sockets, that come again when cut off.

Run as a script: `realtime_clients.py URL COUNT`. Says in a line of JSON that all are subscribed;
for each line on standard input it tells what was received so far, and ends with the input.
Knows nothing of Trivet, so that it can be read and trusted alone.
"""

from __future__ import annotations

import asyncio
import json
import random
import struct
import sys
import time
from urllib.parse import urlsplit

KEY = "dHJpdmV0LWJlbmNobWFyaw=="
MASK = bytes(4)  # valid, and spares the exclusive or


class Tally:
    def __init__(self) -> None:
        self.subscribed = self.received = self.frames = self.bytes = 0
        self.out_of_order = self.gaps = self.connections = self.ends = 0
        self.delays: list[float] = []


class Subscriber(asyncio.Protocol):
    """One subscriber; `last` and `id` outlive its connections."""

    def __init__(self, tally: Tally, host: str) -> None:
        self.tally = tally
        self.host = host
        self.last = -1
        self.id: str | None = None
        self.transport: asyncio.Transport | None = None
        self.buffer = bytearray()
        self.is_open = False
        self.pause = 0.2
        self.is_ending = False

    async def run(self, address: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        while not self.is_ending:
            self.lost = loop.create_future()
            try:
                await loop.create_connection(lambda: self, address, port)
                await self.lost
            except OSError:
                pass
            if not self.is_ending:
                await asyncio.sleep(self.pause * random.uniform(0.5, 1.0))
                self.pause = min(self.pause * 2, 5.0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.is_open = transport, False
        self.buffer.clear()
        self.tally.connections += 1
        lines = (
            "GET /realtime/socket?frames=lines HTTP/1.1",
            f"host: {self.host}",
            "upgrade: websocket",
            "connection: upgrade",
            "sec-websocket-version: 13",
            f"sec-websocket-key: {KEY}",
        )
        transport.write("\r\n".join([*lines, "", ""]).encode())

    def connection_lost(self, error: Exception | None) -> None:
        self.tally.ends += 1
        if not self.lost.done():
            self.lost.set_result(None)

    def send(self, frame: dict[str, object]) -> None:
        data = json.dumps(frame).encode()
        assert self.transport is not None
        assert len(data) < 126
        self.transport.write(bytes((0x81, 0x80 | len(data))) + MASK + data)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.is_open:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self.buffer.startswith(b"HTTP/1.1 101"):
                assert self.transport is not None
                self.transport.close()
                return
            del self.buffer[: end + 4]
            self.is_open = True
            wish = {} if self.id is None else {"after": self.id}
            self.send({"type": "subscribe", "channel": "ticks", "ref": 1, **wish})
        while len(self.buffer) >= 2:
            size, start = self.buffer[1] & 0x7F, 2
            if size == 126:
                if len(self.buffer) < 4:
                    return
                size, start = struct.unpack_from(">H", self.buffer, 2)[0], 4
            elif size == 127:
                if len(self.buffer) < 10:
                    return
                size, start = struct.unpack_from(">Q", self.buffer, 2)[0], 10
            if len(self.buffer) < start + size:
                return
            kind = self.buffer[0] & 0x0F
            payload = bytes(self.buffer[start : start + size])
            del self.buffer[: start + size]
            if kind == 1:
                self.take(payload)
            elif kind == 9 and self.transport is not None:
                self.transport.write(bytes((0x8A, 0x80 | len(payload))) + MASK + payload)
            elif kind == 8 and self.transport is not None:
                self.transport.close()

    def take(self, payload: bytes) -> None:
        tally = self.tally
        tally.frames += 1
        tally.bytes += len(payload)
        for line in payload.split(b"\n"):
            # By hand, as json.loads would be most of what this process does.
            if line.startswith(b'{"type":"message"'):
                at = line.index(b'"id":"') + 6
                self.id = line[at : line.index(b'"', at)].decode()
                at = line.index(b'"number":') + 9
                number = int(line[at : line.index(b",", at)])
                if number != self.last + 1 and self.last >= 0:
                    tally.out_of_order += 1
                self.last = number
                tally.received += 1
                if not number % 20:
                    at = line.index(b'"text":"') + 8
                    tally.delays.append(time.time() - float(line[at : line.index(b" ", at)]))
                continue
            frame = json.loads(line)
            if frame["type"] == "subscribed":
                self.pause = 0.2
                tally.subscribed += self.id is None
                self.id = frame["id"]
            elif frame["type"] == "gap":
                tally.gaps += 1
            elif frame["type"] == "ping":
                self.send({"type": "pong"})
            elif frame["type"] == "error":
                assert self.transport is not None
                self.transport.close()


async def main(url: str, count: int) -> None:
    parts = urlsplit(url)
    tally = Tally()
    all_of_them = [Subscriber(tally, parts.netloc) for _ in range(count)]
    tasks = []
    for number, one in enumerate(all_of_them):
        tasks.append(asyncio.create_task(one.run(str(parts.hostname), int(parts.port or 80))))
        if number % 50 == 49:
            await asyncio.sleep(0.02)
    while tally.subscribed < count:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    print(json.dumps({"subscribed": tally.subscribed}), flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        delays = sorted(tally.delays)
        print(
            json.dumps(
                {
                    "received": tally.received,
                    "lowest": min(one.last for one in all_of_them),
                    "frames": tally.frames,
                    "bytes": tally.bytes,
                    "out_of_order": tally.out_of_order,
                    "gaps": tally.gaps,
                    "connections": tally.connections,
                    "median_delay": delays[len(delays) // 2] if delays else None,
                    "p99_delay": delays[int(len(delays) * 0.99)] if delays else None,
                    "longest_delay": delays[-1] if delays else None,
                }
            ),
            flush=True,
        )
    for one in all_of_them:
        one.is_ending = True
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
