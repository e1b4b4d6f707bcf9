"""A model server that does what the test tells it to, good and bad, on a port of its own."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

GOOD = json.dumps({"label": "positive", "score": 0.9}).encode()


def answer(status: str, body: bytes, *headers: str) -> bytes:
    """Give an HTTP/1.1 answer as bytes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@dataclass
class ModelServer:
    """Answers every request with `reply`; `pieces` are sent with `pause` seconds in between."""

    pieces: list[bytes] = field(default_factory=lambda: [answer("200 OK", GOOD)])
    pause: float = 0.0
    port: int = 0
    bodies: list[bytes] = field(default_factory=list)

    def say(self, *pieces: bytes, pause: float = 0.0) -> None:
        """Choose what is answered from now on."""
        self.pieces, self.pause = list(pieces), pause

    async def serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and answer it, then close."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
            self.bodies.append(await reader.readexactly(length))
            for piece in self.pieces:
                await asyncio.sleep(self.pause)
                writer.write(piece)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client did not wait
        finally:
            writer.close()


@contextmanager
def model_server() -> Iterator[ModelServer]:
    """Run a model server in a thread with a loop of its own."""
    server = ModelServer()
    loop = asyncio.new_event_loop()
    listener = loop.run_until_complete(asyncio.start_server(server.serve_one, "127.0.0.1", 0))
    server.port = listener.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def stop() -> None:
        listener.close()
        works = asyncio.all_tasks() - {asyncio.current_task()}
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)

    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
