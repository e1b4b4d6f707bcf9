"""Thousands of WebSocket clients in one process, on raw asyncio sockets.

Run as a script: `socket_client.py PORT CONNECTIONS`. Opens all, says so in a line of JSON, waits
for a line on standard input, asks the server for one broadcast, and reports how many clients got
it, how many got something else or more than one, and how long it took until the last.

Knows nothing of the suite, so that it can be read and trusted alone.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import sys
import time

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = base64.b64encode(b"trivet-benchmark")
ACCEPT = base64.b64encode(hashlib.sha1(KEY + MAGIC).digest())
MESSAGE = b"breaking news"
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
MASK = bytes(4)  # a mask of zeros is valid and spares the client the exclusive or
OPENING_AT_ONCE = 64
WAIT_SECONDS = 60.0


class Tally:
    """What all clients together have seen."""

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.received = self.wrong = self.lost = 0
        self.last = 0.0
        self.complete = asyncio.Event()

    def count(self, payload: bytes, is_first: bool) -> None:
        if payload == MESSAGE and is_first:
            self.received += 1
            self.last = time.perf_counter()
            if self.received == self.expected:
                self.complete.set()
        else:
            self.wrong += 1


class Client(asyncio.Protocol):
    """One WebSocket: handshake, then unmasked frames from the server."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.buffer = b""
        self.messages = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(
            b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY + b"\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.opened.done():
            head, end, rest = self.buffer.partition(b"\r\n\r\n")
            if not end:
                return
            self.buffer = rest
            if not head.startswith(b"HTTP/1.1 101 ") or ACCEPT not in head:
                self.opened.set_exception(ConnectionError(f"no WebSocket: {head[:200]!r}"))
                return
            self.opened.set_result(None)
        while frame := take_frame(self.buffer):
            opcode, payload, self.buffer = frame
            if opcode == TEXT:
                self.tally.count(payload, self.messages == 0)
                self.messages += 1
            elif opcode == PING:
                self.transport.write(bytes((0x80 | PONG, 0x80 | len(payload))) + MASK + payload)
            elif opcode == CLOSE:
                self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.tally.lost += 1
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionError("closed before it was open"))


def take_frame(buffer: bytes) -> tuple[int, bytes, bytes] | None:
    """Cut one short, unmasked, final frame off: its opcode, its payload, and what follows it."""
    if len(buffer) < 2:
        return None
    length = buffer[1]
    if not buffer[0] & 0x80 or length > 125:
        raise ValueError(f"not one short unmasked frame: {buffer[:4]!r}")
    if len(buffer) < 2 + length:
        return None
    return buffer[0] & 0x0F, buffer[2 : 2 + length], buffer[2 + length :]


async def open_all(port: int, connections: int, tally: Tally) -> list[Client]:
    """Open the connections, a few at a time."""
    loop = asyncio.get_running_loop()
    clients: list[Client] = []

    async def open_some(share: int) -> None:
        for _ in range(share):
            _, client = await loop.create_connection(lambda: Client(tally), "127.0.0.1", port)
            clients.append(client)
            await client.opened

    shares = [
        connections // OPENING_AT_ONCE + (index < connections % OPENING_AT_ONCE)
        for index in range(OPENING_AT_ONCE)
    ]
    await asyncio.gather(*(open_some(share) for share in shares))
    return clients


async def ask_broadcast(port: int) -> None:
    """Ask the server to send to everybody, and read its answer to the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /broadcast HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n"
        b"Connection: close\r\n\r\n"
    )
    answer = await reader.read()
    writer.close()
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise ConnectionError(f"the broadcast failed: {answer[:200]!r}")


async def main(port: int, connections: int) -> None:
    """Run the whole course and report on standard output."""
    tally = Tally(connections)
    begun = time.perf_counter()
    clients = await open_all(port, connections, tally)
    print(json.dumps({"opened": len(clients), "seconds": time.perf_counter() - begun}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    lost_while_idle = tally.lost
    begun = time.perf_counter()
    await ask_broadcast(port)
    with contextlib.suppress(TimeoutError):  # the figures say how many are missing
        await asyncio.wait_for(tally.complete.wait(), WAIT_SECONDS)
    await asyncio.sleep(0.2)  # time for a message too many
    report = {
        "received": tally.received,
        "wrong": tally.wrong,
        "lost_while_idle": lost_while_idle,
        "seconds": tally.last - begun,
    }
    print(json.dumps(report), flush=True)
    await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
